/**
 * Trades that the feed told of inside [from, to), by their own time, in epoch milliseconds: one row a minute.
 * Snapshots after a reconnect tell of trades inside a hole, hence the look beyond `to`.
 * Parameters: token, from, to.
 */
export const TRADED_MINUTES = `
select distinct extract(epoch from date_trunc('minute', last_trade_time))::float8 * 1000 as minute
from tick_data
where instrument_token = $1 and time >= $2 and time < $3::timestamptz + interval '15 minutes'
  and last_trade_time >= $2 and last_trade_time < $3 and volume > 0`;

/**
 * The volume that the first tick at or after the end of a hole could not place, less that tick's own trade when
 * it happened after the hole. Parameters: token, the hole's end.
 */
export const VOLUME_OVER_HOLE = `
select (coalesce(volume_unplaced, 0) - case when last_trade_time >= $2 then coalesce(last_qty, 0) else 0 end)::float8 as volume
from tick_data
where instrument_token = $1 and time >= $2 and time < $2::timestamptz + interval '15 minutes'
  and last_trade_time >= $2
order by seq limit 1`;

/**
 * Minutes in [from, to) in which an index was heard to have a value, in epoch milliseconds; an index has no trades.
 * Parameters: token, from, to.
 */
export const VALUED_MINUTES = `
select distinct extract(epoch from date_trunc('minute', time))::float8 * 1000 as minute
from tick_data
where instrument_token = $1 and time >= $2 and time < $3 and is_trade and in_session`;

/**
 * Whether an index had another value after a hole than before it; null when it was not heard on both sides.
 * Parameters: token, the hole's start, its end.
 */
export const MOVED_OVER_HOLE = `
select (select ltp from tick_data
        where instrument_token = $1 and time >= $2::timestamptz - interval '15 minutes' and time < $2
          and is_trade and in_session
        order by time desc, seq desc limit 1)
    <> (select ltp from tick_data
        where instrument_token = $1 and time >= $3 and time < $3::timestamptz + interval '15 minutes'
          and is_trade and in_session
        order by time, seq limit 1) as moved`;
