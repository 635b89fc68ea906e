import { REGIME, SERIES } from '../shared/colours.js';
import { only } from '../shared/fields.js';
import { colour, named, rightAxis, unit } from '../shared/overrides.js';
import { states, timeSeries } from '../shared/panels.js';
import { tickscope } from '../shared/queries.js';
import { regimeWords } from '../shared/thresholds.js';
import { POINTS } from '../shared/units.js';
import { bands } from '../shared/vix-bands.js';

export const series = () =>
  bands(
    timeSeries(
      {
        title: 'India VIX',
        description:
          'Closes of each minute on the bands of the regimes: LOW below 15, NORMAL below 25, HIGH below 35, EXTREME above.',
        empty: 'No value of India VIX in this range',
      },
      tickscope({ queryType: 'vix', view: 'series', field: 'value', stream: true }),
    ),
  );

export const regimeLane = () =>
  states(
    {
      title: 'Regime',
      description: 'The regime that held, by the mean of 20 minutes.',
      empty: 'No regime in this range',
    },
    tickscope({ queryType: 'vix', view: 'series' }),
  )
    .withTransformation(only('time', 'regime'))
    .mappings([regimeWords()])
    .overrideByName('regime', named(' '));

export const againstNifty = () =>
  timeSeries(
    {
      title: 'Against NIFTY 50',
      description:
        'India VIX on the left, NIFTY 50 on the right. They usually part: fear rises while the index falls.',
      empty: 'No value in this range',
    },
    tickscope({ queryType: 'vix', view: 'series', field: 'value' }),
    tickscope({ queryType: 'candles', instruments: ['NSE:NIFTY 50'], interval: 'auto', field: 'close' }),
  )
    .decimals(2)
    .overrideByQuery('A', [...named('India VIX'), ...unit(POINTS, 2), ...colour(REGIME.HIGH)])
    .overrideByQuery('B', [...named('NIFTY 50'), ...unit(POINTS, 0), ...colour(SERIES[0]), ...rightAxis()]);
