import { at, type RunQuery } from './query.js';

interface Range {
  readonly from: number;
  readonly to: number;
}

export interface FeedHoleRow {
  feed: string;
  from: number;
  /** Null while it lasts. */
  to: number | null;
  cause: string | null;
}

// Between two rows of coverage of one feed, cut to the hours in which anything trades; healed or not.
const FEED_HOLES = `
select h.feed, greatest(h.covered_to, s.opens_at) as "from",
       case when h.next_from is not null or s.closes_at <= $4 then least(h.next_from, s.closes_at) end as "to", h.cause
from (select feed, covered_to, cause, ended_at, lead(covered_from) over (partition by feed order by covered_from) as next_from
      from live_coverage
      where covered_from < $2 and covered_to > $1::timestamptz - interval '30 days') h
cross join lateral (select least(h.next_from, $2, $4) as until) u
cross join lateral (
  select min(m.opens_at) as opens_at, max(m.closes_at) as closes_at
  from market_sessions m
  where m.kind = 'continuous' and m.opens_at < u.until and m.closes_at > h.covered_to
    and m.day between ist_date(h.covered_to) and ist_date(u.until)
  group by m.day
) s
where h.ended_at is not null and greatest(h.covered_to, s.opens_at) < least(u.until, s.closes_at)
  and least(u.until, s.closes_at) > $1
order by 2 desc limit $3`;

/** When feeds heard nothing inside trading hours, newest first. */
export function feedHoles(run: RunQuery, range: Range, now: number, limit: number): Promise<FeedHoleRow[]> {
  return run<FeedHoleRow>(FEED_HOLES, [at(range.from), at(range.to), limit, at(now)]);
}

export interface SessionRow {
  opensAt: number;
  closesAt: number;
  groups: string;
}

const SESSIONS = `
select s.opens_at as "opensAt", s.closes_at as "closesAt",
       string_agg(distinct s.session_group, ', ' order by s.session_group) as groups
from market_sessions s
where s.kind = 'continuous' and s.opens_at < $2 and s.closes_at >= $1
  and ($3::bigint is null or exists (select from instrument_groups g
                                     where g.token = $3 and g.exchange = s.exchange and g.session_group = s.session_group
                                       and g.days @> s.day))
group by 1, 2
order by 1 desc limit $4`;

/** Continuous sessions that touch the range, newest first; of one instrument's group, or all groups that keep the same hours. */
export function sessions(
  run: RunQuery,
  range: Range,
  token: number | null,
  limit: number,
): Promise<SessionRow[]> {
  return run<SessionRow>(SESSIONS, [at(range.from), at(range.to), token, limit]);
}

export interface RegimeChangeRow {
  time: number;
  value: number;
  regime: string;
  previous: string;
}

const REGIME_CHANGES = `
select * from (
  select time, value, regime, lag(regime) over (order by time) as previous
  from vix_data where time >= $1::timestamptz - interval '7 days' and time < $2 and regime is not null
) v
where v.time >= $1 and v.regime <> v.previous
order by v.time desc limit $3`;

/** When the stored regime became another one, newest first. */
export function regimeChanges(run: RunQuery, range: Range, limit: number): Promise<RegimeChangeRow[]> {
  return run<RegimeChangeRow>(REGIME_CHANGES, [at(range.from), at(range.to), limit]);
}

export interface SpikeRow {
  from: number;
  to: number;
  /** Largest move against the value five minutes before, in percent, with its sign. */
  percent: number;
  value: number;
}

const SPIKES = `
with moved as (
  select v.time, v.value, (v.value - b.value) / b.value * 100 as percent
  from vix_data v
  join vix_data b on b.time = v.time - interval '5 minutes'
  where v.time >= $1 and v.time < $2 and b.value > 0
), spikes as (
  select m.*, count(*) filter (where m.time - m.previous > interval '5 minutes' or m.previous is null)
                over (order by m.time) as stretch
  from (select m.*, lag(time) over (order by time) as previous from moved m where abs(m.percent) >= $3) m
)
select min(time) as "from", max(time) + interval '1 minute' as "to",
       (array_agg(percent order by abs(percent) desc))[1] as percent,
       (array_agg(value order by abs(percent) desc))[1] as value
from spikes group by stretch
order by 1 desc limit $4`;

/** Stretches in which INDIA VIX moved by at least `percent` within five minutes, newest first. */
export function vixSpikes(run: RunQuery, range: Range, percent: number, limit: number): Promise<SpikeRow[]> {
  return run<SpikeRow>(SPIKES, [at(range.from), at(range.to), percent, limit]);
}
