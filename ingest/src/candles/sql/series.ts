/**
 * Everything an answer needs in one statement, so that candles, gaps, sessions and the present are of one
 * snapshot and gaps are worked out once (get_candles and candle_gaps would each): `kind` c = candle (a = bucket), g = gap (a to b), s = continuous session (a to b), n = now (a).
 * Times are epoch milliseconds. Parameters: token, from, to (both on buckets), interval, newest so many candles.
 */
export const SERIES = `
with gaps as materialized (select gap_spans($1, $2, $3, $4) as spans)
select 'c' as kind, extract(epoch from c.bucket)::float8 * 1000 as a, null::float8 as b,
       c.open, c.high, c.low, c.close, c.volume::float8, c.open_interest::float8, c.trades::float8, c.vwap,
       c.source as word, c.complete
from (select * from candles_beside_gaps($1, $2, $3, $4, (select spans from gaps)) order by bucket desc limit $5) c
union all
select 'g', extract(epoch from gap_from)::float8 * 1000, extract(epoch from gap_to)::float8 * 1000,
       null, null, null, null, null, null, null, null, reason, null
from gap_reasons($1, (select spans from gaps), $4)
union all
select 's', extract(epoch from lower(s))::float8 * 1000, extract(epoch from upper(s))::float8 * 1000,
       null, null, null, null, null, null, null, null, null, null
from unnest(continuous_spans($1, $2, $3)) s
union all
select 'n', extract(epoch from tickscope_now())::float8 * 1000, null,
       null, null, null, null, null, null, null, null, null, null`;
