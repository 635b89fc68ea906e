import type pg from 'pg';
import type { Retention } from '../config/retention.js';
import { DAY_MS } from '../sessions/ist.js';
import {
  bucketFloor,
  KEEP_BEHIND_MS,
  LEVELS,
  readTicksDroppedBefore,
  refreshLevel,
  timestamp,
} from './aggregates.js';

/*
 * TimescaleDB refreshes and compresses by jobs of its own. They can all fail while the database is well: 2.28.3 on
 * PostgreSQL 15.20 answers every job with `cannot drop portal "" while it is being set up`. Candles stay right then,
 * because the aggregates are real-time, but each reading computes more from ticks and nothing is compressed. So whoever
 * keeps the database in shape does the work of a job whose last run failed.
 */

/** A policy of ours whose last run failed. */
export interface FailedPolicy {
  readonly work: 'refresh' | 'compress';
  readonly failures: number;
  readonly message: string;
}

export async function readFailedPolicies(client: pg.Client | pg.Pool): Promise<FailedPolicy[]> {
  const { rows } = await client.query<FailedPolicy>(
    `select case when j.proc_name = 'policy_refresh_continuous_aggregate' then 'refresh' else 'compress' end as work,
            sum(s.total_failures)::int as failures,
            coalesce(max(e.err_message), 'no message') as message
     from timescaledb_information.jobs j
     join timescaledb_information.job_stats s using (job_id)
     left join lateral (select err_message from timescaledb_information.job_errors e
                        where e.job_id = j.job_id order by e.start_time desc limit 1) e on true
     where s.last_run_status = 'Failed'
       and j.proc_name in ('policy_refresh_continuous_aggregate', 'policy_compression')
     group by 1`,
  );
  return rows;
}

/**
 * Materializes every level up to the last whole bucket that is 2 minutes old. Only what changed since the last refresh
 * is computed, so this costs next to nothing when there is nothing.
 */
export async function refreshForward(client: pg.Client, now: number): Promise<void> {
  const from = await readTicksDroppedBefore(client);
  for (const level of LEVELS) {
    await refreshLevel(client, 'timescale', level, { from, to: bucketFloor(level, now - KEEP_BEHIND_MS) });
  }
}

/** Compresses the chunks of ticks and depth that are past their age. Returns how many. */
export async function compressAged(client: pg.Client, retention: Retention, now: number): Promise<number> {
  const ages = { tick_data: retention.compressTicksAfterDays, depth_books: retention.compressDepthAfterDays };
  let compressed = 0;
  for (const [table, days] of Object.entries(ages)) {
    if (days === 0) continue;
    const { rows } = await client.query<{ chunk: string }>(
      `select format('%I.%I', chunk_schema, chunk_name) as chunk
       from timescaledb_information.chunks
       where hypertable_name = $1 and not is_compressed and range_end <= $2::timestamptz
       order by range_start`,
      [table, timestamp(now - days * DAY_MS)],
    );
    for (const { chunk } of rows) {
      await client.query('select compress_chunk($1::regclass, if_not_compressed => true)', [chunk]);
      compressed++;
    }
  }
  return compressed;
}
