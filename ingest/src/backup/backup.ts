import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { Database } from '../db/database.js';
import { readMigrations, sqlDirectory } from '../db/migrations.js';
import { BackupUnusable, dataFile, type Manifest, type StoredTable, writeManifest } from './manifest.js';
import { CANDLE_LEVELS, tablesToStore } from './tables.js';

/** Called after each table. */
export type OnTable = (done: number, total: number, table: string) => void;

const DAILY_TABLES = ['tick_data', 'depth_books'];
const id = pg.escapeIdentifier;

/**
 * Writes everything that cannot be had again into `folder` (made, or empty): one moment of the database, whatever is
 * written meanwhile. Needs no tool of PostgreSQL's; restores on either kind of database.
 */
export async function backup(db: Database, folder: string, onTable: OnTable = () => {}): Promise<Manifest> {
  await mkdir(folder, { recursive: true });
  if ((await readdir(folder)).length > 0)
    throw new BackupUnusable(`${folder} is not empty; name a new folder.`);
  const client = await db.connect('tickscope backup');
  try {
    await client.query('begin isolation level repeatable read, read only');
    const { rows } = await client.query<{ now: Date; origin: string | null }>(
      'select now() as now, (select origin from data_origin) as origin',
    );
    const tables = await tablesToStore(client);
    const total = tables.length + CANDLE_LEVELS.length;
    const stored: StoredTable[] = [];
    for (const { name, columns } of tables) {
      stored.push(
        await store(client, folder, name, columns, `select ${columns.map(id).join(', ')} from ${id(name)}`),
      );
      onTable(stored.length, total, name);
    }
    const candles: Manifest['candles'] = [];
    for (const level of CANDLE_LEVELS) {
      candles.push(await storeCandles(client, folder, `tick_candles_${level}`));
      onTable(stored.length + candles.length, total, `tick_candles_${level}`);
    }
    const manifest: Manifest = {
      format: 1,
      origin: rows[0]!.origin,
      kind: db.kind,
      takenAt: rows[0]!.now.toISOString(),
      schemaVersion: (await readMigrations(sqlDirectory(), db.kind)).at(-1)!.version,
      tables: stored,
      candles,
      days: await daysOf(client),
    };
    await client.query('commit');
    await writeManifest(folder, manifest);
    return manifest;
  } finally {
    await client.end();
  }
}

async function storeCandles(
  client: pg.Client,
  folder: string,
  view: string,
): Promise<Manifest['candles'][number]> {
  const { rows } = await client.query<{ watermark: string }>(
    'select watermark::text as watermark from aggregate_watermarks where view = $1',
    [view],
  );
  const { rows: columns } = await client.query<{ name: string }>(
    `select attname::text as name from pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped order by attnum`,
    [view],
  );
  const watermark = rows[0]?.watermark ?? '-infinity';
  const names = columns.map(({ name }) => name);
  const query = `select ${names.map(id).join(', ')} from ${id(view)} where bucket < ${pg.escapeLiteral(watermark)}::timestamptz`;
  return { ...(await store(client, folder, view, names, query)), watermark };
}

async function store(
  client: pg.Client,
  folder: string,
  name: string,
  columns: readonly string[],
  query: string,
): Promise<StoredTable> {
  const rows = client.query(copyTo(`copy (${query}) to stdout`));
  const hash = createHash('sha256');
  const hashing = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      done(null, chunk);
    },
  });
  await pipeline(
    rows,
    createGzip({ level: 6 }),
    hashing,
    createWriteStream(dataFile(folder, name), { flags: 'wx' }),
  );
  return { name, columns: [...columns], rows: rows.rowCount ?? 0, sha256: hash.digest('hex') };
}

async function daysOf(client: pg.Client): Promise<Manifest['days']> {
  const days: Manifest['days'] = [];
  for (const table of DAILY_TABLES) {
    const { rows } = await client.query<{ first: string | null; last: string | null }>(
      `select min(time)::text as first, max(time)::text as last from ${id(table)}`,
    );
    const { first, last } = rows[0]!;
    if (first && last) days.push({ table, first, last });
  }
  return days;
}
