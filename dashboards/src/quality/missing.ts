import { BAD, GOOD, WATCH } from '../shared/colours.js';
import { sorted } from '../shared/fields.js';
import { toInstrument } from '../shared/links.js';
import { align, cell, limits, named, unit, width, words } from '../shared/overrides.js';
import { columns, table, timeSeries } from '../shared/panels.js';
import { range, tickscope } from '../shared/queries.js';
import { REASONS, HOLE_STATUS as STATUS } from '../shared/thresholds.js';
import { COUNT, RATIO, SECONDS, TIME } from '../shared/units.js';

export const completeness = () =>
  columns(
    table(
      {
        title: 'Completeness by instrument, the worst first',
        description:
          'Complete seconds of session over those elapsed in the range. Click one to see its holes.',
        empty: 'No session in this range',
      },
      tickscope({ queryType: 'quality', view: 'completeness', limit: 100 }),
    ).withTransformation(sorted('completeness', false)),
    {
      instrument: [...named('Instrument'), ...toInstrument(), ...align('left'), ...width(225)],
      completeness: [
        ...named('Complete'),
        ...unit(RATIO, 2),
        { id: 'min', value: 0 },
        { id: 'max', value: 1 },
        ...limits(BAD, [0.95, WATCH], [0.99, GOOD]),
        ...cell('basic'),
      ],
      gap_seconds: [...named('Missing'), ...unit(SECONDS), ...width(90)],
      gaps: [...named('Holes'), ...unit(COUNT, 0), ...width(70)],
    },
  );

export const holes = () =>
  columns(
    table(
      {
        title: 'Holes',
        description:
          'Spans of session that were not heard, and why: disconnect, stall (a silent feed), restart, overload (queue full), not_subscribed, late, and so on.',
        empty: 'Nothing is missing in this range',
      },
      tickscope({ queryType: 'quality', view: 'holes', limit: 200 }),
    ),
    {
      instrument: [...named('Instrument'), ...toInstrument(), ...align('left'), ...width(215)],
      from: [...named('From'), ...unit(TIME), ...width(130)],
      to: [...named('To'), ...unit(TIME), ...width(130)],
      seconds: [...named('Length'), ...unit(SECONDS), ...width(90)],
      reason: [...named('Why'), ...words(REASONS), ...width(140)],
      status: [...named('State'), ...words(STATUS), ...cell('color-text')],
    },
  );

export const rejects = () =>
  timeSeries(
    {
      title: 'Packets that could not be stored',
      description: 'By reason. Their bytes are kept in tick_rejects.',
      empty: 'Prometheus has no data of Tickscope',
    },
    range('sum by (reason) (rate(tickscope_ticks_rejected_total[$__rate_interval])) * 60', '{{reason}}'),
  )
    .unit('suffix: a minute')
    .decimals(1)
    .min(0);

export const odd = () =>
  timeSeries(
    {
      title: 'Duplicates and late ticks',
      description:
        'Packets identical to their instrument’s previous one (stored once), and ticks that came after their minute was settled (their minute is read again).',
      empty: 'Prometheus has no data of Tickscope',
    },
    range('sum(rate(tickscope_ticks_duplicate_total[$__rate_interval])) * 60', 'duplicates'),
    range('sum(rate(tickscope_ticks_late_total[$__rate_interval])) * 60', 'late'),
  )
    .unit('suffix: a minute')
    .decimals(1)
    .min(0);
