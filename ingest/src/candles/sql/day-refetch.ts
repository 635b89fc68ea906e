/** Instruments whose day candle of a bucket was last fetched before an instant. Parameters: bucket, fetched before. */
export const DAY_CANDLES_FETCHED_BEFORE = `
select instrument_token::float8 as token
from broker_candles
where interval = '1d' and bucket = $1 and fetched_at < $2
order by 1`;
