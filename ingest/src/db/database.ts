import pg from 'pg';
import type { Logger } from 'pino';
import { type DatabaseKind, findKind } from './kind.js';

/** An open database: a pool for short queries, and dedicated connections for long work. */
export interface Database {
  /**
   * Short queries of the API and the jobs. `bigint` arrives as number (all of ours fit 2^53), `date` as
   * `YYYY-MM-DD`, `timestamptz` as Date.
   */
  readonly pool: pg.Pool;
  readonly kind: DatabaseKind;
  readonly url: string;
  /** A connection of one's own, without a statement timeout; whoever asks for it ends it. */
  connect(applicationName: string): Promise<pg.Client>;
  /** Ends the pool. Safe to call twice. */
  close(): Promise<void>;
}

export interface DatabaseOptions {
  readonly url: string;
  readonly log: Logger;
  /** Most connections of the pool; 10 when left out. */
  readonly poolMax?: number;
  /** Longest statement of the pool; 0 or left out: none. */
  readonly statementTimeoutMs?: number;
  /** Plain PostgreSQL even where TimescaleDB is to be had. Only a database without our schema can choose. */
  readonly kind?: DatabaseKind;
}

/** The database did not answer. The message says what to look at and holds no password. */
export class DatabaseUnavailable extends Error {
  override name = 'DatabaseUnavailable';
}

const CONNECT_TIMEOUT_MS = 10_000;

// Our answers are small: parallel workers and JIT cost more to start than they bring (1.4 ms became 45 ms).
// Chunkwise aggregation breaks first() and last() by (time, seq), see sql/0004_tick_candles.timescale.sql.
const SESSION_OPTIONS =
  '-c max_parallel_workers_per_gather=0 -c jit=off -c timezone=UTC -c timescaledb.enable_chunkwise_aggregation=off';

const types = new pg.TypeOverrides();
types.setTypeParser(pg.types.builtins.INT8, Number);
types.setTypeParser(pg.types.builtins.DATE, (text: string) => text);

/** Connects, finds out which kind of database answers. @throws DatabaseUnavailable */
export async function openDatabase(options: DatabaseOptions): Promise<Database> {
  const { url, log } = options;
  const config = {
    connectionString: url,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    keepAlive: true,
    options: SESSION_OPTIONS,
    types,
  };
  const pool = new pg.Pool({
    ...config,
    application_name: 'tickscope',
    max: options.poolMax ?? 10,
    ...(options.statementTimeoutMs ? { statement_timeout: options.statementTimeoutMs } : {}),
  });
  let closing: Promise<void> | undefined;
  pool.on('error', (error) => {
    // A server that stops right after us tells the connections that are on their way out.
    if (!closing) log.warn({ err: error }, 'an idle database connection broke');
  });
  // One that breaks while somebody has it says so to the next query; unheard, it would end the process.
  pool.on('connect', (client) => {
    client.on('error', (error) => log.debug({ err: error }, 'a database connection broke in use'));
  });

  let kind: DatabaseKind;
  try {
    kind = await findKind(pool, options.kind);
  } catch (error) {
    await pool.end();
    throw new DatabaseUnavailable(
      `The database at ${redactUrl(url)} does not answer: ${(error as Error).message || String(error)}. Is it running, and is DATABASE_URL right?`,
      { cause: error },
    );
  }

  return {
    pool,
    kind,
    url,
    async connect(applicationName) {
      const client = new pg.Client({ ...config, application_name: applicationName });
      client.on('error', (error) =>
        log.warn({ err: error }, `the database connection ${applicationName} broke`),
      );
      await client.connect();
      return client;
    },
    close() {
      closing ??= pool.end();
      return closing;
    },
  };
}

/** The URL for people: without its password. */
export function redactUrl(url: string): string {
  try {
    const parsed = new URL(url);
    if (parsed.password) parsed.password = '***';
    return parsed.toString();
  } catch {
    return '(DATABASE_URL is not a URL)';
  }
}

/** Runs `work` in a transaction on a connection of the pool; rolls back when it throws. */
export async function inTransaction<T>(
  pool: pg.Pool,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const result = await work(client);
    await client.query('commit');
    client.release();
    return result;
  } catch (error) {
    const broken = await client.query('rollback').then(
      () => undefined,
      (failed: Error) => failed,
    );
    client.release(broken);
    throw error;
  }
}
