/**
 * What was last known of instruments of which nothing came since their hole began: a full packet from before it.
 * Parameters: tokens, froms.
 */
export const KNOWN_BEFORE = `
select q.instrument_token as token, q.volume, extract(epoch from q.last_trade_time)::float8 * 1000 as "lastTradeTime"
from unnest($1::bigint[], $2::timestamptz[]) d (token, from_time)
join quotes_latest q on q.instrument_token = d.token
where q.volume is not null and q.exchange_time <= d.from_time`;

/** Adds what is not proven yet: rows of one token do not overlap. Parameters: tokens, froms, tos. */
export const ADD_PROOFS = `
insert into proven_empty (token, from_time, to_time)
select d.token, lower(piece), upper(piece)
from unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[]) d (token, from_time, to_time)
cross join lateral unnest(
  tstzmultirange(tstzrange(d.from_time, d.to_time))
  - coalesce((select range_agg(tstzrange(p.from_time, p.to_time)) from proven_empty p
              where p.token = d.token and p.from_time < d.to_time and p.to_time > d.from_time), '{}')) piece
on conflict do nothing`;
