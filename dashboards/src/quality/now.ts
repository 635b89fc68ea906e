import { stat } from '../shared/panels.js';
import { instant } from '../shared/queries.js';
import { highIsGood, lowIsGood } from '../shared/thresholds.js';
import { COUNT, RATIO, SECONDS } from '../shared/units.js';

const SILENT = 'Prometheus has no data of Tickscope';

export const market = () =>
  stat(
    {
      title: 'Complete today',
      description:
        'Session seconds of today that were heard or healed, over those elapsed, of all subscribed instruments.',
      empty: SILENT,
    },
    '',
    instant('min(tickscope_day_completeness_ratio)', 'complete'),
  )
    .unit(RATIO)
    .decimals(2)
    .thresholds(highIsGood(0.95, 0.99));

export const open = () =>
  stat(
    {
      title: 'Open holes',
      description: 'Holes of the current session that are not healed yet, counted by instrument.',
      empty: SILENT,
    },
    '',
    instant('sum(tickscope_gaps_open)', 'open'),
  )
    .unit(COUNT)
    .decimals(0)
    .thresholds(lowIsGood(1, 100));

export const oldest = () =>
  stat(
    {
      title: 'Oldest open hole',
      description:
        'How long the oldest hole that is still open has been waiting. Past 15 minutes repair does not keep up.',
      empty: SILENT,
    },
    '',
    instant('max(tickscope_gap_oldest_open_seconds)', 'oldest'),
  )
    .unit(SECONDS)
    .decimals(0)
    .thresholds(lowIsGood(300, 900));

export const failed = () =>
  stat(
    {
      title: 'Repairs that failed',
      description:
        'Repairs in this range that the broker refused or could not answer. They are tried again, later each time.',
      empty: SILENT,
    },
    '',
    instant('sum(increase(tickscope_repairs_total{result="failed"}[$__range]))', 'failed'),
  )
    .unit(COUNT)
    .decimals(0)
    .thresholds(lowIsGood(1, 10));

export const rejected = () =>
  stat(
    {
      title: 'Ticks dropped',
      description:
        'Ticks of this range that did not fit into the queue, so that their span became a hole. Anything but 0 needs care.',
      empty: SILENT,
    },
    '',
    instant('sum(increase(tickscope_ticks_dropped_total[$__range]))', 'dropped'),
  )
    .unit(COUNT)
    .decimals(0)
    .thresholds(lowIsGood(1, 100));
