import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chown, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findPostgresBinaries } from '@tickscope/ingest/dist/src/db/embedded-binaries.js';
import { reachableBinaries } from '@tickscope/ingest/dist/src/db/embedded-reach.js';
import { type PostgresUser, unprivilegedUser } from '@tickscope/ingest/dist/src/db/embedded-user.js';
import pg from 'pg';
import { quiet } from '../databases.js';
import { freePort } from './tcp-proxy.js';
import { until } from './waiting.js';

const READY_WITHIN_MS = 60_000;
const STOP_WITHIN_MS = 30_000;
/** What the service connects as: no superuser, so that connection limits hold for it. */
export const APPLICATION_ROLE = 'tickscope_app';
const DATABASE = 'tickscope';

export type ClusterKind = 'postgres' | 'timescale';

/** A PostgreSQL server of the suite's own, which may be stopped, killed and filled up. */
export class Cluster {
  #server: ChildProcess | undefined;

  private constructor(
    readonly kind: ClusterKind,
    readonly data: string,
    readonly port: number,
    private readonly postgres: string,
    private readonly user: PostgresUser | undefined,
  ) {}

  /**
   * Makes the cluster in `folder`, starts it and makes the database.
   * @param bin folder of another PostgreSQL's programs, one with TimescaleDB; undefined: the embedded one's
   */
  static async create(folder: string, bin: string | undefined): Promise<Cluster> {
    const user = await unprivilegedUser();
    const found = bin
      ? { postgres: join(bin, 'postgres'), initdb: join(bin, 'initdb'), pgCtl: join(bin, 'pg_ctl') }
      : await findPostgresBinaries(quiet);
    const binaries = user && !bin ? await reachableBinaries(found, user, quiet) : found;
    await mkdir(folder, { recursive: true });
    if (user) await chown(folder, user.uid, user.gid);
    const data = join(folder, 'cluster');
    const flags = [
      '--username=postgres',
      '--auth=trust',
      '--encoding=UTF8',
      '--locale=C',
      '--data-checksums',
    ];
    await promisify(execFile)(binaries.initdb, [`--pgdata=${data}`, ...flags], { ...user, cwd: '/' });
    const kind = bin ? 'timescale' : 'postgres';
    const cluster = new Cluster(kind, data, await freePort(), binaries.postgres, user);
    await cluster.start();
    await cluster.asAdmin('postgres', async (admin) => {
      await admin.query(`create role ${APPLICATION_ROLE} login createrole`);
      await admin.query(`create database ${DATABASE} owner ${APPLICATION_ROLE}`);
    });
    if (kind === 'timescale') {
      await cluster.asAdmin(DATABASE, (admin) => admin.query('create extension timescaledb'));
    }
    return cluster;
  }

  /** For the service, by way of `port`. */
  url(port = this.port): string {
    return `postgres://${APPLICATION_ROLE}@127.0.0.1:${port}/${DATABASE}`;
  }

  get running(): boolean {
    return this.#server !== undefined && this.#server.exitCode === null && this.#server.signalCode === null;
  }

  async start(): Promise<void> {
    if (this.running) return;
    const settings = [
      'shared_buffers=128MB',
      'max_connections=60',
      'listen_addresses=127.0.0.1',
      'unix_socket_directories=',
      'timezone=UTC',
      'log_min_messages=fatal',
      ...(this.kind === 'timescale'
        ? [
            'shared_preload_libraries=timescaledb',
            'timescaledb.telemetry_level=off',
            'max_worker_processes=16',
          ]
        : []),
    ].flatMap((setting) => ['-c', setting]);
    const args = ['-D', this.data, '-p', String(this.port), ...settings];
    await until('PostgreSQL takes connections', READY_WITHIN_MS, async () => {
      // After a kill -9 a new server is refused until the last child of the old one has noticed.
      if (!this.running) {
        this.#server = spawn(this.postgres, args, {
          stdio: 'ignore',
          cwd: this.data,
          detached: true,
          ...this.user,
        });
      }
      return this.asAdmin('postgres', async () => true).catch(() => undefined);
    });
  }

  /** Fast shutdown, as a restart of the machine's service does. */
  async stop(): Promise<void> {
    await this.#end('SIGINT');
  }

  /** As if the machine took it: nobody gets to say goodbye; its children notice and end. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL');
  }

  /** A superuser's connection that goes around every fault on the way. */
  async asAdmin<T>(database: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = new pg.Client({
      connectionString: `postgres://postgres@127.0.0.1:${this.port}/${database}`,
      connectionTimeoutMillis: 10_000,
    });
    client.on('error', () => undefined);
    await client.connect();
    try {
      return await work(client);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** The same on the service's database. */
  query<Row extends pg.QueryResultRow>(sql: string, values: unknown[] = []): Promise<Row[]> {
    return this.asAdmin(DATABASE, async (client) => (await client.query<Row>(sql, values)).rows);
  }

  /** Both answers of one instant: between two, the service may heal what the first one missed. */
  together<A extends pg.QueryResultRow, B extends pg.QueryResultRow>(
    first: string,
    second: string,
    values: unknown[],
  ): Promise<[A[], B[]]> {
    return this.asAdmin(DATABASE, async (client) => {
      await client.query('begin transaction isolation level repeatable read read only');
      const a = await client.query<A>(first, values);
      const b = await client.query<B>(second, values);
      await client.query('commit');
      return [a.rows, b.rows];
    });
  }

  /** Ends every session of the service. */
  async endSessions(): Promise<void> {
    await this.query('select pg_terminate_backend(pid) from pg_stat_activity where usename = $1', [
      APPLICATION_ROLE,
    ]);
  }

  get database(): string {
    return DATABASE;
  }

  async #end(signal: NodeJS.Signals): Promise<void> {
    const server = this.#server;
    if (!server || !this.running) return;
    const gone = once(server, 'exit');
    server.kill(signal);
    const force = setTimeout(() => server.kill('SIGQUIT'), STOP_WITHIN_MS);
    await gone;
    clearTimeout(force);
  }
}
