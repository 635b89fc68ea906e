import type pg from 'pg';
import type { Retention } from '../config/retention.js';
import { DAY_MS, istDate, istMidnight } from '../sessions/ist.js';
import { LEVELS, readTicksDroppedBefore, readWatermarks, refreshLevel, timestamp } from './aggregates.js';
import type { Database } from './database.js';

/** Refreshes look back 60 hours: ticks must stay longer than that. */
const MIN_TICK_DAYS = 4;

/** TimescaleDB: compresses raw chunks from the ages set, 0 = never. Plain PostgreSQL has nothing to set. */
export async function applyCompression(
  client: pg.Client,
  kind: Database['kind'],
  retention: Retention,
): Promise<void> {
  if (kind !== 'timescale') return;
  const ages = { tick_data: retention.compressTicksAfterDays, depth_books: retention.compressDepthAfterDays };
  for (const [table, days] of Object.entries(ages)) {
    await client.query('select remove_compression_policy($1::regclass, if_exists => true)', [table]);
    if (days > 0) {
      await client.query('select add_compression_policy($1::regclass, make_interval(days => $2))', [
        table,
        days,
      ]);
    }
  }
}

/**
 * Drops what is older than its age. Ticks go only when every level of candles has been computed past them and nothing
 * late waits; the border is recorded first, so that no refresh ever computes from a day that is half gone.
 * Returns the names of what was dropped from.
 */
export async function dropExpired(
  client: pg.Client,
  kind: Database['kind'],
  retention: Retention,
  now: number,
): Promise<string[]> {
  const dropped: string[] = [];
  if (retention.ticksDays > 0) {
    const cutoff = cutoffOf(now, Math.max(retention.ticksDays, MIN_TICK_DAYS));
    if (await candlesStandWithout(client, kind, cutoff)) {
      await recordDropped(client, 'tick_data', cutoff);
      if (await dropRaw(client, kind, 'tick_data', cutoff)) dropped.push('tick_data');
    }
    await client.query('delete from tick_rejects where received_at < $1', [timestamp(cutoff)]);
    await client.query('delete from interpolated_data where time < $1', [timestamp(cutoff)]);
  }
  if (retention.depthDays > 0) {
    if (await dropRaw(client, kind, 'depth_books', cutoffOf(now, retention.depthDays)))
      dropped.push('depth_books');
  }
  for (const level of LEVELS) {
    const days = retention.candlesDays[level.interval];
    if (days === 0) continue;
    const cutoff = cutoffOf(now, days);
    await recordDropped(client, `candles_${level.interval}`, cutoff);
    if (kind === 'timescale') {
      await client.query('select drop_chunks($1::regclass, $2::timestamptz)', [
        level.view,
        timestamp(cutoff),
      ]);
    } else {
      await client.query('select drop_rollup($1, $2::timestamptz)', [level.view, timestamp(cutoff)]);
    }
    await client.query('select drop_broker_candles($1, $2::timestamptz)', [
      level.interval,
      timestamp(cutoff),
    ]);
    dropped.push(`candles_${level.interval}`);
  }
  return dropped;
}

function cutoffOf(now: number, days: number): number {
  return istMidnight(istDate(now - days * DAY_MS));
}

async function candlesStandWithout(
  client: pg.Client,
  kind: Database['kind'],
  cutoff: number,
): Promise<boolean> {
  const { rows } = await client.query(
    `select from stale_ranges where from_time < $1::timestamptz
     union all select from stale_days where from_time < $1::timestamptz limit 1`,
    [timestamp(cutoff)],
  );
  if (rows.length > 0) return false;
  if (kind === 'timescale') {
    // What was written to since the last refresh is computed now, whatever the policies did.
    const from = await readTicksDroppedBefore(client);
    if (from < cutoff) {
      for (const level of LEVELS) await refreshLevel(client, kind, level, { from, to: cutoff });
    }
    return true; // its watermarks end at the last data, wherever that was
  }
  const watermarks = await readWatermarks(client);
  return LEVELS.every((level) => (watermarks.get(level.view) ?? Number.NEGATIVE_INFINITY) >= cutoff);
}

async function recordDropped(client: pg.Client, relation: string, cutoff: number): Promise<void> {
  await client.query(
    `insert into retention_state as r (relation, dropped_before) values ($1, $2)
     on conflict (relation) do update set dropped_before = greatest(r.dropped_before, excluded.dropped_before)`,
    [relation, timestamp(cutoff)],
  );
}

async function dropRaw(
  client: pg.Client,
  kind: Database['kind'],
  table: string,
  cutoff: number,
): Promise<boolean> {
  if (kind === 'timescale') {
    const { rowCount } = await client.query('select drop_chunks($1::regclass, $2::timestamptz)', [
      table,
      timestamp(cutoff),
    ]);
    return (rowCount ?? 0) > 0;
  }
  const { rows } = await client.query<{ dropped: number }>(
    'select drop_day_partitions($1, $2::timestamptz) as dropped',
    [table, timestamp(cutoff)],
  );
  return rows[0]!.dropped > 0;
}
