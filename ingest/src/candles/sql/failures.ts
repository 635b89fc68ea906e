/** What failed and is not asked for yet, newest first. Parameters: token, intervals, from, to, now. */
export const ACTIVE_FAILURES = `
select message, extract(epoch from retry_at)::float8 * 1000 as retry_at
from heal_failures
where token = $1 and interval = any($2) and from_time < $4 and to_time > $3 and retry_at > $5
order by from_time desc`;

/**
 * Records that a fetch of [from, to) failed: tried again 30 s later, doubling with every failure up to 10 min;
 * an hour without one starts afresh. Parameters: token, interval, from, to, message, now.
 */
export const RECORD_FAILURE = `
with before as (
  delete from heal_failures
  where token = $1 and interval = $2 and from_time < $4 and to_time > $3
  returning case when retry_at > $6::timestamptz - interval '1 hour' then failures else 0 end as failures
), count as (
  select coalesce(max(failures), 0) + 1 as failures from before
)
insert into heal_failures (token, interval, from_time, to_time, failures, message, retry_at)
select $1, $2, $3, $4, failures, $5,
       $6::timestamptz + least(30 * 2 ^ least(failures - 1, 10), 600) * interval '1 second'
from count`;

/** Forgets failures that a successful answer made up for. Parameters: token, interval, froms, tos. */
export const FORGET_FAILURES = `
delete from heal_failures f
using unnest($3::timestamptz[], $4::timestamptz[]) as s(from_time, to_time)
where f.token = $1 and f.interval = $2 and f.from_time < s.to_time and f.to_time > s.from_time`;
