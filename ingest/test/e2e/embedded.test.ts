import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findRunningEmbedded } from '../../src/db/embedded-running.js';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.js';
import { emptyFolder, run, Tickscope } from './process.js';

/* The database that nobody administers: killed under the running service, copied while it is written to. */

const READY_WITHIN_MS = 120_000;

let simulator: Simulator;
let env: Record<string, string>;
let folder: Awaited<ReturnType<typeof emptyFolder>>;
let service: Tickscope;

const place = (data: string) => join(folder.path, data, 'simulator:1', 'postgres');

async function query<T extends object>(sql: string, data = '.tickscope'): Promise<T[]> {
  const client = new pg.Client({ connectionString: await findRunningEmbedded(place(data)) });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}

const ticks = async (data?: string) =>
  Number((await query<{ n: string }>('select count(*) as n from tick_data', data))[0]!.n);

const moreThan = (n: number, data?: string) =>
  expect
    .poll(() => ticks(data).catch(() => 0), { timeout: READY_WITHIN_MS, interval: 200 })
    .toBeGreaterThan(n);

beforeAll(async () => {
  folder = await emptyFolder();
  simulator = await startSimulator({ port: 0, calendar: 'nonstop', instruments: 60, rate: 300 });
  env = { TICKSCOPE_PORT: '0', KITE_API_URL: simulator.url, KITE_TICKER_URL: simulator.wsUrl };
  service = new Tickscope(['serve'], folder.path, env);
});
afterAll(async () => {
  await service.kill();
  await simulator.stop();
  await folder.remove();
});

test('a database killed under the running service is started again, and nothing of what came meanwhile is lost or doubled', async () => {
  await moreThan(300);
  const pidOf = async () =>
    Number((await readFile(join(place('.tickscope'), 'cluster', 'postmaster.pid'), 'utf8')).split('\n')[0]);
  const killed = await pidOf();
  process.kill(killed, 'SIGKILL');
  await expect.poll(() => service.output, { timeout: 20_000 }).toContain('starting it again');
  await expect.poll(() => service.output, { timeout: 30_000 }).toContain('runs again');
  await moreThan(await ticks());
  expect(await pidOf()).not.toBe(killed);
  // Heard and kept throughout: one connection's coverage, and of every instrument all that was traded between its
  // first tick and its last. What each tick added was counted as it came, so a tick that is not here is missed.
  expect(await query('select cause from live_coverage')).toEqual([{ cause: null }]);
  const lacks = await query<{ lacks: number }>(
    `select t.instrument_token, last.volume - first.volume - t.added as lacks
     from (select instrument_token, min(seq) as first, max(seq) as last,
                  sum(volume_delta) - (array_agg(volume_delta order by seq))[1] as added
           from tick_data where volume_delta is not null and in_session
           group by instrument_token, ist_date(last_trade_time) having count(*) > 1) t
     join tick_data first on first.instrument_token = t.instrument_token and first.seq = t.first
     join tick_data last on last.instrument_token = t.instrument_token and last.seq = t.last`,
  );
  expect(lacks.length).toBeGreaterThan(20);
  expect(lacks.filter((instrument) => Number(instrument.lacks) !== 0)).toEqual([]);
  expect(await query('select from tick_data group by instrument_token, seq having count(*) > 1')).toEqual([]);
}, 300_000);

test('a backup that is taken meanwhile is one moment, and what is restored from it goes on by itself', async () => {
  const taken = await run(['backup', 'saved', '--json'], folder.path, env);
  expect(taken.code, taken.stderr).toBe(0);
  const { tables } = JSON.parse(taken.stdout) as { tables: Array<{ name: string; rows: number }> };
  const stored = tables.find(({ name }) => name === 'tick_data')!.rows;
  await moreThan(stored);

  const there = { ...env, TICKSCOPE_DATA_DIR: 'elsewhere' };
  const restored = await run(['restore', 'saved', '--json'], folder.path, there);
  expect(restored.code, restored.stderr).toBe(0);
  const again = await run(['restore', 'saved'], folder.path, there);
  expect([again.code, again.stderr]).toEqual([2, expect.stringMatching(/in use already/)]);

  const copy = new Tickscope(['serve'], folder.path, there);
  try {
    await moreThan(stored, 'elsewhere');
    // State, quotes and ticks are of one moment: no tick that the writer's state tells of is missing.
    expect(
      await query(
        `select from quotes_latest q where not exists
           (select from tick_data t where t.instrument_token = q.instrument_token and t.seq >= q.seq)`,
        'elsewhere',
      ),
    ).toEqual([]);
    await expect
      .poll(
        () => query<{ cause: string }>(`select distinct cause from data_gaps`, 'elsewhere').catch(() => []),
        { timeout: 30_000 },
      )
      .toContainEqual({ cause: 'restart' });
    copy.child.kill('SIGTERM');
    expect(await copy.exit, copy.output).toBe(0);
  } finally {
    await copy.kill();
  }
  service.child.kill('SIGTERM');
  expect(await service.exit, service.output).toBe(0);
}, 300_000);
