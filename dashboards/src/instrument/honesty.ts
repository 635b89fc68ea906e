import { SOURCE } from '../shared/colours.js';
import { cell, colour, named, unit, width, words } from '../shared/overrides.js';
import { barGauge, columns, stat, table } from '../shared/panels.js';
import { sql, tickscope } from '../shared/queries.js';
import { FROM, TO, token } from '../shared/sql.js';
import { highIsGood, REASONS, HOLE_STATUS as STATUS } from '../shared/thresholds.js';
import { COUNT, RATIO, SECONDS, TIME } from '../shared/units.js';

export const completeness = () =>
  stat(
    {
      title: 'Complete in this range',
      description:
        'Complete seconds of session over those elapsed: heard from the feed throughout, or given by the broker.',
      empty: 'No session in this range',
    },
    '',
    tickscope({
      queryType: 'quality',
      view: 'completeness',
      instruments: ['$instrument'],
      field: 'completeness',
    }),
  )
    .unit(RATIO)
    .decimals(2)
    .thresholds(highIsGood(0.95, 0.99));

export const holes = () =>
  columns(
    table(
      {
        title: 'Holes of $instrument',
        description: 'Spans of session that were not heard and not healed (yet), and why.',
        empty: 'Nothing is missing in this range',
      },
      tickscope({ queryType: 'quality', view: 'holes', instruments: ['$instrument'] }),
    ),
    {
      instrument: [{ id: 'custom.hidden', value: true }],
      from: [...named('From'), ...unit(TIME), ...width(150)],
      to: [...named('To'), ...unit(TIME), ...width(150)],
      seconds: [...named('Length'), ...unit(SECONDS)],
      reason: [...named('Why'), ...words(REASONS)],
      status: [...named('State'), ...words(STATUS), ...cell('color-text')],
    },
  );

export const sources = () =>
  columns(
    barGauge(
      {
        title: 'Where the minutes come from',
        description: 'Minute candles of the range by source: our ticks, the broker (healed), or both.',
        empty: 'No candles in this range',
      },
      '/^(ticks|broker|mixed)$/',
      false,
      sql(
        `select count(*) filter (where source = 'ticks') as ticks,
       count(*) filter (where source = 'broker') as broker,
       count(*) filter (where source = 'mixed') as mixed
from get_candles(${token('instrument')}, greatest(${FROM}, ${TO} - interval '7 days'), ${TO}, '1m')`,
      ),
    )
      .unit(COUNT)
      .decimals(0)
      .min(0),
    { ticks: colour(SOURCE.ticks), broker: colour(SOURCE.broker), mixed: colour(SOURCE.mixed) },
  );
