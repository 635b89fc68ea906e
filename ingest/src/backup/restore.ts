import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Database } from '../db/database.js';
import { readMigrations, sqlDirectory } from '../db/migrations.js';
import type { OnTable } from './backup.js';
import { BackupUnusable, dataFile, type Manifest, readManifest, type StoredTable } from './manifest.js';
import { restoreCandles } from './restore-candles.js';

const id = pg.escapeIdentifier;

/**
 * Reads a backup into a migrated database that has never been used. Everything is checked before anything is written,
 * and written in one transaction: a restore that fails leaves the database as it was.
 * @throws BackupUnusable
 */
export async function restore(db: Database, folder: string, onTable: OnTable = () => {}): Promise<Manifest> {
  const manifest = await readManifest(folder);
  await refuseUnfit(db, manifest);
  for (const table of [...manifest.tables, ...manifest.candles]) await checkFile(folder, table);
  const client = await db.connect('tickscope restore');
  try {
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
    for (const level of manifest.candles) {
      await restoreCandles(client, db.kind, level, (target) => copyInto(client, folder, level, target));
      onTable(++done, total, level.name);
    }
    await client.query('commit');
    await client.query('analyze');
    return manifest;
  } finally {
    await client.end();
  }
}

async function refuseUnfit(db: Database, manifest: Manifest): Promise<void> {
  const version = (await readMigrations(sqlDirectory(), db.kind)).at(-1)!.version;
  if (manifest.schemaVersion > version) {
    throw new BackupUnusable(
      `The backup was taken by a newer Tickscope (schema ${manifest.schemaVersion}, this one knows ${version}).`,
    );
  }
  const { rows } = await db.pool.query<{ used: boolean }>(
    'select exists (select from data_origin) or exists (select from instruments) or exists (select from tick_data) as used',
  );
  if (rows[0]!.used) {
    throw new BackupUnusable('The database is in use already: a backup is restored into an empty one.');
  }
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
