/** One storing of an instrument's history at a time, so that coverage rows merge. Parameters: token, interval. */
export const LOCK_HISTORY = `select pg_advisory_xact_lock(hashtextextended('history ' || $1::text || ' ' || $2::text, 0))`;

/** A refetched row replaces. Parameters: token, interval, buckets, opens, highs, lows, closes, volumes, open interests, now. */
export const UPSERT_CANDLES = `
insert into broker_candles as b (instrument_token, interval, bucket, open, high, low, close, volume, open_interest, fetched_at)
select $1, $2, bucket, open, high, low, close, volume, open_interest, $10
from unnest($3::timestamptz[], $4::float8[], $5::float8[], $6::float8[], $7::float8[], $8::bigint[], $9::bigint[])
  as r(bucket, open, high, low, close, volume, open_interest)
on conflict (instrument_token, interval, bucket) do update
set open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
    volume = excluded.volume, open_interest = excluded.open_interest, fetched_at = excluded.fetched_at`;

/**
 * Adds spans to the broker's coverage, joined with what they overlap or touch.
 * Parameters: token, interval, froms, tos. The caller holds LOCK_HISTORY.
 */
export const EXTEND_COVERAGE = `
with added as (
  select range_agg(tstzrange(f, t)) as spans from unnest($3::timestamptz[], $4::timestamptz[]) as s(f, t)
), joined as (
  delete from broker_coverage b using added a
  where b.token = $1 and b.interval = $2 and (b.span && a.spans or b.span -|- a.spans)
  returning b.span
), whole as (
  select a.spans + coalesce((select range_agg(span) from joined), '{}') as spans from added a
)
insert into broker_coverage (token, interval, span)
select $1, $2, span from whole cross join lateral unnest(whole.spans) as span`;

/** Wide buckets that hold a stored minute wait for their merge again. Parameters: token, froms, tos. */
export const MARK_PENDING_MERGES = `
select sum(mark_pending_merges($1, s.f, s.t))::float8 as waiting from unnest($2::timestamptz[], $3::timestamptz[]) as s(f, t)`;

/** Stores the wide rows that became complete. Parameters: token, from, to. */
export const STORE_MERGED_CANDLES = `select store_merged_candles($1, $2, $3)::float8 as stored`;
