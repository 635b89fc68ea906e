/** The gaps alone. Times in epoch milliseconds. Parameters: token, from, to, interval. */
export const GAPS = `
select extract(epoch from gap_from)::float8 * 1000 as "from", extract(epoch from gap_to)::float8 * 1000 as "to", reason
from candle_gaps($1, $2, $3, $4)`;

/** The last close before an instant. Parameters: token, not before, before, interval. */
export const LAST_CLOSE = `
select extract(epoch from bucket)::float8 * 1000 as time, close
from get_candles($1, $2, $3, $4)
order by bucket desc limit 1`;

/** What an instrument is and what the broker calls it at an instant. Parameters: token, broker, instant. */
export const BROKER_TOKEN = `
select b.broker_token::float8 as broker_token, i.instrument_type
from instruments i
left join broker_tokens b on b.token = i.token and b.broker = $2 and b.valid @> $3::timestamptz
where i.token = $1
limit 1`;
