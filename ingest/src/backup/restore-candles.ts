import pg from 'pg';
import type { DatabaseKind } from '../db/kind.js';
import type { Manifest } from './manifest.js';

/**
 * Puts candles of ticks back where the database keeps them, and the watermark with them: the ticks under the older
 * ones may be gone, so computing them again would lose them.
 *
 * A continuous aggregate takes no rows, but its materialization, a hypertable, does; its watermark lies in
 * TimescaleDB's catalog. That is what TimescaleDB's own restore of a dump does; it needs the owner's rights on both.
 * @param copyInto copies the stored rows into a table.
 */
export async function restoreCandles(
  client: pg.Client,
  kind: DatabaseKind,
  level: Manifest['candles'][number],
  copyInto: (target: string) => Promise<void>,
): Promise<void> {
  if (kind === 'postgres') {
    await copyInto(pg.escapeIdentifier(level.name.replace('tick_candles_', 'tick_rollup_')));
    await client.query('update watermarks set watermark = $2 where view = $1', [level.name, level.watermark]);
    return;
  }
  const { rows } = await client.query<{ id: number; target: string }>(
    `select c.mat_hypertable_id as id, format('%I.%I', h.schema_name, h.table_name) as target
     from _timescaledb_catalog.continuous_agg c
     join _timescaledb_catalog.hypertable h on h.id = c.mat_hypertable_id
     where c.user_view_schema = 'public' and c.user_view_name = $1`,
    [level.name],
  );
  const { id, target } = rows[0]!;
  await copyInto(target);
  if (level.rows === 0) return;
  await client.query(
    `update _timescaledb_catalog.continuous_aggs_watermark
     set watermark = _timescaledb_functions.to_unix_microseconds($2::timestamptz)
     where mat_hypertable_id = $1`,
    [id, level.watermark],
  );
}
