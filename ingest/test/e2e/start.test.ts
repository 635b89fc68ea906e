import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { claimOrigin } from '../../src/db/origin.js';
import { onPlainPostgres } from '../fixtures/databases.js';
import { commandLine, descendants, emptyFolder, freePort, isAlive, run, Tickscope } from './process.js';

/** What the contract promises on an idle machine. A machine that runs the whole suite at once gets more. */
/** Beside other tests; .ci/smoke holds a machine that does nothing else to 20 s. */
const READY_WITHIN_MS = 120_000;
const STOP_WITHIN_MS = 60_000;
/** Small, so that a start seeds in seconds. */
const SMALL = { SIMULATOR_INSTRUMENTS: '60', SIMULATOR_RATE: '300' };

interface Candles {
  origin: string;
  candles: Array<{ time: string; close: number; complete: boolean; source: string }>;
  gaps: Array<{ from: string; to: string; reason: string }>;
  backfilled: number;
}

describe('tickscope serve', () => {
  let folder: Awaited<ReturnType<typeof emptyFolder>>;
  let port: number;
  let first: Tickscope;
  let children: number[];
  const url = (path: string) => `http://127.0.0.1:${port}${path}`;
  const get = async <T>(path: string) => (await (await fetch(url(path))).json()) as T;
  const serve = (env: Record<string, string> = {}) =>
    new Tickscope(['serve'], folder.path, { ...SMALL, TICKSCOPE_PORT: String(port), ...env });
  const candles = (minutesBack: number, instrument = 'NSE:NIFTY 50') => {
    const query = {
      instrument,
      interval: '1m',
      from: String(Date.now() - minutesBack * 60_000),
      to: String(Date.now()),
    };
    return get<Candles>(`/api/candles?${new URLSearchParams({ ...query, wait_ms: '10000' })}`);
  };
  const written = async () => {
    const metrics = await (await fetch(url('/metrics'))).text();
    return Number(/^tickscope_ticks_written_total (\d+)/m.exec(metrics)?.[1] ?? 0);
  };

  beforeAll(async () => {
    folder = await emptyFolder();
    port = await freePort();
    first = serve();
  });
  afterAll(async () => {
    await first.kill();
    await folder.remove();
  });

  test('with nothing configured is ready soon and says what to open and that it is simulated', async () => {
    const elapsed = await first.ready(url('/health/ready'), READY_WITHIN_MS);
    console.log(`ready after ${Math.round(elapsed)} ms`);
    await expect.poll(() => first.stdout, { timeout: 20_000 }).toContain(`http://127.0.0.1:${port}`);
    expect(first.stdout).toContain('SIMULATED');
    expect(await (await fetch(url('/'))).text()).toMatch(/simulated/i);
    children = descendants(first.child.pid!);
    expect(children.length).toBeGreaterThan(2);
  }, 180_000);

  test('writes ticks, moves candles and heals the minutes before its start', async () => {
    await expect.poll(written, { timeout: 20_000 }).toBeGreaterThan(100);
    const answer = await candles(10);
    expect(answer.origin).toBe('simulator:1');
    expect(answer.candles.length).toBeGreaterThanOrEqual(9);
    expect(answer.candles[0]).toMatchObject({ source: 'broker', complete: true });
    const closes = new Set<number>();
    await expect
      .poll(async () => closes.add((await candles(1)).candles.at(-1)?.close ?? 0).size, {
        timeout: 20_000,
        interval: 500,
      })
      .toBeGreaterThan(2);
  }, 180_000);

  test('a second one on the same data is refused with exit code 2, naming the first, which goes on', async () => {
    const before = await written();
    const second = await run(['serve'], folder.path, { ...SMALL, TICKSCOPE_PORT: '0' });
    expect(second.code).toBe(2);
    expect(second.stderr).toContain(`process ${first.child.pid}`);
    await expect.poll(written, { timeout: 20_000 }).toBeGreaterThan(before);
  }, 180_000);

  test('a second one on the same port is refused with exit code 2, naming the port', async () => {
    const second = await run(['serve'], folder.path, {
      ...SMALL,
      TICKSCOPE_PORT: String(port),
      SIMULATOR_SEED: '2',
    });
    expect(second.code).toBe(2);
    expect(second.stderr).toMatch(new RegExp(`^Port ${port} on 127.0.0.1 is taken`, 'm'));
  });

  test('commands beside it work on its database', async () => {
    const doctor = await run(['doctor', '--json'], folder.path, SMALL);
    expect(doctor).toMatchObject({ code: 0 });
    const { findings } = JSON.parse(doctor.stdout) as {
      findings: Array<{ what: string; verdict: string; found: string }>;
    };
    expect(findings.find(({ what }) => what === 'origin')).toMatchObject({
      verdict: 'ok',
      found: 'simulator:1',
    });
    const backup = await run(['backup', 'saved', '--json'], folder.path, SMALL);
    expect(backup.code).toBe(0);
    expect((JSON.parse(backup.stdout) as { origin: string }).origin).toBe('simulator:1');
  }, 180_000);

  test('SIGTERM stops it and its children within seconds, having committed what it received', async () => {
    const before = await written();
    const stoppedAt = performance.now();
    first.child.kill('SIGTERM');
    expect(await first.exit).toBe(0);
    expect(performance.now() - stoppedAt).toBeLessThan(STOP_WITHIN_MS);
    expect(first.stdout).toContain('Tickscope stopped');
    expect(children.filter(isAlive)).toEqual([]);
    expect(before).toBeGreaterThan(0);
  }, 180_000);

  test('the next start goes on from there, and the pause is a hole that heals', async () => {
    const second = serve();
    try {
      await second.ready(url('/health/ready'), READY_WITHIN_MS);
      const seen = await candles(30);
      expect(seen.candles.some(({ source }) => source === 'ticks' || source === 'broker')).toBe(true);
      expect(seen.gaps.every(({ to }) => Date.now() - Date.parse(to) < 90_000)).toBe(true);
      // Killed hard: the simulator ends by itself, and the database is recovered at the next start.
      const simulator = descendants(second.child.pid!).filter((pid) =>
        commandLine(pid).includes('simulator-child'),
      );
      expect(simulator).toHaveLength(1);
      second.child.kill('SIGKILL');
      await second.exit;
      await expect.poll(() => simulator.filter(isAlive), { timeout: 20_000 }).toEqual([]);
    } finally {
      await second.kill();
    }
    const third = serve();
    try {
      await third.ready(url('/health/ready'), READY_WITHIN_MS);
      third.child.kill('SIGINT');
      expect(await third.exit, third.output).toBe(0);
    } finally {
      await third.kill();
    }
  }, 180_000);
});

describe('a start that cannot be', () => {
  const server = onPlainPostgres();
  let folder: Awaited<ReturnType<typeof emptyFolder>>;
  beforeAll(async () => {
    folder = await emptyFolder();
  });
  afterAll(() => folder.remove());

  test('a wrong configuration lists every problem and starts nothing', async () => {
    const { code, stdout, stderr } = await run(['serve'], folder.path, {
      TICKSCOPE_PORT: 'x',
      BROKER: 'fyers',
      LOG_LEVEL: 'loud',
    });
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/3 problems[\s\S]*TICKSCOPE_PORT[\s\S]*LOG_LEVEL[\s\S]*fyers is not built yet/);
  });

  test('an unreachable database is a sentence without the password', async () => {
    const port = await freePort();
    const { code, stderr } = await run(['serve'], folder.path, {
      ...SMALL,
      TICKSCOPE_PORT: '0',
      DATABASE_URL: `postgres://me:hunter2@127.0.0.1:${port}/ticks`,
    });
    expect(code).toBe(1);
    expect(stderr).toContain(`127.0.0.1:${port}`);
    expect(stderr).not.toContain('hunter2');
    expect(stderr).not.toMatch(/^ +at /m);
  });

  test('a database of another origin is refused with exit code 2, naming both, and left as it was', async () => {
    const db = await server.open();
    await claimOrigin(db, 'live');
    const { code, stderr } = await run(['serve'], folder.path, {
      ...SMALL,
      TICKSCOPE_PORT: '0',
      DATABASE_URL: db.url,
    });
    expect(code).toBe(2);
    expect(stderr).toMatch(/"live".*"simulator:1"/);
    const { rows } = await db.pool.query('select origin from data_origin');
    expect(rows).toEqual([{ origin: 'live' }]);
    // Without a schema too: `migrate` says what it did, and the second time that there is nothing to do.
    const empty = await server.open({ migrated: false });
    const migrate = () => run(['migrate', '--json'], folder.path, { DATABASE_URL: empty.url });
    const applied = JSON.parse((await migrate()).stdout) as { applied: string[] };
    expect(applied.applied).toContain('0001_core');
    expect(JSON.parse((await migrate()).stdout)).toMatchObject({ applied: [] });
  });

  test('a simulator that is not there is a sentence', async () => {
    const port = await freePort();
    const { code, stderr } = await run(['serve'], folder.path, {
      KITE_API_URL: `http://127.0.0.1:${port}`,
      TICKSCOPE_PORT: '0',
    });
    expect(code).toBe(1);
    expect(stderr).toContain(`KITE_API_URL (http://127.0.0.1:${port})`);
  });

  test('a backfill of what nobody knows is refused with exit code 2, and leaves nothing running', async () => {
    const { code, stderr } = await run(['backfill', 'NSE:NOPE'], folder.path, SMALL);
    expect(code).toBe(2);
    expect(stderr).toMatch(/No instrument is called NSE:NOPE/);
  }, 180_000);

  test.each([
    ['an unknown command', ['bogus'], /unknown command 'bogus'/],
    ['an unknown option', ['serve', '--bogus'], /unknown option '--bogus'/],
    ['a date that is none', ['backfill', 'NSE:INFY', '--from', '2026-02-30'], /2026-11-20/],
    ['an interval that is none', ['backfill', 'NSE:INFY', '--interval', '7m'], /1m, 5m, 15m, 1h, 1d/],
    ['a backup that is none', ['restore', '/'], /holds no backup/],
    ['a login without a key', ['login', 'token'], /KITE_API_KEY/],
  ])('%s is refused with exit code 2', async (_what, args, sentence) => {
    const { code, stderr } = await run(args, folder.path);
    expect(code).toBe(2);
    expect(stderr).toMatch(sentence);
  });
});
