/** Continuous sessions of an instrument that touch [from, to), cut to it. Parameters: token, from, to. */
export const CONTINUOUS_SESSIONS = `
select extract(epoch from lower(s))::float8 * 1000 as "from", extract(epoch from upper(s))::float8 * 1000 as "to"
from unnest(continuous_spans($1, $2, $3)) s
order by 1`;

/** When each IST day's last session of any kind closes. Parameters: token, from, to. */
export const DAY_CLOSES = `
select to_char(day, 'YYYY-MM-DD') as day, extract(epoch from max(closes_at))::float8 * 1000 as closes_at
from instrument_sessions($1, $2, $3)
group by 1`;
