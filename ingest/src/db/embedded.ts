import { randomBytes } from 'node:crypto';
import { chmod, chown, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import pg from 'pg';
import type { Logger } from 'pino';
import { findPostgresBinaries, type PostgresBinaries } from './embedded-binaries.js';
import { exists, reachableBinaries, reachableData } from './embedded-reach.js';
import { launchServer, runAs, type ServerPlace, stopLeftover, stopServer } from './embedded-server.js';
import { SupervisedServer } from './embedded-supervision.js';
import { type PostgresUser, unprivilegedUser } from './embedded-user.js';

export interface EmbeddedPostgres {
  /** Connection URL of its database `tickscope`, password included. The same after the server was started again. */
  readonly url: string;
  /** A clean shutdown; safe to call twice. */
  stop(): Promise<void>;
}

export interface EmbeddedOptions {
  /** Where the data lie; made when absent. */
  readonly dir: string;
  readonly log: Logger;
}

/**
 * Starts PostgreSQL from the npm package's binaries on a free port of 127.0.0.1. The server is a process group of its own,
 * so that a Ctrl-C reaches us alone and the database stops last. A server left over by a kill -9 is stopped first; one
 * that ends by itself is started again, at the same address.
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
  const port = await freePort();
  const url = (name: string) => `postgres://postgres:${password}@127.0.0.1:${port}/${name}`;
  const place: ServerPlace = { data, port, url: url('postgres'), binaries, user, log };
  await stopLeftover(place);
  const server = await launchServer(place);
  try {
    await ensureDatabase(url('postgres'));
  } catch (error) {
    await stopServer(server);
    throw error;
  }
  log.info({ dir: data, port }, 'embedded PostgreSQL runs');
  const supervised = new SupervisedServer(place, server);
  return { url: url('tickscope'), stop: () => supervised.stop() };
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
  await runAs(user, binaries.initdb, [`--pgdata=${cluster}`, `--pwfile=${file}`, ...flags]);
  await writeFile(path.join(cluster, 'tickscope.initialized'), '');
  return password;
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
