import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type Database, openDatabase } from '@tickscope/ingest/dist/src/db/database.js';
import { startEmbeddedPostgres } from '@tickscope/ingest/dist/src/db/embedded.js';
import type { DatabaseKind } from '@tickscope/ingest/dist/src/db/kind.js';
import { migrate } from '@tickscope/ingest/dist/src/db/migrate.js';
import pg from 'pg';
import { pino } from 'pino';
import { familyCpuSeconds, parentOf, programOf } from './proc.js';

export const quiet = pino({ level: process.env['BENCH_LOG'] ?? 'silent' });

/** A PostgreSQL server that the bench may make databases on. */
export interface Server {
  readonly kind: DatabaseKind;
  /** `PostgreSQL 18.1, embedded`, `PostgreSQL 15.14 + TimescaleDB 2.28.3`. */
  readonly label: string;
  /** CPU seconds of the whole server so far; NaN when it does not run on this machine. */
  readonly cpu: () => number;
  /** A fresh, migrated database; dropped with `drop`, or when the server is done with. */
  create(): Promise<Database>;
  drop(db: Database): Promise<void>;
}

/**
 * Runs `measure` on plain embedded PostgreSQL, and on TimescaleDB when TEST_TIMESCALE_URL names a server with it.
 * BENCH_DATABASES (`postgres`, `timescale`) picks one.
 */
export async function onEachServer<T>(measure: (server: Server) => Promise<T[]>): Promise<T[]> {
  const only = process.env['BENCH_DATABASES'];
  const timescale = process.env['TEST_TIMESCALE_URL'];
  const results: T[] = [];
  if (only !== 'timescale') results.push(...(await onEmbedded(measure)));
  if (timescale && only !== 'postgres') results.push(...(await onServer(timescale, 'timescale', measure)));
  else if (!timescale) console.error('TEST_TIMESCALE_URL is not set: NOT measured on TimescaleDB.');
  return results;
}

async function onEmbedded<T>(measure: (server: Server) => Promise<T[]>): Promise<T[]> {
  const dir = await mkdtemp(path.join(tmpdir(), 'tickscope-bench-'));
  await chmod(dir, 0o755); // the database's user, who is not root, passes through
  const data = path.join(dir, 'db');
  const embedded = await startEmbeddedPostgres({ dir: data, log: quiet });
  try {
    const postmaster = Number(
      (await readFile(path.join(data, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0],
    );
    return await onServer(embedded.url, 'postgres', measure, postmaster);
  } finally {
    await embedded.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

async function onServer<T>(
  url: string,
  kind: DatabaseKind,
  measure: (server: Server) => Promise<T[]>,
  knownPostmaster?: number,
): Promise<T[]> {
  const names = new Set<string>();
  const open = new Map<Database, string>();
  const { label, postmaster } = await aboutServer(url, kind, knownPostmaster);
  const dropNamed = (name: string) =>
    asAdmin(url, (client) => client.query(`drop database if exists ${name} with (force)`)).then(() =>
      names.delete(name),
    );
  const server: Server = {
    kind,
    label,
    cpu: () => (postmaster === undefined ? Number.NaN : familyCpuSeconds(postmaster)),
    async create() {
      const name = `tickscope_bench_${randomBytes(6).toString('hex')}`;
      await asAdmin(url, (client) => client.query(`create database ${name}`));
      names.add(name);
      const db = await openDatabase({ url: urlOf(url, name), log: quiet, kind });
      open.set(db, name);
      await migrate(db, quiet);
      return db;
    },
    async drop(db) {
      await db.close();
      await dropNamed(open.get(db)!);
      open.delete(db);
    },
  };
  try {
    return await measure(server);
  } finally {
    await Promise.all([...open.keys()].map((db) => db.close()));
    for (const name of [...names]) await dropNamed(name);
  }
}

async function aboutServer(
  url: string,
  kind: DatabaseKind,
  knownPostmaster: number | undefined,
): Promise<{ label: string; postmaster: number | undefined }> {
  return asAdmin(url, async (client) => {
    const { rows } = await client.query<{ version: string; timescale: string | null; pid: number }>(
      `select split_part(current_setting('server_version'), ' ', 1) as version, pg_backend_pid() as pid,
              (select default_version from pg_available_extensions where name = 'timescaledb') as timescale`,
    );
    const { version, timescale, pid } = rows[0]!;
    const parent = knownPostmaster ?? parentOf(pid);
    const here = parent !== undefined && /^postgres/.test(programOf(parent) ?? '');
    return {
      label: `PostgreSQL ${version}${kind === 'timescale' ? ` + TimescaleDB ${timescale}` : ', embedded'}`,
      postmaster: here ? parent : undefined,
    };
  });
}

function urlOf(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.toString();
}

async function asAdmin<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}
