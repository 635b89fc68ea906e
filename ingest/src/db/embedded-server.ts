import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import type { Logger } from 'pino';
import type { PostgresBinaries } from './embedded-binaries.js';
import type { PostgresUser } from './embedded-user.js';

/** Where an embedded server runs, and what from. */
export interface ServerPlace {
  /** The folder that holds `cluster`. */
  readonly data: string;
  readonly port: number;
  /** Of its database `postgres`, password included. */
  readonly url: string;
  readonly binaries: PostgresBinaries;
  readonly user: PostgresUser | undefined;
  readonly log: Logger;
}

const START_TIMEOUT_MS = 30_000;
/** After a crash it first brings in its write-ahead log: up to 2 GB. */
const RECOVERY_TIMEOUT_MS = 600_000;
const STOP_TIMEOUT_MS = 20_000;
const LOOK_EVERY_MS = 50;
/** `cannot_connect_now`: it runs and is starting up, recovering or shutting down. */
const NOT_YET = '57P03';

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

/** Starts the server and resolves when it answers. @throws when it ends instead, or does not get ready */
export async function launchServer(place: ServerPlace): Promise<ChildProcess> {
  const until = performance.now() + START_TIMEOUT_MS;
  for (;;) {
    const { server, said } = spawnServer(place);
    try {
      await waitUntilReady(place.url, server);
      return server;
    } catch (error) {
      await stopServer(server);
      // Sessions outlive a postmaster that was killed, for the moment that they need to notice.
      if (!/shared memory block .* is still in use/.test(said()) || performance.now() > until) throw error;
      await sleep(LOOK_EVERY_MS);
    }
  }
}

/** A server of an earlier run, whose process was killed, is stopped. */
export async function stopLeftover({ data, binaries, user, log }: ServerPlace): Promise<void> {
  const cluster = path.join(data, 'cluster');
  const pid = await servingProcess(data);
  if (pid === undefined) {
    // Without a process PostgreSQL itself knows best: it looks whether sessions of the killed one are still there.
    if (await isRecycled(data)) await rm(path.join(cluster, 'postmaster.pid'), { force: true });
    return;
  }
  log.warn({ dir: data }, 'a PostgreSQL of an earlier run still serves this folder: stopping it');
  await runAs(user, binaries.pgCtl, ['stop', '-D', cluster, '-m', 'fast', '-w', '-t', '20']);
}

/** The PostgreSQL that serves this folder now, whoever started it; undefined when none does. */
export async function servingProcess(data: string): Promise<number | undefined> {
  const pid = await recordedProcess(data);
  return pid !== undefined && isAlive(pid) && (await isPostgres(pid)) ? pid : undefined;
}

/** The number of a killed server belongs to another program now, which would keep PostgreSQL from starting. */
async function isRecycled(data: string): Promise<boolean> {
  const pid = await recordedProcess(data);
  return pid !== undefined && isAlive(pid) && !(await isPostgres(pid));
}

async function recordedProcess(data: string): Promise<number | undefined> {
  const text = await readFile(path.join(data, 'cluster', 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(text.split('\n')[0]);
  return Number.isInteger(pid) && pid > 0 ? pid : undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Where the system does not say what a process is (no /proc), the file is believed. */
async function isPostgres(pid: number): Promise<boolean> {
  const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => 'postgres');
  return name.startsWith('postgres');
}

/** A fast shutdown: sessions end, everything committed is on disk. */
export async function stopServer(server: ChildProcess): Promise<void> {
  if (hasEnded(server)) return;
  const gone = new Promise<void>((resolve) => server.once('exit', () => resolve()));
  server.kill('SIGINT');
  const force = setTimeout(() => server.kill('SIGQUIT'), STOP_TIMEOUT_MS);
  await gone;
  clearTimeout(force);
}

/** Runs one of PostgreSQL's programs to its end. */
export async function runAs(user: PostgresUser | undefined, file: string, args: string[]): Promise<void> {
  await promisify(execFile)(file, args, { ...(user ?? {}), cwd: '/', env: { ...process.env, LC_ALL: 'C' } });
}

/** @returns `said`: the end of what it wrote. */
function spawnServer({ data, port, binaries, user, log }: ServerPlace): {
  server: ChildProcess;
  said: () => string;
} {
  const settings = SERVER_SETTINGS.flatMap((setting) => ['-c', setting]);
  const args = ['-D', path.join(data, 'cluster'), '-p', String(port), ...settings];
  let said = '';
  const server = spawn(binaries.postgres, args, {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe'],
    cwd: data,
    ...(user ?? {}),
  });
  server.on('error', (error) => log.error({ err: error }, 'PostgreSQL did not start'));
  server.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = (said + text).slice(-2_000);
    for (const line of text.trimEnd().split('\n')) log.debug({ postgres: line }, 'PostgreSQL says');
  });
  return { server, said: () => said };
}

function hasEnded(server: ChildProcess): boolean {
  return server.exitCode !== null || server.signalCode !== null || server.pid === undefined;
}

async function waitUntilReady(url: string, server: ChildProcess): Promise<void> {
  const began = performance.now();
  for (;;) {
    if (hasEnded(server)) {
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
      const recovers = (error as { code?: string }).code === NOT_YET;
      if (performance.now() - began > (recovers ? RECOVERY_TIMEOUT_MS : START_TIMEOUT_MS))
        throw new Error('The embedded PostgreSQL does not get ready.', { cause: error });
      await sleep(LOOK_EVERY_MS);
    }
  }
}
