import type pg from 'pg';
import { LEVELS, refreshWindows, timestamp, type Window } from './aggregates.js';
import type { Database } from './database.js';

const NARROW = LEVELS.filter((level) => level.interval !== '1d');
const DAYS = LEVELS.filter((level) => level.interval === '1d');

interface Mark extends Window {
  readonly id: number;
  readonly token: number | null;
}

/**
 * Refreshes 1m to 1h where ticks came late, clears the marks, so that those buckets count as complete again, and leaves
 * the days for `refreshLateDays`. Marks that arrive meanwhile stay. Returns how many were cleared.
 */
export async function refreshLate(client: pg.Client, kind: Database['kind']): Promise<number> {
  const { rows: marks } = await client.query<Mark>(
    `select id, token, extract(epoch from from_time)::float8 * 1000 as "from", extract(epoch from to_time)::float8 * 1000 as "to"
     from stale_ranges order by from_time`,
  );
  if (marks.length === 0) return 0;
  await refreshWindows(client, kind, NARROW, marks);
  await client.query('begin');
  try {
    await client.query(
      `select reopen_merged_candles(s.token, min(s.from_time), max(s.to_time))
       from stale_ranges s where s.id = any ($1::bigint[]) group by s.token, date_trunc('hour', s.from_time, 'UTC')`,
      [marks.map(({ id }) => id)],
    );
    for (const { from, to } of joinedDays(marks)) {
      await client.query('insert into stale_days (from_time, to_time) values ($1, $2)', [
        timestamp(from),
        timestamp(to),
      ]);
    }
    await client.query('delete from stale_ranges where id = any ($1::bigint[])', [marks.map(({ id }) => id)]);
    await client.query('commit');
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
  return marks.length;
}

/** Refreshes the 1d level where ticks came late: a whole day of ticks at a time, so every few minutes only. */
export async function refreshLateDays(client: pg.Client, kind: Database['kind']): Promise<void> {
  const { rows: marks } = await client.query<Mark>(
    `select id, extract(epoch from from_time)::float8 * 1000 as "from", extract(epoch from to_time)::float8 * 1000 as "to"
     from stale_days`,
  );
  if (marks.length === 0) return;
  await refreshWindows(client, kind, DAYS, marks);
  await client.query('delete from stale_days where id = any ($1::bigint[])', [marks.map(({ id }) => id)]);
}

/** One row for marks that lie within an hour of each other: days do not need the minutes. */
function joinedDays(marks: readonly Window[]): Window[] {
  const joined: Array<{ from: number; to: number }> = [];
  for (const { from, to } of marks) {
    const last = joined.at(-1);
    if (last && from - last.to < 3_600_000) last.to = Math.max(last.to, to);
    else joined.push({ from, to });
  }
  return joined;
}
