import { expect } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { createMetrics } from '../../src/metrics.js';
import { createPipeline, type PipelineOptions, type PipelineSettings } from '../../src/write/pipeline.js';
import { calendar, frame, instruments, packet, type Said } from '../batch/market.js';
import { quiet } from '../fixtures/databases.js';

export const FEED = 'kite-1';

/** A pipeline on `db` whose clock stands where the test puts it. */
export function pipelineOn(
  db: Pick<Database, 'connect'>,
  start: number,
  settings: PipelineSettings = {},
  extra: readonly number[] = [],
  options: Partial<Pick<PipelineOptions, 'openSpool' | 'mayWrite'>> = {},
) {
  const clock = { ms: start, now: () => clock.ms };
  const metrics = createMetrics();
  const pipeline = createPipeline({
    db,
    registry: instruments(extra),
    calendar,
    broker: 'simulator',
    clock,
    log: quiet,
    metrics,
    settings: { maxDelayMs: 5, ...settings },
    ...options,
  });
  let commits = 0;
  pipeline.onCommit(() => commits++);
  return {
    pipeline,
    clock,
    metrics,
    /** One frame received at `time`. */
    hear(time: number, ...said: Said[]) {
      clock.ms = time;
      return pipeline.sink.frame(FEED, frame(...said.map((s) => packet(s))), time);
    },
    /** Waits until everything received is committed. */
    async committed() {
      const before = commits;
      await expect
        .poll(() => pipeline.stats().queueTicks === 0 && commits > before, { timeout: 20_000 })
        .toBe(true);
    },
  };
}

const ms = (value: Date | null) => (value === null ? null : value.getTime());

export async function ticks(db: Database) {
  const { rows } = await db.pool.query(
    `select instrument_token as token, time, ltp, volume, volume_delta as delta, volume_unplaced as unplaced,
            is_trade as trade, in_session as open, time_source as source, seq
     from tick_data order by seq`,
  );
  return rows.map(({ time, seq, ...row }) => ({ ...row, time: ms(time) }));
}

export async function coverage(db: Database) {
  const { rows } = await db.pool.query('select * from live_coverage order by covered_from');
  return rows.map((row) => ({ from: ms(row.covered_from), to: ms(row.covered_to), cause: row.cause }));
}

export async function exceptions(db: Database) {
  const { rows } = await db.pool.query(
    'select token, from_time, to_time, reason from coverage_exceptions order by token, from_time',
  );
  return rows.map((r) => ({
    token: r.token,
    from: ms(r.from_time),
    to: r.to_time === Number.POSITIVE_INFINITY ? null : ms(r.to_time),
    reason: r.reason,
  }));
}
