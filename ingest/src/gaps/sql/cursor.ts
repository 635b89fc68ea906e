/** How far coverage was looked through; no row before the first look. */
export const CURSOR =
  'select coverage_id as coverage, exception_id as exception, assignment_id as assignment from gap_ledger_cursor';

/** The first look goes back this far at most: what was lost before nobody waits for. Parameter: not before. */
export const FIRST_CURSOR = `
select coalesce((select max(id) from live_coverage where covered_to < $1), 0) as coverage,
       coalesce((select max(id) from coverage_exceptions where to_time < $1), 0) as exception,
       coalesce((select max(id) from feed_assignments where assigned_at < $1), 0) as assignment`;

/** What is there now. Lasting exceptions younger than $1 are looked at later, so the cursor stays before them. */
export const NEWEST = `
select coalesce((select max(id) from live_coverage), 0) as coverage,
       coalesce((select min(id) - 1 from coverage_exceptions
                 where to_time = 'infinity' and from_time > tickscope_now() - live_settle() - $1::interval),
                (select max(id) from coverage_exceptions), 0) as exception,
       coalesce((select max(id) from feed_assignments), 0) as assignment`;

/** Parameters: coverage, exception, assignment. */
export const MOVE_CURSOR = `
insert into gap_ledger_cursor as c (coverage_id, exception_id, assignment_id) values ($1, $2, $3)
on conflict (only_one) do update set
  (coverage_id, exception_id, assignment_id)
  = row(greatest(c.coverage_id, $1), greatest(c.exception_id, $2), greatest(c.assignment_id, $3))`;
