import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
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

const postmaster = async () =>
  Number((await readFile(path.join(dir, 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0]);

it('is started again when it is killed, at the same address, with what was committed, and as often as it takes', async () => {
  running = await startEmbeddedPostgres({ dir, log: quiet });
  await query(running.url, 'create table kept as select 7 as x');
  for (let time = 0; time < 2; time++) {
    const killed = await postmaster();
    process.kill(killed, 'SIGKILL');
    await expect
      .poll(() => query(running!.url, 'select x from kept').catch(() => undefined), { timeout: 20_000 })
      .toEqual([{ x: 7 }]);
    expect(await postmaster()).not.toBe(killed);
  }
  // Stopped while it is being started: nothing of it is left.
  process.kill(await postmaster(), 'SIGKILL');
  await new Promise((resolve) => setTimeout(resolve, 250));
  await running.stop();
  await expect(query(running.url, 'select 1')).rejects.toThrow();
  await new Promise((resolve) => setTimeout(resolve, 500));
  await expect(query(running.url, 'select 1')).rejects.toThrow();
  running = await startEmbeddedPostgres({ dir, log: quiet });
  expect(await query(running.url, 'select x from kept')).toEqual([{ x: 7 }]);
});

it('starts although the number of a killed server belongs to another program now, which is left alone', async () => {
  running = await startEmbeddedPostgres({ dir, log: quiet });
  await running.stop();
  await writeFile(
    path.join(dir, 'cluster', 'postmaster.pid'),
    `${process.pid}\n${path.join(dir, 'cluster')}\n1700000000\n5432\n\n127.0.0.1\n  5432001   1234567\nready   \n`,
  );
  running = await startEmbeddedPostgres({ dir, log: quiet });
  expect(await query(running.url, 'select 1 as x')).toEqual([{ x: 1 }]);
});

it('takes over from a server that a killed process left behind', async () => {
  const left = await startEmbeddedPostgres({ dir, log: quiet });
  await query(left.url, 'create table kept as select 8 as x');
  running = await startEmbeddedPostgres({ dir, log: quiet });
  expect(await query(running.url, 'select x from kept')).toEqual([{ x: 8 }]);
  await expect(query(left.url, 'select 1')).rejects.toThrow();
  // Had its owner only been slow: it does not start a second one beside ours.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  expect(await query(running.url, 'select x from kept')).toEqual([{ x: 8 }]);
  await expect(query(left.url, 'select 1')).rejects.toThrow();
  await left.stop();
});
