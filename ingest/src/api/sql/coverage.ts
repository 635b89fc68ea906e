import { at, type RunQuery } from './query.js';

export { type RepairRow, repairs } from './repairs.js';

export interface GapRow {
  token: number;
  from: number;
  to: number;
  reason: string;
}

const GAPS = `
select g.token, g.gap_from as "from", g.gap_to as "to", g.reason
from market_gaps($1, $2, $3, $4) g
order by g.gap_from, g.token
limit $5`;

/** Holes of these instruments, oldest first. */
export function gaps(
  run: RunQuery,
  tokens: readonly number[],
  range: { from: number; to: number },
  interval: string,
  limit: number,
): Promise<GapRow[]> {
  return run<GapRow>(GAPS, [tokens, at(range.from), at(range.to), interval, limit]);
}

export interface CompletenessRow {
  token: number;
  symbol: string;
  exchange: string;
  /** Session seconds so far, less the 3 s that settling takes. */
  elapsedSeconds: number;
  gapSeconds: number;
  gaps: number;
}

const COMPLETENESS = `
with asked as (
  select i.token, i.symbol, i.exchange, g.session_group, g.exchange as calendar
  from unnest($1::bigint[]) t (token)
  join instruments i on i.token = t.token
  left join instrument_groups g on g.token = i.token and g.days @> $2::date
), hours as (
  select s.exchange as calendar, s.session_group,
         sum(extract(epoch from least(s.closes_at, tickscope_now() - interval '3 seconds') - s.opens_at))::double precision
           as seconds
  from market_sessions s
  where s.day = $2 and s.kind = 'continuous' and s.opens_at < tickscope_now() - interval '3 seconds'
  group by s.exchange, s.session_group
), missing as (
  select token, sum(extract(epoch from gap_to - gap_from))::double precision as seconds, count(*) as n
  from market_gaps($1, $3, $4, '1m') group by token
)
select a.token, a.symbol, a.exchange, coalesce(h.seconds, 0) as "elapsedSeconds",
       case when h.seconds is not null then coalesce(m.seconds, 0) else 0 end as "gapSeconds",
       case when h.seconds is not null then coalesce(m.n, 0) else 0 end as gaps
from asked a
left join hours h on h.calendar = a.calendar and h.session_group = a.session_group
left join missing m on m.token = a.token
order by a.exchange, a.symbol`;

/** How much of a day's session was heard, an instrument a row. */
export function completeness(
  run: RunQuery,
  tokens: readonly number[],
  day: string,
  range: { from: number; to: number },
): Promise<CompletenessRow[]> {
  return run<CompletenessRow>(COMPLETENESS, [tokens, day, at(range.from), at(range.to)]);
}
