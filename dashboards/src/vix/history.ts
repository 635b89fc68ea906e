import { candles } from '../shared/candles.js';
import { REGIME, SERIES } from '../shared/colours.js';
import { sorted } from '../shared/fields.js';
import { cell, colour, named, unit, width, words } from '../shared/overrides.js';
import { barGauge, columns, table } from '../shared/panels.js';
import { sql, tickscope } from '../shared/queries.js';
import { FROM, TO } from '../shared/sql.js';
import { regimeWords } from '../shared/thresholds.js';
import { MINUTE_TIME, POINTS, RATIO, TIME } from '../shared/units.js';

export const regimes = () =>
  columns(
    table(
      {
        title: 'Regimes of this range',
        description: 'Stretches of one regime, the newest first, with the mean, lowest and highest value.',
        empty: 'No value of India VIX in this range',
      },
      tickscope({ queryType: 'vix', view: 'regimes' }),
    ).withTransformation(sorted('from', true)),
    {
      from: [...named('From'), ...unit(MINUTE_TIME), ...width(105)],
      to: [...named('To'), ...unit(MINUTE_TIME), ...width(105)],
      regime: [...named('Regime'), ...words(regimeWords()), ...cell('color-text'), ...width(82)],
      minutes: [...named('Minutes'), ...unit(POINTS, 0), ...width(70)],
      average: [...named('Mean'), ...unit(POINTS, 2)],
      low: [...named('Low'), ...unit(POINTS, 2)],
      high: [...named('High'), ...unit(POINTS, 2)],
    },
  );

export const events = () =>
  columns(
    table(
      {
        title: 'Changes and spikes',
        description: 'Changes of regime, and rises of more than 10 % within five minutes, the newest first.',
        empty: 'No change of regime and no spike in this range',
      },
      tickscope({ queryType: 'events', kinds: ['regime', 'vix_spike'] }),
    ).withTransformation(sorted('time', true)),
    {
      time: [...named('Time'), ...unit(TIME), ...width(140)],
      timeEnd: [{ id: 'custom.hidden', value: true }],
      title: [...named('What'), ...width(160)],
      text: named('Details'),
      tags: [{ id: 'custom.hidden', value: true }],
    },
  );

export const shares = () =>
  columns(
    barGauge(
      {
        title: 'Time in each regime',
        description: 'Share of the recorded minutes of the range in each regime.',
        empty: 'No value of India VIX in this range',
      },
      '/^(LOW|NORMAL|HIGH|EXTREME)$/',
      false,
      sql(
        `select coalesce(sum(minutes) filter (where regime = 'LOW'), 0) / nullif(sum(minutes), 0) as "LOW",
       coalesce(sum(minutes) filter (where regime = 'NORMAL'), 0) / nullif(sum(minutes), 0) as "NORMAL",
       coalesce(sum(minutes) filter (where regime = 'HIGH'), 0) / nullif(sum(minutes), 0) as "HIGH",
       coalesce(sum(minutes) filter (where regime = 'EXTREME'), 0) / nullif(sum(minutes), 0) as "EXTREME"
from volatility_regime(${FROM}, ${TO})`,
      ),
    )
      .unit(RATIO)
      .decimals(0)
      .min(0)
      .max(1),
    {
      LOW: colour(REGIME.LOW),
      NORMAL: colour(REGIME.NORMAL),
      HIGH: colour(REGIME.HIGH),
      EXTREME: colour(REGIME.EXTREME),
    },
  );

/** A year of days whatever range is chosen: what the percentile is taken from. */
export const year = () =>
  candles(
    {
      title: 'A year of India VIX',
      description: 'Daily candles of the last year with the mean of 20 days.',
      empty: 'No daily candles of India VIX yet',
    },
    { volume: 'off', indicators: [{ type: 'sma', period: 20, color: SERIES[1] }], zoomSetsTimeRange: false },
    tickscope({ queryType: 'candles', instruments: ['NSE:INDIA VIX'], interval: '1d' }),
  )
    .timeFrom('1y')
    .maxDataPoints(400);
