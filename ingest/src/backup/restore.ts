import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Logger } from 'pino';
import type { Database } from '../db/database.js';
import { migrate, schemaState } from '../db/migrate.js';
import { readMigrations, sqlDirectory } from '../db/migrations.js';
import type { OnTable } from './backup.js';
import { BackupUnusable, dataFile, type Manifest, readManifest, type StoredTable } from './manifest.js';
import {
  moveWatermarks,
  refreshToWatermarks,
  refuseWithoutTicks,
  restoreCandles,
} from './restore-candles.js';
import { tablesInUse } from './tables.js';

export interface RestoreOptions {
  readonly onTable?: OnTable;
  /** Another folder of migrations than /sql. */
  readonly dir?: string;
}

const id = pg.escapeIdentifier;

/**
 * Reads a backup into a database that has never been used. Everything is checked before anything is written, and written
 * in one transaction: after a restore that failed the database is as empty as before.
 *
 * The rows go into the schema that they were taken from, and the migrations since then run over them, as they would have
 * in the database that was backed up.
 * @throws BackupUnusable
 */
export async function restore(
  db: Database,
  folder: string,
  log: Logger,
  { onTable = () => undefined, dir = sqlDirectory() }: RestoreOptions = {},
): Promise<Manifest> {
  const manifest = await readManifest(folder);
  await refuseNewer(db, manifest, dir);
  for (const table of [...manifest.tables, ...manifest.candles]) await checkFile(folder, table);
  const client = await db.connect('tickscope restore');
  try {
    await refuseUsed(client, db, manifest);
    await migrate(db, log, { dir, upTo: manifest.schemaVersion });
    await load(client, db, folder, manifest, onTable);
    await migrate(db, log, { dir });
    await client.query('analyze');
    return manifest;
  } finally {
    await client.end();
  }
}

async function load(
  client: pg.Client,
  db: Database,
  folder: string,
  manifest: Manifest,
  onTable: OnTable,
): Promise<void> {
  await client.query('begin');
  // Straight into compressed chunks: days of ticks are going to lie there anyway, and it takes a third of the time.
  if (db.kind === 'timescale') await client.query('set local timescaledb.enable_direct_compress_copy = on');
  const total = manifest.tables.length + manifest.candles.length;
  let done = 0;
  // The migrations put rows into some (settings): the backup's are the ones wanted.
  for (const { name } of manifest.tables.toReversed()) await client.query(`delete from ${id(name)}`);
  if (db.kind === 'postgres') await makePartitions(client, manifest);
  for (const table of manifest.tables) {
    await copyInto(client, folder, table, id(table.name));
    await moveSequences(client, table);
    onTable(++done, total, table.name);
  }
  await takeNewSpool(client);
  if (manifest.ticksFrom) await forgetTicksBefore(client, manifest.ticksFrom);
  for (const level of manifest.candles) {
    await restoreCandles(client, db.kind, level, (target) => copyInto(client, folder, level, target));
    onTable(++done, total, level.name);
  }
  const byRefresh = db.kind === 'timescale' && !(await moveWatermarks(client, manifest.candles));
  if (byRefresh) await refuseWithoutTicks(client, manifest);
  await client.query('commit');
  if (byRefresh) await refreshToWatermarks(client, manifest.candles);
}

async function refuseNewer(db: Database, manifest: Manifest, dir: string): Promise<void> {
  const version = (await readMigrations(dir, db.kind)).at(-1)!.version;
  if (manifest.schemaVersion > version) {
    throw new BackupUnusable(
      `The backup was taken by a newer Tickscope (schema ${manifest.schemaVersion}, this one knows ${version}).`,
    );
  }
}

async function refuseUsed(client: pg.Client, db: Database, manifest: Manifest): Promise<void> {
  const { applied } = await schemaState(db);
  if (applied.length === 0) return;
  const used = await tablesInUse(client);
  if (used.length > 0) {
    throw new BackupUnusable(
      `The database is in use already (${used.slice(0, 3).join(', ')} hold rows): a backup is restored into an empty one.`,
    );
  }
  const version = Math.max(...applied.map((name) => Number(name.slice(0, 4))));
  if (version > manifest.schemaVersion) {
    throw new BackupUnusable(
      `The backup has schema ${manifest.schemaVersion}, the empty database ${version} already: name a database without tables, the restore brings it up to date.`,
    );
  }
}

/** The spool belongs to the database that was backed up, which may go on: a copy beside it must not take it. */
async function takeNewSpool(client: pg.Client): Promise<void> {
  const { rowCount } = await client.query(
    `select from pg_attribute where attrelid = 'writer_state'::regclass and attname = 'spool_id'`,
  );
  if (rowCount) await client.query('update writer_state set spool_id = gen_random_uuid()');
}

/** Ticks that were left out are as good as dropped by retention: candles are not computed from there again. */
async function forgetTicksBefore(client: pg.Client, ticksFrom: string): Promise<void> {
  await client.query(
    `insert into retention_state as r (relation, dropped_before) values ('tick_data', $1)
     on conflict (relation) do update set dropped_before = greatest(r.dropped_before, excluded.dropped_before)`,
    [ticksFrom],
  );
}

async function checkFile(folder: string, table: StoredTable): Promise<void> {
  const hash = createHash('sha256');
  try {
    await pipeline(createReadStream(dataFile(folder, table.name)), hash);
  } catch (error) {
    throw new BackupUnusable(`${dataFile(folder, table.name)} cannot be read.`, { cause: error });
  }
  if (hash.digest('hex') !== table.sha256)
    throw new BackupUnusable(`${dataFile(folder, table.name)} is damaged.`);
}

async function makePartitions(client: pg.Client, manifest: Manifest): Promise<void> {
  for (const { table, first, last } of manifest.days) {
    await client.query(
      `select ensure_day_partition($1, day::date)
       from generate_series(ist_date($2::timestamptz)::timestamp, ist_date($3::timestamptz)::timestamp, interval '1 day') day`,
      [table, first, last],
    );
  }
}

async function copyInto(
  client: pg.Client,
  folder: string,
  table: StoredTable,
  target: string,
): Promise<void> {
  const stream = client.query(copyFrom(`copy ${target} (${table.columns.map(id).join(', ')}) from stdin`));
  await pipeline(createReadStream(dataFile(folder, table.name)), createGunzip(), stream);
  if (stream.rowCount !== table.rows) {
    throw new BackupUnusable(`${table.name}: ${stream.rowCount} rows came where ${table.rows} were stored.`);
  }
}

/** New rows go on after the restored ones. */
async function moveSequences(client: pg.Client, table: StoredTable): Promise<void> {
  const { rows } = await client.query<{ column: string; sequence: string }>(
    `select a.attname::text as column, pg_get_serial_sequence($1, a.attname) as sequence
     from pg_attribute a
     where a.attrelid = $1::regclass and a.attnum > 0 and pg_get_serial_sequence($1, a.attname) is not null`,
    [table.name],
  );
  for (const { column, sequence } of rows) {
    await client.query(
      `select setval($1, greatest((select max(${id(column)}) from ${id(table.name)}), 1), exists (select from ${id(table.name)}))`,
      [sequence],
    );
  }
}
