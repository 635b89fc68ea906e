-- TimescaleDB: five real-time continuous aggregates over ticks. A minute without a trade keeps its row (trades = 0, no
-- prices, its last open interest and unplaced volume), so that the wider levels, built on it, are exact.
-- Every level has the offset of 45 minutes, which puts 1h at 03:45 UTC = 09:15 IST and moves no narrower bucket.
-- Volume: null where the packets have none (an index), 0 where nothing was placed.

-- An aggregate split by chunk or by parallel worker sends its state about, and the state of first(x, row(time, seq)) cannot
-- be read back ("input of anonymous composite types is not implemented"): from the second day on every reader and every
-- refresh would fail. Neither split pays for one instrument's day. For the database, so that policies have it too.
do $$
begin
  execute format('alter database %I set timescaledb.enable_chunkwise_aggregation = off', current_database());
  execute format('alter database %I set max_parallel_workers_per_gather = 0', current_database());
end $$;
set timescaledb.enable_chunkwise_aggregation = off;

create materialized view tick_candles_1m
with (timescaledb.continuous, timescaledb.materialized_only = false) as
select time_bucket('1 minute', time, "offset" => interval '45 minutes') as bucket, instrument_token,
       first(ltp, row(time, seq)) filter (where is_trade) as open,
       max(high) filter (where is_trade) as high,
       min(low) filter (where is_trade) as low,
       last(ltp, row(time, seq)) filter (where is_trade) as close,
       case when count(volume) > 0 then coalesce(sum(volume_delta), 0)::bigint end as volume,
       case when count(volume) > 0 then coalesce(sum(volume_unplaced), 0)::bigint end as volume_unplaced,
       last(open_interest, row(time, seq)) filter (where open_interest is not null) as open_interest,
       count(*) filter (where is_trade) as trades,
       sum(ltp * volume_delta) as turnover
from tick_data
where in_session
group by 1, 2
with no data;

create materialized view tick_candles_5m
with (timescaledb.continuous, timescaledb.materialized_only = false) as
select time_bucket('5 minutes', bucket, "offset" => interval '45 minutes') as bucket, instrument_token,
       first(open, bucket) filter (where trades > 0) as open,
       max(high) as high,
       min(low) as low,
       last(close, bucket) filter (where trades > 0) as close,
       sum(volume)::bigint as volume,
       sum(volume_unplaced)::bigint as volume_unplaced,
       last(open_interest, bucket) filter (where open_interest is not null) as open_interest,
       sum(trades)::bigint as trades,
       sum(turnover) as turnover
from tick_candles_1m
group by 1, 2
with no data;

create materialized view tick_candles_15m
with (timescaledb.continuous, timescaledb.materialized_only = false) as
select time_bucket('15 minutes', bucket, "offset" => interval '45 minutes') as bucket, instrument_token,
       first(open, bucket) filter (where trades > 0) as open,
       max(high) as high,
       min(low) as low,
       last(close, bucket) filter (where trades > 0) as close,
       sum(volume)::bigint as volume,
       sum(volume_unplaced)::bigint as volume_unplaced,
       last(open_interest, bucket) filter (where open_interest is not null) as open_interest,
       sum(trades)::bigint as trades,
       sum(turnover) as turnover
from tick_candles_5m
group by 1, 2
with no data;

create materialized view tick_candles_1h
with (timescaledb.continuous, timescaledb.materialized_only = false) as
select time_bucket('1 hour', bucket, "offset" => interval '45 minutes') as bucket, instrument_token,
       first(open, bucket) filter (where trades > 0) as open,
       max(high) as high,
       min(low) as low,
       last(close, bucket) filter (where trades > 0) as close,
       sum(volume)::bigint as volume,
       sum(volume_unplaced)::bigint as volume_unplaced,
       last(open_interest, bucket) filter (where open_interest is not null) as open_interest,
       sum(trades)::bigint as trades,
       sum(turnover) as turnover
from tick_candles_15m
group by 1, 2
with no data;

-- The day comes from the packets' own day fields, of packets whose last trade (an index: whose exchange time, in
-- session) is of that IST date: a hole costs it next to nothing.
create materialized view tick_candles_1d
with (timescaledb.continuous, timescaledb.materialized_only = false) as
select time_bucket('1 day', time, 'Asia/Kolkata') as bucket, instrument_token,
       coalesce(last(day_open, seq) filter (where day_open is not null), first(ltp, row(time, seq))) as open,
       greatest(max(day_high), max(high) filter (where is_trade)) as high,
       least(min(day_low), min(low) filter (where is_trade)) as low,
       last(ltp, seq) as close,
       max(volume) as volume,
       case when count(volume) > 0 then coalesce(sum(volume_unplaced), 0)::bigint end as volume_unplaced,
       last(open_interest, seq) filter (where open_interest is not null) as open_interest,
       count(*) filter (where is_trade) as trades,
       last(average_price * volume, seq) filter (where average_price is not null and volume is not null) as turnover
from tick_data
where (coalesce(last_trade_time, case when in_session then exchange_time end) at time zone 'Asia/Kolkata')::date
      = (time at time zone 'Asia/Kolkata')::date
group by 1, 2
with no data;

-- Refreshes look back 60 hours: only what was written to since is computed again, so a long look costs nothing and
-- catches what a stop of the database left behind. They end 2 minutes ago, never inside the bucket in progress.
select add_continuous_aggregate_policy('tick_candles_1m', interval '60 hours', interval '2 minutes', interval '1 minute');
select add_continuous_aggregate_policy('tick_candles_5m', interval '60 hours', interval '2 minutes', interval '1 minute');
select add_continuous_aggregate_policy('tick_candles_15m', interval '60 hours', interval '2 minutes', interval '5 minutes');
select add_continuous_aggregate_policy('tick_candles_1h', interval '60 hours', interval '2 minutes', interval '5 minutes');
select add_continuous_aggregate_policy('tick_candles_1d', interval '60 hours', interval '2 minutes', interval '15 minutes');

-- Up to where each level is materialized.
create view aggregate_watermarks as
select user_view_name::text as view,
       coalesce(_timescaledb_functions.to_timestamp(_timescaledb_functions.cagg_watermark(mat_hypertable_id)),
                '-infinity') as watermark
from _timescaledb_catalog.continuous_agg
where user_view_name like 'tick\_candles\_%';
