import type { Guess } from '../../interpolate/fill.js';
import { at, type RunQuery } from './query.js';

const INTERPOLATED = `
select d.time, d.price, d.volume, d.method, d.confidence, d.gap_id as "gapId", d.gap_from as "gapFrom",
       d.gap_to as "gapTo", v.regime, k.ltp as "lastPrice"
from interpolated_data d
left join lateral (select regime from vix_data where d.method = 'missing' and time <= d.time
                   and time > d.time - interval '1 hour' and regime is not null order by time desc limit 1) v on true
left join lateral (select ltp from tick_data where d.method = 'missing' and instrument_token = $1
                   and time <= d.time and time > d.time - interval '2 minutes' order by time desc, seq desc limit 1) k on true
where d.instrument_token = $1 and d.time >= $2 and d.time < $3
order by d.time desc
limit 5000`;

/** What short holes of an instrument may have held, newest first. */
export function interpolated(run: RunQuery, token: number, from: number, to: number): Promise<Guess[]> {
  return run<Guess>(INTERPOLATED, [token, at(from), at(to)]);
}
