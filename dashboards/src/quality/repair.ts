import { GraphDrawStyle, StackingConfigBuilder, StackingMode } from '@grafana/grafana-foundation-sdk/common';
import { BAD, CALM, GOOD, WATCH } from '../shared/colours.js';
import { toInstrument } from '../shared/links.js';
import { cell, colour, hidden, named, unit, width, words } from '../shared/overrides.js';
import { columns, table, timeSeries } from '../shared/panels.js';
import { range, tickscope } from '../shared/queries.js';
import { REASONS, HOLE_STATUS as STATUS } from '../shared/thresholds.js';
import { COUNT, SECONDS, TIME } from '../shared/units.js';

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
      instrument: [...named('Instrument'), ...toInstrument(), ...width(190)],
      from: [...named('From'), ...unit(TIME), ...width(130)],
      to: [...named('To'), ...unit(TIME), ...width(130)],
      seconds: [...named('Length'), ...unit(SECONDS), ...width(80)],
      cause: [...named('Why'), ...words(REASONS), ...width(135)],
      status: [...named('State'), ...words(STATUS), ...cell('color-text'), ...width(105)],
      attempts: [...named('Tries'), ...unit(COUNT, 0), ...width(60)],
      last_attempt_at: [...named('Last tried'), ...unit(TIME), ...width(130)],
      recovered_at: [...named('Healed'), ...unit(TIME), ...width(130)],
      source: [...named('By'), ...width(125)],
      feed: hidden(),
      instruments: hidden(),
      instruments_left: [...named('Left'), ...unit(COUNT, 0), ...width(55)],
      message: named('Message'),
    },
  );
