import { GraphDrawStyle, StackingConfigBuilder, StackingMode } from '@grafana/grafana-foundation-sdk/common';
import { BAD, CALM, GOOD, WATCH } from '../shared/colours.js';
import { colour, named, unit, width } from '../shared/overrides.js';
import { columns, table, timeSeries } from '../shared/panels.js';
import { range, tickscope } from '../shared/queries.js';
import { COUNT, TIME } from '../shared/units.js';

const SILENT = 'Prometheus has no data of Tickscope';
const stacked = () => new StackingConfigBuilder().mode(StackingMode.Normal).group('A');

export const results = () =>
  columns(
    timeSeries(
      {
        title: 'Repairs by result',
        description: 'Repairs ended: healed, empty (nothing had traded), partial, failed.',
        empty: SILENT,
      },
      range('sum by (result) (increase(tickscope_repairs_total[$__rate_interval]))', '{{result}}'),
    )
      .drawStyle(GraphDrawStyle.Bars)
      .fillOpacity(70)
      .stacking(stacked())
      .unit(COUNT)
      .decimals(0)
      .min(0),
    { healed: colour(GOOD), empty: colour(CALM), partial: colour(WATCH), failed: colour(BAD) },
  );

export const candles = () =>
  timeSeries(
    {
      title: 'Candles stored from the broker',
      description: 'Candles that healing and backfill fetched, by interval.',
      empty: SILENT,
    },
    range(
      'sum by (interval) (increase(tickscope_backfilled_candles_total[$__rate_interval]))',
      '{{interval}}',
    ),
  )
    .drawStyle(GraphDrawStyle.Bars)
    .fillOpacity(70)
    .stacking(stacked())
    .unit(COUNT)
    .decimals(0)
    .min(0);

export const ledger = () =>
  columns(
    table(
      {
        title: 'The repair ledger',
        description: 'Each hole that was worked on: state, attempts, and what healed it.',
        empty: 'No repair was needed in this range',
      },
      tickscope({ queryType: 'quality', view: 'repairs', limit: 100 }),
    ),
    {
      from: [...named('From'), ...unit(TIME), ...width(140)],
      to: [...named('To'), ...unit(TIME), ...width(140)],
    },
  );
