import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import { type Database, openDatabase } from '../db/database.js';
import { startEmbeddedPostgres } from '../db/embedded.js';
import { findRunningEmbedded } from '../db/embedded-running.js';
import type { DataOrigin } from '../db/origin.js';
import { takeWriterLock, type WriterLock, WriterTaken } from '../db/writer-lock.js';

const EMBEDDED_LOOK_MS = 500;

/** Where the embedded database of an origin lies. */
export function embeddedFolder(config: Config, origin: DataOrigin): string {
  return join(config.dataDir, origin, 'postgres');
}

/** Where spools of an origin's databases lie, each in a folder of its database's own. */
export function spoolFolder(config: Config, origin: DataOrigin): string {
  return join(config.dataDir, origin, 'spool');
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
 * @param wait until another `serve` gives it up, instead of being refused
 * @throws WriterTaken when another `serve` has it; that one's database is left alone.
 */
export async function openForWriter(
  config: Config,
  origin: DataOrigin,
  now: number,
  log: Logger,
  wait = false,
): Promise<OpenedDatabase & { readonly lock: WriterLock }> {
  const waiting = wait
    ? ({ message }: WriterTaken) => log.warn({ holder: message }, 'Waiting until the other writer is gone')
    : undefined;
  const opened = config.database.url
    ? await openUrl(config, config.database.url, log)
    : await openEmbeddedAlone(config, embeddedFolder(config, origin), now, log, waiting);
  try {
    return { ...opened, lock: await takeWriterLock(opened.db, now, waiting) };
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
  waiting?: (taken: WriterTaken) => void,
): Promise<OpenedDatabase> {
  for (let told = false; ; told = true) {
    const running = await findRunningEmbedded(folder);
    if (!running) break;
    const other = await openDatabase({ url: running, log }).catch((error: unknown) => {
      // It may have been stopped this instant, by the one that we wait for.
      if (waiting) return undefined;
      throw error;
    });
    if (other && (await isFree(other, now, told ? () => undefined : waiting))) break;
    if (!waiting) break;
    await sleep(EMBEDDED_LOOK_MS);
  }
  return await openEmbedded(config, folder, log);
}

/** The holder of an embedded database stops it when it goes: a connection of ours may not outlast it. */
async function isFree(db: Database, now: number, waiting?: (taken: WriterTaken) => void): Promise<boolean> {
  try {
    await (await takeWriterLock(db, now)).release();
    return true;
  } catch (error) {
    if (!waiting) throw error;
    if (error instanceof WriterTaken) waiting(error);
    return false;
  } finally {
    await db.close();
  }
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
