/**
 * What is to be repaired next, an instrument and IST day a row, the most urgent first: 0 critical (somebody looks at it,
 * asked for it by hand, or the contract expires today: tomorrow the broker has forgotten it), 1 high (of a session that
 * goes on), 2 medium (of a session of today that is over), 3 low.
 * Parameters: now, tokens that somebody looks at, whether a session is on, not older than, how many.
 */
export const DUE = `
select c.instrument_token as token, i.exchange, i.symbol, i.instrument_type as "instrumentType",
       extract(epoch from min(lower(c.missing)))::float8 * 1000 as "from",
       extract(epoch from max(upper(c.missing)))::float8 * 1000 as "to",
       array_agg(c.gap_id) as gaps, max(c.attempts) as attempts,
       min(case when g.by_hand or c.instrument_token = any ($2) or i.expiry = ist_date($1) then 0
                when ist_date(g.gap_start) <> ist_date($1) then 3
                when $3 then 1 else 2 end) as rank
from data_gap_instruments c
join data_gaps g on g.id = c.gap_id
join instruments i on i.token = c.instrument_token
where c.status = 'PENDING' and c.next_attempt_at <= $1 and g.counted and not isempty(c.missing)
  and (g.gap_end > $4 or g.by_hand)
group by c.instrument_token, i.exchange, i.symbol, i.instrument_type, ist_date(g.gap_start)
order by rank, max(g.gap_start) desc, max(c.attempts), c.instrument_token
limit $5`;

/**
 * A fetch for an instrument of these rows begins: its `attempt`-th, and the row counts what its most tried instrument
 * needed. A row is written at most once a second. Parameters: row ids, now, attempt.
 */
export const BEGIN_ATTEMPT = `
update data_gaps
set last_attempt_at = $2, attempts = greatest(attempts, $3), status = 'IN_PROGRESS', message = null
where id = any ($1) and status in ('PENDING', 'IN_PROGRESS')
  and (last_attempt_at is null or status = 'PENDING' or attempts < $3
       or last_attempt_at < $2::timestamptz - interval '1 second')`;

/** An instrument still lacks something. Parameters: row ids, token, attempts, next attempt, status, message. */
export const RECORD_ATTEMPT = `
update data_gap_instruments
set attempts = $3, next_attempt_at = $4, status = $5, message = coalesce($6, message)
where gap_id = any ($1) and instrument_token = $2`;

/** Contracts that are over: the broker has no history of them. Parameters: now, message. */
export const EXPIRE = `
update data_gap_instruments c
set status = 'UNRECOVERABLE', message = $2
from instruments i
where i.token = c.instrument_token and c.status <> 'UNRECOVERABLE' and i.expiry < ist_date($1)`;

/**
 * By hand: everything of a row that is not repaired is tried again at once; all rows when $1 is null.
 * Parameters: row id or null, now.
 */
export const RETRY = `
with asked as (
  update data_gaps
  set by_hand = true, message = null, status = 'PENDING'
  where status <> 'RECOVERED' and ($1::bigint is null or id = $1)
  returning id
), again as (
  update data_gap_instruments c
  set status = 'PENDING', attempts = 0, message = null,
      next_attempt_at = least(c.next_attempt_at, greatest($2::timestamptz, g.gap_end))
  from asked a join data_gaps g on g.id = a.id
  where c.gap_id = a.id
  returning 1
)
select (select count(*) from asked)::int as rows, (select count(*) from again)::int as instruments`;

/** Holes of contracts that expire today which wait. Parameter: now. */
export const EXPIRING_TODAY = `
select count(*)::int as instruments
from data_gap_instruments c join instruments i on i.token = c.instrument_token
where c.status = 'PENDING' and i.expiry = ist_date($1)`;

/** Parameter: rejected before. */
export const FORGET_REJECTS = 'delete from candle_rejects where rejected_at < $1';
