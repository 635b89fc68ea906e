import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import type { Database } from '../db/database.js';
import { BackupUnusable, dataFile, type Manifest, type StoredTable, writeManifest } from './manifest.js';
import { CANDLE_LEVELS, tablesToStore } from './tables.js';

/** Called after each table. */
export type OnTable = (done: number, total: number, table: string) => void;

export interface BackupOptions {
  /** Leave out ticks and order books older than `RECENT_DAYS`: most of a database's bytes, and of no candle. */
  readonly recentTicks?: boolean;
  readonly onTable?: OnTable;
}

/** More than the 60 hours that refreshes of candles look back: what they compute again must find its ticks. */
const RECENT_DAYS = 3;
const DAILY_TABLES = ['tick_data', 'depth_books'];
const OWNER_ONLY = 0o700;
const id = pg.escapeIdentifier;

/**
 * Writes everything that cannot be had again into `folder` (made, or empty): one moment of the database, whatever is
 * written meanwhile. Needs no tool of PostgreSQL's, whose versions would have to fit; restores on either kind of database.
 */
export async function backup(
  db: Database,
  folder: string,
  { recentTicks = false, onTable = () => undefined }: BackupOptions = {},
): Promise<Manifest> {
  await mkdir(folder, { recursive: true, mode: OWNER_ONLY });
  if ((await readdir(folder)).length > 0)
    throw new BackupUnusable(`${folder} is not empty; name a new folder.`);
  const client = await db.connect('tickscope backup');
  try {
    await client.query('begin isolation level repeatable read, read only');
    const { rows } = await client.query<{ now: Date; origin: string | null; version: number }>(
      `select now() as now, (select origin from data_origin) as origin,
              (select max(substr(name, 1, 4)::int) from schema_migrations) as version`,
    );
    const { now, origin, version } = rows[0]!;
    const ticksFrom = recentTicks ? await recentTicksFrom(client) : undefined;
    const tables = await tablesToStore(client);
    const total = tables.length + CANDLE_LEVELS.length;
    const stored: StoredTable[] = [];
    for (const { name, columns } of tables) {
      const since =
        ticksFrom && DAILY_TABLES.includes(name)
          ? ` where time >= ${pg.escapeLiteral(ticksFrom)}::timestamptz`
          : '';
      const query = `select ${columns.map(id).join(', ')} from ${id(name)}${since}`;
      stored.push(await store(client, folder, name, columns, query));
      onTable(stored.length, total, name);
    }
    const candles: Manifest['candles'] = [];
    for (const level of CANDLE_LEVELS) {
      candles.push(await storeCandles(client, folder, `tick_candles_${level}`));
      onTable(stored.length + candles.length, total, `tick_candles_${level}`);
    }
    const manifest: Manifest = {
      format: 1,
      origin,
      kind: db.kind,
      takenAt: now.toISOString(),
      schemaVersion: version,
      tables: stored,
      candles,
      ...(ticksFrom ? { ticksFrom } : {}),
      days: await daysOf(client, ticksFrom),
    };
    await client.query('commit');
    await writeManifest(folder, manifest);
    return manifest;
  } finally {
    await client.end();
  }
}

/**
 * From which instant on ticks are needed: an IST midnight, before everything that candles and the writer's state are
 * still to be computed from. Undefined: all of them.
 */
async function recentTicksFrom(client: pg.Client): Promise<string | undefined> {
  const { rows } = await client.query<{ needed: Date | null }>(
    `select case when t.needed > '2000-01-01'
                 then date_trunc('day', t.needed at time zone 'Asia/Kolkata') at time zone 'Asia/Kolkata' end as needed
     from (select least(now() - $1 * interval '1 day',
                        (select min(watermark) from aggregate_watermarks), (select min(fold_from) from writer_state),
                        (select min(from_time) from stale_ranges), (select min(from_time) from stale_days)) as needed) t`,
    [RECENT_DAYS],
  );
  return rows[0]!.needed?.toISOString();
}

async function storeCandles(
  client: pg.Client,
  folder: string,
  view: string,
): Promise<Manifest['candles'][number]> {
  const { rows } = await client.query<{ watermark: string }>(
    // TimescaleDB's "nothing yet" is a year before Christ.
    `select case when watermark > '2000-01-01' then watermark::text else '-infinity' end as watermark
     from aggregate_watermarks where view = $1`,
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

async function daysOf(client: pg.Client, ticksFrom: string | undefined): Promise<Manifest['days']> {
  const days: Manifest['days'] = [];
  for (const table of DAILY_TABLES) {
    const { rows } = await client.query<{ first: string | null; last: string | null }>(
      `select min(time)::text as first, max(time)::text as last from ${id(table)} where time >= $1::timestamptz`,
      [ticksFrom ?? '-infinity'],
    );
    const { first, last } = rows[0]!;
    if (first && last) days.push({ table, first, last });
  }
  return days;
}
