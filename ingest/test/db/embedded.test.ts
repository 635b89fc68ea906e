import { chmod, mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/db/embedded.js';
import { quiet } from '../fixtures/databases.js';

let parent: string;
let dir: string;
let running: EmbeddedPostgres | undefined;

beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'tickscope-embedded-'));
  await chmod(parent, 0o755);
  dir = path.join(parent, 'db');
});
afterEach(async () => {
  await running?.stop();
  await rm(parent, { recursive: true, force: true });
});

const query = async (url: string, sql: string) => {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
};

it('keeps its data and its password over a stop and a start', async () => {
  running = await startEmbeddedPostgres({ dir, log: quiet });
  expect(new URL(running.url).hostname).toBe('127.0.0.1');
  expect((await stat(path.join(dir, 'tickscope.password'))).mode & 0o777).toBe(0o600);
  expect((await readFile(path.join(dir, 'tickscope.password'), 'utf8')).trim()).toBe(
    new URL(running.url).password,
  );
  await query(running.url, 'create table kept as select 42 as x');
  expect(await query(running.url, 'show fsync')).toEqual([{ fsync: 'on' }]);
  await running.stop();
  await running.stop();
  running = await startEmbeddedPostgres({ dir, log: quiet });
  expect(await query(running.url, 'select x from kept')).toEqual([{ x: 42 }]);
});

it('comes up again after a kill -9, with what was committed', async () => {
  running = await startEmbeddedPostgres({ dir, log: quiet });
  await query(running.url, 'create table kept as select 7 as x');
  const pid = Number((await readFile(path.join(dir, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0]);
  process.kill(pid, 'SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 300));
  running = await startEmbeddedPostgres({ dir, log: quiet });
  expect(await query(running.url, 'select x from kept')).toEqual([{ x: 7 }]);
});

it('takes over from a server that a killed process left behind', async () => {
  const left = await startEmbeddedPostgres({ dir, log: quiet });
  await query(left.url, 'create table kept as select 8 as x');
  running = await startEmbeddedPostgres({ dir, log: quiet });
  expect(await query(running.url, 'select x from kept')).toEqual([{ x: 8 }]);
  await expect(query(left.url, 'select 1')).rejects.toThrow();
});
