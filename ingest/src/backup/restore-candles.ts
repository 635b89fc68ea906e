import pg from 'pg';
import { bucketFloor, LEVELS, type Level, readTicksDroppedBefore, refreshLevel } from '../db/aggregates.js';
import type { DatabaseKind } from '../db/kind.js';
import { BackupUnusable, type Manifest } from './manifest.js';

/*
 * Candles of ticks go back to where the database keeps them, and their watermarks with them: the ticks under the older
 * ones may be gone, so computing them again would lose them.
 *
 * A continuous aggregate takes no rows, but its materialization, a hypertable, does. Its watermark lies in TimescaleDB's
 * catalog, which only a superuser may write; for everybody else a refresh of the last bucket below it, whose ticks are
 * there, moves it.
 */

type StoredLevel = Manifest['candles'][number];

/** @param copyInto copies the stored rows into a table. */
export async function restoreCandles(
  client: pg.Client,
  kind: DatabaseKind,
  level: StoredLevel,
  copyInto: (target: string) => Promise<void>,
): Promise<void> {
  if (kind === 'postgres') {
    await copyInto(pg.escapeIdentifier(level.name.replace('tick_candles_', 'tick_rollup_')));
    await client.query('update watermarks set watermark = $2 where view = $1', [level.name, level.watermark]);
    return;
  }
  const { rows } = await client.query<{ target: string }>(
    `select format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name) as target
     from timescaledb_information.continuous_aggregates
     where view_schema = 'public' and view_name = $1`,
    [level.name],
  );
  await copyInto(rows[0]!.target);
}

/** Writes the watermarks into TimescaleDB's catalog. @returns false when we may not */
export async function moveWatermarks(client: pg.Client, levels: readonly StoredLevel[]): Promise<boolean> {
  const { rows } = await client.query<{ may: boolean }>(
    `select has_table_privilege('_timescaledb_catalog.continuous_aggs_watermark', 'update') as may`,
  );
  if (!rows[0]!.may) return false;
  for (const { name, watermark } of levels.filter(isMaterialized)) {
    await client.query(
      `update _timescaledb_catalog.continuous_aggs_watermark w
       set watermark = _timescaledb_functions.to_unix_microseconds($2::timestamptz)
       from _timescaledb_catalog.continuous_agg c
       where c.mat_hypertable_id = w.mat_hypertable_id and c.user_view_schema = 'public' and c.user_view_name = $1`,
      [name, watermark],
    );
  }
  return true;
}

/** @throws BackupUnusable when a refresh below a watermark would find no ticks, and take candles away */
export async function refuseWithoutTicks(client: pg.Client, levels: Manifest): Promise<void> {
  const droppedBefore = await readTicksDroppedBefore(client);
  const without = lastBuckets(levels.candles).filter(({ from }) => from < droppedBefore);
  if (without.length > 0) {
    throw new BackupUnusable(
      'The ticks under the newest candles are gone: on TimescaleDB only a superuser can restore this backup. Use its login in DATABASE_URL, then give the database to its owner (reassign owned).',
    );
  }
}

/** Outside a transaction. */
export async function refreshToWatermarks(client: pg.Client, levels: readonly StoredLevel[]): Promise<void> {
  for (const { level, from, to } of lastBuckets(levels)) {
    await refreshLevel(client, 'timescale', level, { from, to });
  }
}

/** Of each level that has rows, the last whole bucket below its watermark, epoch milliseconds. */
function lastBuckets(levels: readonly StoredLevel[]): Array<{ level: Level; from: number; to: number }> {
  return levels.filter(isMaterialized).map(({ name, watermark }) => {
    const level = LEVELS.find(({ view }) => view === name)!;
    const to = bucketFloor(level, Date.parse(watermark.replace(' ', 'T').replace(/\+00$/, 'Z')));
    return { level, from: to - level.widthMs, to };
  });
}

function isMaterialized({ rows, watermark }: StoredLevel): boolean {
  return rows > 0 && watermark !== '-infinity';
}
