import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmod, chown, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import type { Logger } from 'pino';
import { findPostgresBinaries, type PostgresBinaries } from './embedded-binaries.js';
import { exists, reachableBinaries, reachableData } from './embedded-reach.js';
import { type PostgresUser, unprivilegedUser } from './embedded-user.js';

export interface EmbeddedPostgres {
  /** Connection URL of its database `tickscope`, password included. */
  readonly url: string;
  /** A clean shutdown; safe to call twice. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Where the data lie; made when absent. */
  readonly dir: string;
  readonly log: Logger;
}

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 20_000;

// fsync and synchronous_commit stay on: a committed tick survives a power cut.
const SERVER_SETTINGS = [
  'shared_buffers=256MB',
  'max_wal_size=2GB',
  'checkpoint_timeout=15min',
  'wal_compression=on',
  'autovacuum_naptime=15s',
  'max_connections=60',
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'timezone=UTC',
  'log_min_messages=warning',
  'logging_collector=off',
];

/**
 * Starts PostgreSQL from the npm package's binaries on a free port of 127.0.0.1. The server is a process group of its own,
 * so that a Ctrl-C reaches us alone and the database stops last. A server left over by a kill -9 is stopped first.
 * The package's own wrapper is not used: it hooks the exit signals and would stop the database before the last flush.
 */
export async function startEmbeddedPostgres({ dir, log }: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const user = await unprivilegedUser();
  const found = await findPostgresBinaries(log);
  const binaries = user ? await reachableBinaries(found, user, log) : found;
  const data = await reachableData(path.resolve(dir), user, log);
  if (user) await chown(data, user.uid, user.gid);
  await chmod(data, 0o700);

  const password = await ownPassword(data, user, binaries);
  await stopLeftover(data, binaries, user, log);
  const port = await freePort();
  const server = await startServer(data, port, binaries, user, log);
  const url = (name: string) => `postgres://postgres:${password}@127.0.0.1:${port}/${name}`;
  try {
    await waitUntilReady(url('postgres'), server);
    await ensureDatabase(url('postgres'));
  } catch (error) {
    await stopServer(server);
    throw error;
  }
  log.info({ dir: data, port }, 'embedded PostgreSQL runs');

  let stopping: Promise<void> | undefined;
  return {
    url: url('tickscope'),
    stop() {
      stopping ??= stopServer(server);
      return stopping;
    },
  };
}

/** Initializes the cluster when there is none; the password stays in the folder, readable by its owner alone. */
async function ownPassword(
  data: string,
  user: PostgresUser | undefined,
  binaries: PostgresBinaries,
): Promise<string> {
  const file = path.join(data, 'tickscope.password');
  const cluster = path.join(data, 'cluster');
  const initialized = await exists(path.join(cluster, 'tickscope.initialized'));
  if (initialized) return (await readFile(file, 'utf8')).trim();

  const password = randomBytes(24).toString('hex');
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  if (user) await chown(file, user.uid, user.gid);
  await rm(cluster, { recursive: true, force: true }); // an initdb that did not finish
  const flags = [
    '--username=postgres',
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--data-checksums',
  ];
  await run(binaries.initdb, [`--pgdata=${cluster}`, `--pwfile=${file}`, ...flags], user);
  await writeFile(path.join(cluster, 'tickscope.initialized'), '');
  return password;
}

async function stopLeftover(
  data: string,
  binaries: PostgresBinaries,
  user: PostgresUser | undefined,
  log: Logger,
): Promise<void> {
  const cluster = path.join(data, 'cluster');
  if (!(await exists(path.join(cluster, 'postmaster.pid')))) return;
  const status = await run(binaries.pgCtl, ['status', '-D', cluster], user).then(
    () => 'running',
    () => 'stale',
  );
  if (status === 'running') {
    log.warn({ dir: data }, 'a PostgreSQL of an earlier run still serves this folder: stopping it');
    await run(binaries.pgCtl, ['stop', '-D', cluster, '-m', 'fast', '-w', '-t', '20'], user);
  } else {
    // The process is gone (or its number belongs to somebody else): the file would only keep us from starting.
    await rm(path.join(cluster, 'postmaster.pid'), { force: true });
  }
}

async function startServer(
  data: string,
  port: number,
  binaries: PostgresBinaries,
  user: PostgresUser | undefined,
  log: Logger,
): Promise<ChildProcess> {
  const settings = SERVER_SETTINGS.flatMap((setting) => ['-c', setting]);
  const args = ['-D', path.join(data, 'cluster'), '-p', String(port), ...settings];
  const server = spawn(binaries.postgres, args, {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: data,
    ...(user ?? {}),
  });
  server.on('error', (error) => log.error({ err: error }, 'PostgreSQL did not start'));
  server.stderr?.setEncoding('utf8').on('data', (text: string) => {
    for (const line of text.trimEnd().split('\n')) log.debug({ postgres: line }, 'PostgreSQL says');
  });
  return server;
}

async function waitUntilReady(url: string, server: ChildProcess): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    if (server.exitCode !== null || server.signalCode !== null) {
      throw new Error(
        `The embedded PostgreSQL stopped while starting (exit ${server.exitCode ?? server.signalCode}).`,
      );
    }
    const client = new pg.Client({ connectionString: url });
    client.on('error', () => undefined); // the next attempt tells
    try {
      await client.connect();
      await client.end();
      return;
    } catch (error) {
      if (Date.now() > deadline)
        throw new Error('The embedded PostgreSQL does not get ready.', { cause: error });
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

async function ensureDatabase(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query(`select from pg_database where datname = 'tickscope'`);
    if (!rowCount) await client.query('create database tickscope');
  } finally {
    await client.end();
  }
}

async function stopServer(server: ChildProcess): Promise<void> {
  if (server.exitCode !== null || server.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  server.kill('SIGINT'); // fast shutdown: sessions end, everything committed is on disk
  const force = setTimeout(() => server.kill('SIGQUIT'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(force);
}

async function run(file: string, args: string[], user: PostgresUser | undefined): Promise<void> {
  await promisify(execFile)(file, args, { ...(user ?? {}), cwd: '/', env: { ...process.env, LC_ALL: 'C' } });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      probe.close(() => resolve(port));
    });
  });
}
