import { readFile } from 'node:fs/promises';
import path from 'node:path';
import pg from 'pg';

/** Line of `postmaster.pid` that holds the port, counted from 0 (PostgreSQL's miscadmin.h). */
const PORT_LINE = 3;
const CONNECT_TIMEOUT_MS = 2_000;

/**
 * The connection URL of an embedded PostgreSQL that already serves `dir` (see `startEmbeddedPostgres`): another
 * command's, or one that a killed process left behind. Undefined when none answers.
 */
export async function findRunningEmbedded(dir: string): Promise<string | undefined> {
  const read = (file: string) => readFile(path.join(path.resolve(dir), file), 'utf8').catch(() => undefined);
  const [pidFile, password] = await Promise.all([read('cluster/postmaster.pid'), read('tickscope.password')]);
  const port = Number(pidFile?.split('\n')[PORT_LINE]);
  if (!password || !Number.isInteger(port) || port <= 0) return undefined;
  const url = `postgres://postgres:${password.trim()}@127.0.0.1:${port}/tickscope`;
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined); // an answer that breaks off is no answer
  try {
    await client.connect();
    await client.end();
    return url;
  } catch {
    return undefined;
  }
}
