import { join } from 'node:path';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import { type Database, openDatabase } from '../db/database.js';
import { startEmbeddedPostgres } from '../db/embedded.js';
import { findRunningEmbedded } from '../db/embedded-running.js';
import type { DataOrigin } from '../db/origin.js';
import { takeWriterLock, type WriterLock } from '../db/writer-lock.js';

/** Where the embedded database of an origin lies. */
export function embeddedFolder(config: Config, origin: DataOrigin): string {
  return join(config.dataDir, origin, 'postgres');
}

/** A database and what was started for it. */
export interface OpenedDatabase {
  readonly db: Database;
  /** `embedded PostgreSQL in ...` or the URL's host and name, for people. */
  readonly where: string;
  /** Closes the pool, and stops the embedded server if it was started here. Safe to call twice. */
  close(): Promise<void>;
}

/** For commands beside a running `serve`: joins its embedded database, or starts it for as long as the command takes. */
export async function openForCommand(
  config: Config,
  origin: DataOrigin,
  log: Logger,
): Promise<OpenedDatabase> {
  if (config.database.url) return await openUrl(config, config.database.url, log);
  const folder = embeddedFolder(config, origin);
  const running = await findRunningEmbedded(folder);
  return running
    ? await openUrl(config, running, log, `embedded PostgreSQL in ${folder}`)
    : await openEmbedded(config, folder, log);
}

/**
 * For the one writer: opens the database and takes the writer's place in it.
 * @throws WriterTaken when another `serve` has it; that one's database is left alone.
 */
export async function openForWriter(
  config: Config,
  origin: DataOrigin,
  now: number,
  log: Logger,
): Promise<OpenedDatabase & { readonly lock: WriterLock }> {
  const opened = config.database.url
    ? await openUrl(config, config.database.url, log)
    : await openEmbeddedAlone(config, embeddedFolder(config, origin), now, log);
  try {
    return { ...opened, lock: await takeWriterLock(opened.db, now) };
  } catch (error) {
    await opened.close();
    throw error;
  }
}

/** Starting the server stops one that is left over, so first make sure that nobody uses it. */
async function openEmbeddedAlone(
  config: Config,
  folder: string,
  now: number,
  log: Logger,
): Promise<OpenedDatabase> {
  const running = await findRunningEmbedded(folder);
  if (running) {
    const other = await openDatabase({ url: running, log });
    try {
      await (await takeWriterLock(other, now)).release();
    } finally {
      await other.close();
    }
  }
  return await openEmbedded(config, folder, log);
}

async function openEmbedded(config: Config, folder: string, log: Logger): Promise<OpenedDatabase> {
  const server = await startEmbeddedPostgres({ dir: folder, log });
  try {
    const opened = await openUrl(config, server.url, log, `embedded PostgreSQL in ${folder}`);
    const close = async () => {
      await opened.close();
      await server.stop();
    };
    return { ...opened, close };
  } catch (error) {
    await server.stop();
    throw error;
  }
}

async function openUrl(config: Config, url: string, log: Logger, where?: string): Promise<OpenedDatabase> {
  const { poolMax, statementTimeoutMs } = config.database;
  const db = await openDatabase({ url, poolMax, statementTimeoutMs, log });
  const name = db.kind === 'timescale' ? 'TimescaleDB' : 'PostgreSQL';
  const { hostname, port, pathname } = new URL(url);
  return {
    db,
    where: where ?? `${name} at ${hostname}:${port || 5432}${pathname}`,
    close: () => db.close(),
  };
}
