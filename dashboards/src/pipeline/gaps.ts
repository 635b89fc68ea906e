import { CALM, SERIES } from '../shared/colours.js';
import { colour, named, rightAxis, unit } from '../shared/overrides.js';
import { timeSeries } from '../shared/panels.js';
import { range } from '../shared/queries.js';
import { fixed } from '../shared/thresholds.js';
import { COUNT, RATIO } from '../shared/units.js';
import { said } from './words.js';

export const open = () =>
  timeSeries(
    said('Open holes', 'Holes of the current session that are not healed, and the age of the oldest.'),
    range('sum(tickscope_gaps_open)', 'open'),
    range('max(tickscope_gap_oldest_open_seconds)', 'oldest'),
  )
    .unit(COUNT)
    .decimals(0)
    .min(0)
    .overrideByName('oldest', [
      ...named('age of the oldest'),
      ...unit('s'),
      ...colour(SERIES[1]),
      ...rightAxis(),
    ]);

export const completeness = () =>
  timeSeries(
    said('Complete today', 'Session seconds that were heard or healed, over those elapsed.'),
    range('min(tickscope_day_completeness_ratio)', 'complete'),
  )
    .unit(RATIO)
    .decimals(2)
    .max(1)
    .colorScheme(fixed(CALM));

export const backfill = () =>
  timeSeries(
    said('Repairs and history requests', 'By result, a minute.'),
    range('sum by (result) (rate(tickscope_repairs_total[$__rate_interval])) * 60', 'repair {{result}}'),
    range(
      'sum by (result) (rate(tickscope_backfill_requests_total[$__rate_interval])) * 60',
      'request {{result}}',
    ),
  )
    .unit('suffix: a minute')
    .decimals(1)
    .min(0);
