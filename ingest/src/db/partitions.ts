import type pg from 'pg';
import { addDays, istDate } from '../sessions/ist.js';

/** The tables of raw packets. */
export const RAW_TABLES = ['tick_data', 'depth_books'] as const;

const DAYS_AHEAD = 3;

/** Plain PostgreSQL: makes the daily partitions from yesterday to three days ahead. Returns how many were new. */
export async function makePartitionsAhead(client: pg.Client, now: number): Promise<number> {
  let made = 0;
  for (const table of RAW_TABLES) {
    for (let day = -1; day <= DAYS_AHEAD; day++) {
      const { rows } = await client.query<{ made: boolean }>(
        'select ensure_day_partition($1, $2::date) as made',
        [table, addDays(istDate(now), day)],
      );
      if (rows[0]!.made) made++;
    }
  }
  return made;
}
