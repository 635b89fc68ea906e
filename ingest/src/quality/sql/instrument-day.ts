/** Minutes as they were before an earlier comparison replaced them; open null: there was none. Parameters: token, from, to. */
export const REPLACED = `
select distinct on (bucket) extract(epoch from bucket)::float8 * 1000 as time, open, high, low, close, volume::float8,
       open_interest::float8 as "openInterest", trades::float8, vwap, source
from candle_corrections
where instrument_token = $1 and interval = '1m' and bucket >= $2 and bucket < $3
order by bucket, found_at`;

/**
 * Keeps what is replaced. Parameters: token, now, buckets, opens, highs, lows, closes, volumes, open interests, trades,
 * vwaps, sources, the broker's opens, highs, lows, closes and volumes, fields (comma-joined).
 */
export const KEEP_REPLACED = `
insert into candle_corrections (instrument_token, interval, found_at, bucket, open, high, low, close, volume, open_interest,
                                trades, vwap, source, broker_open, broker_high, broker_low, broker_close, broker_volume, fields)
select $1, '1m', $2, r.bucket, r.open, r.high, r.low, r.close, r.volume, r.open_interest, r.trades, r.vwap, r.source,
       r.broker_open, r.broker_high, r.broker_low, r.broker_close, r.broker_volume, string_to_array(r.fields, ',')
from unnest($3::timestamptz[], $4::float8[], $5::float8[], $6::float8[], $7::float8[], $8::bigint[], $9::bigint[],
            $10::bigint[], $11::float8[], $12::text[], $13::float8[], $14::float8[], $15::float8[], $16::float8[],
            $17::bigint[], $18::text[])
  as r(bucket, open, high, low, close, volume, open_interest, trades, vwap, source,
       broker_open, broker_high, broker_low, broker_close, broker_volume, fields)`;

/** What an earlier comparison of the day found. Parameters: token, day. */
export const FOUND_BEFORE = `
select coalesce(gap_seconds, 0) as "gapSeconds", minutes_healed as healed
from data_quality_metrics where instrument_token = $1 and trading_date = $2 and compared_at is not null`;

/**
 * Parameters: token, day, completeness, accuracy, source, flags, quality, session seconds, gap seconds, compared, differing,
 * missing, extra, replaced, healed, day candle, now.
 */
export const STORE_QUALITY = `
insert into data_quality_metrics (instrument_token, trading_date, completeness, accuracy, source, anomaly_flags, quality,
  session_seconds, gap_seconds, minutes_compared, minutes_differing, minutes_missing, minutes_extra, minutes_replaced,
  minutes_healed, day_candle, compared_at)
values ($1, $2, $3, $4, $5, $6::jsonb, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
on conflict (instrument_token, trading_date) do update
set completeness = excluded.completeness, accuracy = excluded.accuracy, source = excluded.source,
    anomaly_flags = excluded.anomaly_flags, quality = excluded.quality, session_seconds = excluded.session_seconds,
    gap_seconds = excluded.gap_seconds, minutes_compared = excluded.minutes_compared,
    minutes_differing = excluded.minutes_differing, minutes_missing = excluded.minutes_missing,
    minutes_extra = excluded.minutes_extra, minutes_replaced = excluded.minutes_replaced,
    minutes_healed = excluded.minutes_healed, day_candle = excluded.day_candle, compared_at = excluded.compared_at`;

/** How many minutes of a day are replaced. Parameters: token, from, to. */
export const COUNT_REPLACED = `
select count(distinct bucket)::int as n from candle_corrections
where instrument_token = $1 and interval = '1m' and bucket >= $2 and bucket < $3`;

/** Seconds from the exchange's stamp to receipt of the day's last trades, in the middle. Parameters: token, from, to. */
export const RECEIPT_SECONDS = `
select percentile_cont(0.5) within group (order by seconds) as seconds
from (select extract(epoch from received_at - coalesce(exchange_time, last_trade_time))::float8 as seconds
      from tick_data
      where instrument_token = $1 and time >= $2 and time < $3 and is_trade and in_session and time_source <> 'r'
      order by time desc limit 200) t`;

/** The day's volume as the feed told it. Parameters: token, day. */
export const DAY_VOLUME = `
select volume::float8 as volume from day_state where instrument_token = $1 and trading_date = $2`;

/**
 * The prices of days as they were known, as traded: what the feed told before what the broker's history told.
 * Parameters: token, from (IST date), to (IST date, inclusive).
 */
export const KNOWN_DAYS = `
select distinct on (day) day::text as day, open, high, low, volume::float8 as volume
from (
  select trading_date as day, open, high, low, volume, 0 as rank from day_state
  where instrument_token = $1 and trading_date between $2 and $3
  union all
  select ist_date(bucket), open, high, low, volume, 1 from broker_candles
  where instrument_token = $1 and interval = '1d' and bucket between ist_midnight($2) and ist_midnight($3)
) d
where open > 0 and high > 0 and low > 0
order by day, rank`;

/**
 * Records a change of scale; one that takes the other back removes it. Parameters: token, ex-date, price factor, volume
 * factor, now.
 */
export const RECORD_ACTION = `
with recorded as (
  insert into corporate_actions as a (instrument_token, ex_date, price_factor, volume_factor, found_at)
  values ($1, $2, $3, $4, $5)
  on conflict (instrument_token, ex_date) do update
  set price_factor = a.price_factor * excluded.price_factor, volume_factor = a.volume_factor * excluded.volume_factor,
      found_at = excluded.found_at
  returning price_factor
)
select price_factor as "priceFactor" from recorded`;

/** Parameters: token, ex-date. */
export const FORGET_ACTION = 'delete from corporate_actions where instrument_token = $1 and ex_date = $2';

/** Broker rows of before an ex-date that may be on either scale; returns what to fetch. Parameters: token, before, since. */
export const FORGET_BROKER_CANDLES = `
select width as interval, extract(epoch from gone_from)::float8 * 1000 as "from", extract(epoch from gone_to)::float8 * 1000 as "to"
from forget_broker_candles($1, $2, $3)`;
