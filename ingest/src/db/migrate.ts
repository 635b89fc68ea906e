import type pg from 'pg';
import type { Logger } from 'pino';
import type { Database } from './database.js';
import { type Migration, readMigrations, sqlDirectory } from './migrations.js';

/** The schema in the database and the one this version knows do not go together. Nothing was changed. */
export class MigrationRefused extends Error {
  override name = 'MigrationRefused';
}

export interface MigrateOptions {
  /** Another folder of migrations than /sql. */
  readonly dir?: string;
  /** Stop after this number: an older version's schema. */
  readonly upTo?: number;
}

/** Any fixed number serves; this one spells "ticks" in ASCII. */
const ADVISORY_LOCK = 0x7469636b73;

/**
 * Brings the schema up to this version and returns the names of the files applied now. Concurrent starts wait for each
 * other; a second run applies nothing. Each file runs in a transaction of its own together with its record.
 * @throws MigrationRefused when an applied file has changed since or a newer version has been here.
 */
export async function migrate(
  database: Database,
  log: Logger,
  options: MigrateOptions = {},
): Promise<string[]> {
  const known = await readMigrations(options.dir ?? sqlDirectory(), database.kind);
  const wanted = known.filter((migration) => migration.version <= (options.upTo ?? Number.POSITIVE_INFINITY));
  const client = await database.connect('tickscope migrate');
  try {
    await client.query('select pg_advisory_lock($1)', [ADVISORY_LOCK]);
    await prepare(client, database);
    const applied = await appliedMigrations(client);
    refuseMismatch(known, applied);
    const missing = wanted.filter((migration) => !applied.has(migration.name));
    for (const migration of missing) {
      await apply(client, migration);
      log.info({ migration: migration.name }, 'migrated');
    }
    return missing.map((migration) => migration.name);
  } finally {
    await client.end(); // and with it the lock
  }
}

/** Names of migrations: those that the database has, those that it lacks, and those of a newer version. */
export async function schemaState(
  database: Database,
  dir = sqlDirectory(),
): Promise<{ readonly applied: string[]; readonly missing: string[]; readonly unknown: string[] }> {
  const known = (await readMigrations(dir, database.kind)).map(({ name }) => name);
  const { rows } = await database.pool.query<{ there: boolean }>(
    `select to_regclass('public.schema_migrations') is not null as there`,
  );
  const applied = rows[0]!.there ? await appliedMigrations(database.pool) : new Map<string, string>();
  return {
    applied: [...applied.keys()],
    missing: known.filter((name) => !applied.has(name)),
    unknown: [...applied.keys()].filter((name) => !known.includes(name)),
  };
}

async function prepare(client: pg.Client, database: Database): Promise<void> {
  if (database.kind === 'timescale') await client.query('create extension if not exists timescaledb');
  await client.query(`
    create table if not exists schema_migrations (
      name text primary key,
      checksum text not null,
      applied_at timestamptz not null default now()
    );
    create table if not exists schema_kind (
      kind text not null check (kind in ('timescale', 'postgres')),
      only_one boolean primary key default true check (only_one)
    )`);
  await client.query('insert into schema_kind (kind) values ($1) on conflict do nothing', [database.kind]);
  const { rows } = await client.query<{ kind: string }>('select kind from schema_kind');
  if (rows[0]!.kind !== database.kind) {
    throw new MigrationRefused(
      `This database was made for ${rows[0]!.kind}; it cannot be used as ${database.kind}.`,
    );
  }
}

async function appliedMigrations(db: pg.Client | pg.Pool): Promise<Map<string, string>> {
  const { rows } = await db.query<{ name: string; checksum: string }>(
    'select name, checksum from schema_migrations order by name',
  );
  return new Map(rows.map(({ name, checksum }) => [name, checksum]));
}

function refuseMismatch(known: readonly Migration[], applied: ReadonlyMap<string, string>): void {
  const byName = new Map(known.map((migration) => [migration.name, migration]));
  for (const [name, checksum] of applied) {
    const migration = byName.get(name);
    if (!migration) {
      throw new MigrationRefused(
        `The database holds migration ${name}, which this version does not know (its last is ${known.at(-1)?.name ?? 'none'}): a newer Tickscope has been here. Start that version, or restore a backup.`,
      );
    }
    if (migration.checksum !== checksum) {
      throw new MigrationRefused(
        `Migration ${name} has been changed since it was applied to this database. Put the file back as it was and write a new one for the change.`,
      );
    }
  }
}

async function apply(client: pg.Client, migration: Migration): Promise<void> {
  const record = 'insert into schema_migrations (name, checksum) values ($1, $2)';
  try {
    if (migration.transactional) {
      await client.query('begin');
      await client.query(migration.sql);
      await client.query(record, [migration.name, migration.checksum]);
      await client.query('commit');
    } else {
      for (const statement of statements(migration.sql)) await client.query(statement);
      await client.query(record, [migration.name, migration.checksum]);
    }
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw new Error(`Migration ${migration.name} failed: ${(error as Error).message}`, { cause: error });
  }
}

/** A file without a transaction holds plain statements, each ended by a semicolon at the end of a line. */
function statements(sql: string): string[] {
  return sql
    .split(/;[ \t]*$/m)
    .map((statement) => statement.trim())
    .filter((statement) => statement.replaceAll(/^--.*$/gm, '').trim() !== '');
}
