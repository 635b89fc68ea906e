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
