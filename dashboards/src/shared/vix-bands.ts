import { GraphThresholdsStyleMode, VizLegendOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';
import type { PanelBuilder as TimeSeries } from '@grafana/grafana-foundation-sdk/timeseries';
import { named, unit } from './overrides.js';
import { fixed, vixRegimes } from './thresholds.js';
import { POINTS } from './units.js';

/** A line of India VIX on the bands of its regimes. The axis takes in the nearest limits, so that a band is always seen. */
export const bands = (panel: TimeSeries): TimeSeries =>
  panel
    .decimals(2)
    .lineWidth(2)
    .axisSoftMin(14)
    .axisSoftMax(26)
    .colorScheme(fixed('text'))
    .thresholds(vixRegimes())
    .thresholdsStyle({ build: () => ({ mode: GraphThresholdsStyleMode.Area }) })
    .legend(new VizLegendOptionsBuilder().showLegend(false))
    .overrideByName('value', [...named('India VIX'), ...unit(POINTS, 2)]);
