import type pg from 'pg';
import type { CandleInterval } from '../broker/broker.js';
import { DAY_MS, IST_OFFSET_MS } from '../sessions/ist.js';
import type { Database } from './database.js';

const MINUTE_MS = 60_000;
/** Every level but 1d is counted from 09:15 IST = 03:45 UTC. */
const OFFSET_MS = 45 * MINUTE_MS;
/** Refreshes stay this far behind now: what a flush still commits lies above every watermark. */
export const KEEP_BEHIND_MS = 120_000;

// TimescaleDB refuses a refresh while its policy's job refreshes the same view; the job is done soon.
const LOCK_NOT_AVAILABLE = '55P03';
const REFRESH_ATTEMPTS = 40;
const REFRESH_RETRY_MS = 250;

/** One level of candles over ticks, narrow to wide. */
export interface Level {
  readonly interval: CandleInterval;
  readonly view: string;
  readonly widthMs: number;
}

export const LEVELS: readonly Level[] = [
  { interval: '1m', view: 'tick_candles_1m', widthMs: MINUTE_MS },
  { interval: '5m', view: 'tick_candles_5m', widthMs: 5 * MINUTE_MS },
  { interval: '15m', view: 'tick_candles_15m', widthMs: 15 * MINUTE_MS },
  { interval: '1h', view: 'tick_candles_1h', widthMs: 60 * MINUTE_MS },
  { interval: '1d', view: 'tick_candles_1d', widthMs: DAY_MS },
];

/** A stretch of time in epoch milliseconds, `[from, to)`. */
export interface Window {
  readonly from: number;
  readonly to: number;
}

/** The start of the bucket of `level` that holds `ms`. */
export function bucketFloor(level: Level, ms: number): number {
  const offset = level.interval === '1d' ? -IST_OFFSET_MS : OFFSET_MS;
  return Math.floor((ms - offset) / level.widthMs) * level.widthMs + offset;
}

/** Windows rounded out to the level's buckets, those that touch joined, oldest first. */
export function bucketWindows(level: Level, windows: readonly Window[]): Window[] {
  const rounded = windows
    .map(({ from, to }) => {
      const end = bucketFloor(level, to);
      return { from: bucketFloor(level, from), to: end === to ? end : end + level.widthMs };
    })
    .sort((a, b) => a.from - b.from);
  const joined: Array<{ from: number; to: number }> = [];
  for (const window of rounded) {
    const last = joined.at(-1);
    if (last && window.from <= last.to) last.to = Math.max(last.to, window.to);
    else joined.push({ ...window });
  }
  return joined;
}

/** Up to where each view is materialized, epoch milliseconds; -Infinity where nothing is. */
export async function readWatermarks(db: pg.Pool | pg.Client): Promise<Map<string, number>> {
  const { rows } = await db.query<{ view: string; watermark: number }>(
    'select view, extract(epoch from watermark)::float8 * 1000 as watermark from aggregate_watermarks',
  );
  return new Map(rows.map(({ view, watermark }) => [view, watermark]));
}

/** Ticks before this instant were dropped: nothing may be computed from there again. -Infinity: none were. */
export async function readTicksDroppedBefore(db: pg.Pool | pg.Client): Promise<number> {
  const { rows } = await db.query<{ ms: number }>(
    `select extract(epoch from dropped_before)::float8 * 1000 as ms from retention_state where relation = 'tick_data'`,
  );
  return rows[0]?.ms ?? Number.NEGATIVE_INFINITY;
}

/** Computes whole buckets of one level again. Outside a transaction (TimescaleDB demands it). */
export async function refreshLevel(
  client: pg.Client,
  kind: Database['kind'],
  level: Level,
  window: Window,
): Promise<void> {
  const bounds = [timestamp(window.from), timestamp(window.to)];
  if (kind === 'postgres') {
    await client.query('select refresh_rollup($1, $2::timestamptz, $3::timestamptz)', [
      level.view,
      ...bounds,
    ]);
    return;
  }
  for (let attempt = 1; ; attempt++) {
    try {
      await client.query(
        'call refresh_continuous_aggregate($1::regclass, $2::timestamptz, $3::timestamptz)',
        [level.view, ...bounds],
      );
      return;
    } catch (error) {
      if ((error as pg.DatabaseError).code !== LOCK_NOT_AVAILABLE || attempt === REFRESH_ATTEMPTS)
        throw error;
      await new Promise((resolve) => setTimeout(resolve, REFRESH_RETRY_MS));
    }
  }
}

/**
 * Refreshes the levels narrow to wide within `windows`, only what lies below each level's watermark (above it everything
 * is computed when read) and above what retention dropped.
 */
export async function refreshWindows(
  client: pg.Client,
  kind: Database['kind'],
  levels: readonly Level[],
  windows: readonly Window[],
): Promise<void> {
  const watermarks = await readWatermarks(client);
  const droppedBefore = await readTicksDroppedBefore(client);
  for (const level of levels) {
    const watermark = watermarks.get(level.view) ?? Number.NEGATIVE_INFINITY;
    for (const window of bucketWindows(level, windows)) {
      const from = Math.max(window.from, droppedBefore);
      const to = Math.min(window.to, watermark);
      if (from < to) await refreshLevel(client, kind, level, { from, to });
    }
  }
}

/**
 * Plain PostgreSQL: moves each level's watermark to the last bucket boundary that is 2 minutes old, a day at a time.
 * Each step and its watermark are one transaction, so a reader sees every bucket once.
 */
export async function rollForward(client: pg.Client, now: number): Promise<void> {
  const watermarks = await readWatermarks(client);
  for (const level of LEVELS) {
    const target = bucketFloor(level, now - KEEP_BEHIND_MS);
    let from = watermarks.get(level.view) ?? Number.NEGATIVE_INFINITY;
    if (from === Number.NEGATIVE_INFINITY) from = bucketFloor(level, await firstTick(client, target));
    while (from < target) {
      const to = Math.min(target, bucketFloor(level, from + DAY_MS));
      await client.query('begin');
      try {
        await refreshLevel(client, 'postgres', level, { from, to });
        await client.query('update watermarks set watermark = $2::timestamptz where view = $1', [
          level.view,
          timestamp(to),
        ]);
        await client.query('commit');
      } catch (error) {
        await client.query('rollback');
        throw error;
      }
      from = to;
    }
  }
}

/**
 * Computes every level again between two instants (epoch milliseconds), for `tickscope aggregates refresh`: up to the
 * last whole bucket that is 2 minutes old, never the one in progress.
 */
export async function refreshAggregates(db: Database, from: number, to: number, now: number): Promise<void> {
  const client = await db.connect('tickscope refresh');
  try {
    if (db.kind === 'postgres') await rollForward(client, now);
    const droppedBefore = await readTicksDroppedBefore(client);
    for (const level of LEVELS) {
      const start = Math.max(bucketFloor(level, from), droppedBefore);
      const end = Math.min(
        bucketWindows(level, [{ from, to }])[0]!.to,
        bucketFloor(level, now - KEEP_BEHIND_MS),
      );
      if (start < end) await refreshLevel(client, db.kind, level, { from: start, to: end });
    }
  } finally {
    await client.end();
  }
}

async function firstTick(client: pg.Client, otherwise: number): Promise<number> {
  const { rows } = await client.query<{ ms: number | null }>(
    `select extract(epoch from min(time))::float8 * 1000 as ms from tick_data where time > '-infinity'`,
  );
  return Math.min(rows[0]!.ms ?? otherwise, otherwise);
}

/** PostgreSQL's text for an instant; -Infinity and Infinity included. */
export function timestamp(ms: number): string {
  if (ms === Number.NEGATIVE_INFINITY) return '-infinity';
  if (ms === Number.POSITIVE_INFINITY) return 'infinity';
  return new Date(ms).toISOString();
}
