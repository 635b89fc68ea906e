/**
 * Trading days that are to be looked at, newest first: not done, somebody's last session is over, and a feed was there
 * for it; or asked for. Parameters: first IST date, last IST date, over before (now less settling).
 */
export const OPEN_DAYS = `
with over as (
  select day, min(opens_at) as opens_at, max(closes_at) as closes_at
  from market_sessions where day between $1 and $2
  group by day, exchange, session_group
  having max(closes_at) <= $3 and bool_or(kind = 'continuous')
)
select distinct o.day::text as day
from over o
left join quality_days q on q.trading_date = o.day
where coalesce(q.status, 'WAITING') <> 'DONE'
  and exists (select from feed_assignments a where a.assigned_at < o.closes_at and a.released_at > o.opens_at)
union
select q.trading_date::text from quality_days q where q.asked_at is not null and q.status <> 'DONE'
order by 1 desc`;

/**
 * The day's instruments in numbers: `due` of `instruments` could be compared now, `open` are not over, `later` wait
 * for another attempt, `compared` are done. Parameters: day, over before (now less settling), now.
 */
export const DAY_NUMBERS = `
select count(*)::int as instruments,
       count(*) filter (where m.compared_at is not null)::int as compared,
       count(*) filter (where m.compared_at is null and c.closed_at <= $2 and coalesce(t.next_attempt_at <= $3, true))::int as due,
       count(*) filter (where m.compared_at is null and c.closed_at > $2)::int as open,
       count(*) filter (where m.compared_at is null and c.closed_at <= $2 and t.next_attempt_at > $3)::int as later
from carried_on($1) c
left join quality_days q on q.trading_date = $1
left join data_quality_metrics m on m.instrument_token = c.token and m.trading_date = $1
 and m.compared_at >= coalesce(q.asked_at, '-infinity')
left join quality_attempts t on t.trading_date = $1 and t.instrument_token = c.token`;

/**
 * The day's instruments that are to be compared now; first those that expire that day, because the broker forgets them.
 * Parameters: day, over before, now, broker, how many.
 */
export const DUE = `
select c.token, i.exchange, i.symbol, i.instrument_type as "instrumentType", i.tick_size as "tickSize",
       coalesce(i.expiry < ist_date($3), false) as expired, b.broker_token as "brokerToken", coalesce(t.attempts, 0) as attempts
from carried_on($1) c
join instruments i on i.token = c.token
left join quality_days q on q.trading_date = $1
left join data_quality_metrics m on m.instrument_token = c.token and m.trading_date = $1
 and m.compared_at >= coalesce(q.asked_at, '-infinity')
left join quality_attempts t on t.trading_date = $1 and t.instrument_token = c.token
left join lateral (select n.broker_token from broker_tokens n
                   where n.token = c.token and n.broker = $4 and n.valid @> $3::timestamptz limit 1) b on true
where m.compared_at is null and c.closed_at <= $2 and coalesce(t.next_attempt_at <= $3, true)
order by i.expiry = $1 desc nulls last, coalesce(t.attempts, 0), i.exchange, i.symbol
limit $5`;

/** One instrument as a target. Parameters: token, broker, now. */
export const DAY_TARGET = `
select i.token, i.exchange, i.symbol, i.instrument_type as "instrumentType", i.tick_size as "tickSize",
       coalesce(i.expiry < ist_date($3), false) as expired, b.broker_token as "brokerToken", 0 as attempts
from instruments i
left join broker_tokens b on b.token = i.token and b.broker = $2 and b.valid @> $3::timestamptz
where i.token = $1 limit 1`;

/** Parameters: day, status, now, instruments, compared, message. */
export const STORE_DAY = `
insert into quality_days as q (trading_date, status, started_at, finished_at, instruments, compared, message)
values ($1, $2, case when $2 = 'RUNNING' then $3::timestamptz end, case when $2 = 'DONE' then $3::timestamptz end, $4, $5, $6)
on conflict (trading_date) do update
set status = excluded.status, instruments = excluded.instruments, compared = excluded.compared, message = excluded.message,
    started_at = case when q.status <> 'RUNNING' and $2 = 'RUNNING' then $3 else q.started_at end,
    finished_at = excluded.finished_at
where (q.status, q.instruments, q.compared, q.message)
      is distinct from (excluded.status, excluded.instruments, excluded.compared, excluded.message)`;

/** By hand: the day is compared again, what was given up too. Parameters: day, now. */
export const ASK = `
with again as (delete from quality_attempts where trading_date = $1)
insert into quality_days as q (trading_date, asked_at) values ($1, $2)
on conflict (trading_date) do update
set asked_at = excluded.asked_at, status = 'WAITING', finished_at = null, message = null`;

/** Parameters: day, token, attempts, next attempt, message. */
export const RECORD_ATTEMPT = `
insert into quality_attempts (trading_date, instrument_token, attempts, next_attempt_at, message)
values ($1, $2, $3, $4, $5)
on conflict (trading_date, instrument_token) do update
set attempts = excluded.attempts, next_attempt_at = excluded.next_attempt_at, message = excluded.message`;

/** Parameters: day, token. */
export const FORGET_ATTEMPT =
  'delete from quality_attempts where trading_date = $1 and instrument_token = $2';

/** The day's figures over all instruments: null where none. Parameter: day. */
export const DAY_MEANS = `
select avg(completeness) as completeness, avg(accuracy) as accuracy
from data_quality_metrics where trading_date = $1 and compared_at is not null`;

/** The last day that is done. */
export const LAST_DAY = `
select trading_date::text as day from quality_days where status = 'DONE' and compared > 0
order by trading_date desc limit 1`;
