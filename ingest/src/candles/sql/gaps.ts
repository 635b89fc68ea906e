/** The gaps alone. Times in epoch milliseconds. Parameters: token, from, to, interval. */
export const GAPS = `
select extract(epoch from gap_from)::float8 * 1000 as "from", extract(epoch from gap_to)::float8 * 1000 as "to", reason
from candle_gaps($1, $2, $3, $4)`;

/** The last close before an instant. Parameters: token, not before, before, interval. */
export const LAST_CLOSE = `
select extract(epoch from bucket)::float8 * 1000 as time, close
from get_candles($1, $2, $3, $4)
order by bucket desc limit 1`;

/** The broker's token of an instrument at an instant. Parameters: token, broker, instant. */
export const BROKER_TOKEN = `
select broker_token::float8 as broker_token
from broker_tokens
where token = $1 and broker = $2 and valid @> $3::timestamptz
limit 1`;
