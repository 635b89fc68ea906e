/** The lowest and highest price that the feed told of on each IST date of [from, to). Parameters: token, from, to. */
export const DAY_PRICES = `
select trading_date::text as day, least(low, last) as low, greatest(high, last) as high
from day_state
where instrument_token = $1 and trading_date between ist_date($2) and ist_date($3)
  and least(low, last) > 0 and greatest(high, last) > 0`;

/**
 * Keeps rows that were not believed; the same row for the same reason once.
 * Parameters: now, token, interval, times, opens, highs, lows, closes, volumes, open interests, reasons.
 */
export const KEEP_REJECTS = `
insert into candle_rejects (rejected_at, instrument_token, interval, time, open, high, low, close, volume, open_interest, reason)
select $1, $2, $3, r.*
from unnest($4::timestamptz[], $5::float8[], $6::float8[], $7::float8[], $8::float8[], $9::float8[], $10::float8[], $11::text[]) r
on conflict do nothing`;
