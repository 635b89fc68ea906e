/** Holes behind the cursor and those that last. Parameters: coverage id, exception id, assignment id, quiet, assignments younger than. */
export const HOLES = `
select kind, feed, cause, extract(epoch from began_at)::float8 * 1000 as "beganAt",
       extract(epoch from gap_from)::float8 * 1000 as "from", extract(epoch from gap_to)::float8 * 1000 as "to",
       instruments, fresh, tokens, froms::text[] as froms, tos::text[] as tos
from ledger_holes($1, $2, $3, $4::interval, $5)`;

/** Rows that last and those that may be near what begins at or after $1. */
export const ROWS_SINCE = `
select id, kind, feed, cause, status in ('PENDING', 'IN_PROGRESS') as working,
       extract(epoch from coalesce(began_at, gap_start))::float8 * 1000 as "beganAt",
       extract(epoch from gap_start)::float8 * 1000 as "from", extract(epoch from gap_end)::float8 * 1000 as "to",
       parts, extract(epoch from parts_end)::float8 * 1000 as "partsEnd", unheard_seconds as "unheardSeconds", instruments
from data_gaps
where feed is not null and (not counted and gap_end is null or gap_start > $1::timestamptz - interval '1 day' and gap_end > $1)
order by gap_start, id`;

/** Parameters: kind, feed, cause, began at, start, end, parts, end of parts, unheard seconds, instruments. */
export const INSERT_ROW = `
insert into data_gaps (kind, feed, cause, began_at, gap_start, gap_end, parts, parts_end, unheard_seconds, instruments,
                       instruments_left)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $10)
returning id`;

/**
 * A row that changed is counted again; one that still lasts is written only when it did change.
 * Parameters: id, cause, began at, start, end, parts, end of parts, unheard, instruments.
 */
export const UPDATE_ROW = `
update data_gaps
set cause = $2, began_at = $3, gap_start = $4, gap_end = $5, parts = $6, parts_end = $7, unheard_seconds = $8,
    instruments = $9, instruments_left = $9, counted = false
where id = $1
  and ($5::timestamptz is not null or (cause, gap_start, gap_end, parts, instruments) is distinct from
                         ($2, $4::timestamptz, $5::timestamptz, $6::integer, $9::integer))`;

/** Parameter: ids. */
export const DELETE_ROWS = 'delete from data_gaps where id = any ($1)';

/** Parameters: id, tokens, froms, tos. */
export const ADD_MEMBERS = `
insert into data_gap_instruments as c (gap_id, instrument_token, within)
select $1, u.token, tstzrange(min(u.f), max(u.t))
from unnest($2::bigint[], $3::timestamptz[], $4::timestamptz[]) u (token, f, t)
group by u.token
on conflict (gap_id, instrument_token) do update
set within = case when upper(c.within) = 'infinity'
                  then tstzrange(least(lower(c.within), lower(excluded.within)), upper(excluded.within))
                  else range_merge(c.within, excluded.within) end
where not c.within @> excluded.within or upper(c.within) <> upper(excluded.within)`;

/** Rows that are over and were not counted. Parameter: over since. */
export const TO_COUNT = 'select id from data_gaps where not counted and gap_end <= $1 order by id';

/** Parameters: id, settle. */
export const COUNT_ROW = 'select count_gap($1, $2::interval)';

/** Parameters: now, what everything waits for. */
export const SETTLE = `
select s.id, s.status, s.before, s.instruments_left as "left", s.message, g.feed, g.cause, g.instruments,
       g.gap_start as "from", extract(epoch from g.gap_end - g.gap_start)::float8 as seconds
from settle_gaps($1, $2) s join data_gaps g on g.id = s.id`;

/** Parameters: row ids or null, tokens or null, who closed what candles closed. */
export const RECHECK = 'select recheck_gaps($1, $2, $3) as closed';

/** Parameters: row ids, token. */
export const LACKS = 'select from data_gap_instruments where gap_id = any ($1) and instrument_token = $2';

/** The next of those that lack something, in order, from behind the last. Parameters: row id, token, how many. */
export const NEXT_TO_RECHECK = `
select gap_id as "gapId", instrument_token as token from data_gap_instruments
where (gap_id, instrument_token) > ($1, $2) order by gap_id, instrument_token limit $3`;

/** How many rows have which status, and how many instruments still lack something in them. */
export const ROW_COUNTS = `
select status, count(*)::int as rows, coalesce(sum(instruments_left), 0)::int as instruments
from data_gaps where status <> 'RECOVERED' group by status`;
