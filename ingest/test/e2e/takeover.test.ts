import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.js';
import { onPlainPostgres } from '../fixtures/databases.js';
import { emptyFolder, run, Tickscope } from './process.js';

/*
 * Two real processes and one database: a deploy's overlap, a crash with a stand-by, a database that throws its writer
 * out. Each process has a folder of its own, as on two machines: a successor has no spool of the one before.
 */

const READY_WITHIN_MS = 120_000;
/** "write" in ASCII: the lock that the one writer holds. */
const WRITER_LOCK = 0x7772697465;
const KEYS = { apiKey: 'some-key', accessToken: 'some-token', apiSecret: 'some-secret' };

const server = onPlainPostgres();
let simulator: Simulator;
const cleanUp: Array<() => Promise<unknown>> = [];

beforeAll(async () => {
  simulator = await startSimulator({ port: 0, calendar: 'nonstop', instruments: 60, rate: 400, ...KEYS });
});
afterAll(async () => {
  for (const step of cleanUp.toReversed()) await step();
  await simulator.stop();
});

class Machine {
  private constructor(
    readonly folder: string,
    readonly env: Record<string, string>,
  ) {}

  static async of(db: Database): Promise<Machine> {
    const folder = await emptyFolder();
    cleanUp.push(folder.remove);
    return new Machine(folder.path, {
      DATABASE_URL: db.url,
      KITE_API_KEY: KEYS.apiKey,
      KITE_ACCESS_TOKEN: KEYS.accessToken,
      KITE_API_URL: simulator.url,
      KITE_TICKER_URL: simulator.wsUrl,
      TICKSCOPE_PORT: '0',
      INSTRUMENTS: 'NSE:NIFTY 50,NSE:INFY,NSE:RELIANCE,NSE:TCS,NSE:SBIN',
    });
  }

  serve(...flags: string[]): Tickscope {
    const service = new Tickscope(['serve', ...flags], this.folder, this.env);
    cleanUp.push(() => service.kill());
    return service;
  }
}

const rowsOf = async <T extends object>(db: Database, sql: string) => (await db.pool.query<T>(sql)).rows;
const ticksOf = async (db: Database) =>
  (await rowsOf<{ n: number }>(db, 'select count(*) as n from tick_data'))[0]!.n;

const lastTick = async (db: Database) =>
  (await rowsOf<{ at: string }>(db, 'select max(received_at)::text as at from tick_data'))[0]!.at;

/** Until so many more ticks are in the database. */
async function written(db: Database, more: number, service: Tickscope): Promise<void> {
  const before = await ticksOf(db).catch(() => 0);
  await expect
    .poll(
      async () => {
        if (service.child.exitCode !== null) throw new Error(`It ended: ${service.output}`);
        return ticksOf(db).catch(() => 0);
      },
      { timeout: READY_WITHIN_MS, interval: 100 },
    )
    .toBeGreaterThan(before + more);
}

const onceEach = async (db: Database) =>
  (
    await rowsOf<{ twice: number }>(
      db,
      'select count(*) - count(distinct (instrument_token, seq)) as twice from tick_data',
    )
  )[0]!.twice;

describe('a second serve on the same database', () => {
  test('is refused, or waits and takes over: from one that stops and from one that is killed, and each pause is a hole on record', async () => {
    const db = await server.open();
    const first = (await Machine.of(db)).serve();
    await written(db, 50, first);

    const refused = await Machine.of(db);
    const answer = await run(['serve'], refused.folder, refused.env);
    expect(answer.code, answer.stderr).toBe(2);
    expect(answer.stderr).toMatch(new RegExp(`process ${first.child.pid} on \\S+, since 20\\S+Z`));

    const second = (await Machine.of(db)).serve('--wait');
    const waitsFor = (waiting: Tickscope, holder: Tickscope) =>
      expect
        .poll(() => waiting.stderr, { timeout: READY_WITHIN_MS })
        .toMatch(new RegExp(`process ${holder.child.pid} on [^\\n]*Waiting until`));
    await waitsFor(second, first);
    await written(db, 50, first);
    first.child.kill('SIGTERM');
    expect(await first.exit, first.output).toBe(0);
    const left = await ticksOf(db);
    const lastTicks = [await lastTick(db)];
    await written(db, 100, second);
    expect(second.child.exitCode).toBeNull();

    const third = (await Machine.of(db)).serve('--wait');
    await waitsFor(third, second);
    await written(db, 50, second);
    second.child.kill('SIGKILL');
    await second.exit;
    await new Promise((resolve) => setTimeout(resolve, 200)); // a commit that was on its way
    lastTicks.push(await lastTick(db));
    expect(await ticksOf(db)).toBeGreaterThan(left);
    await written(db, 100, third);

    // Between the last tick of the one and the first of the next nobody listened, whatever coverage claims.
    const span = `(select since, (select min(received_at) from tick_data where received_at > since) as till
                   from (values ${lastTicks.map((at) => `('${at}'::timestamptz)`)}) v (since)) p`;
    // Exchange times are whole seconds.
    expect(
      await rowsOf(
        db,
        `select * from ${span} join live_coverage c
           on c.covered_from < p.since + interval '1 second' and c.covered_to > p.till - interval '1 second'`,
      ),
    ).toEqual([]);
    expect(
      await rowsOf(
        db,
        `select * from ${span} join candles_1m c on c.bucket < p.till - interval '1 second'
           and c.bucket + interval '1 minute' > p.since + interval '1 second'
         where c.complete and c.source = 'ticks'`,
      ),
    ).toEqual([]);
    const unrecorded = () =>
      rowsOf(
        db,
        `select p.* from ${span} where not exists (select from data_gaps g where g.cause = 'restart'
           and g.gap_start < p.since + interval '1 second' and coalesce(g.gap_end, 'infinity') > p.till - interval '1 second')`,
      );
    await expect.poll(unrecorded, { timeout: 30_000 }).toEqual([]);
    expect(await onceEach(db)).toBe(0);
    third.child.kill('SIGTERM');
    expect(await third.exit, third.output).toBe(0);
  }, 300_000);
});

describe('a writer whose database sessions are ended', () => {
  test('wins its place again and goes on; once another has it, it writes nothing more and ends naming that one', async () => {
    const db = await server.open();
    const machine = await Machine.of(db);
    const service = machine.serve();
    await written(db, 50, service);
    const throwOut = (names: string) =>
      db.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity
         where datname = current_database() and pid <> pg_backend_pid() and application_name like $1`,
        [names],
      );
    await throwOut('tickscope %');
    await written(db, 100, service);
    const refused = await Machine.of(db);
    const answer = await run(['serve'], refused.folder, refused.env);
    expect([answer.code, answer.stderr]).toEqual([
      2,
      expect.stringContaining(`process ${service.child.pid}`),
    ]);

    // Another stands in line: it has the place the instant that the session of the first is gone.
    const other = await db.connect('tickscope writer 1 2026-11-20T04:00:00Z elsewhere');
    const place = other.query('select pg_advisory_lock($1)', [WRITER_LOCK]);
    await expect
      .poll(() => rowsOf(db, `select from pg_locks where locktype = 'advisory' and not granted`), {
        timeout: 20_000,
      })
      .toHaveLength(1);
    await throwOut(`tickscope writer ${service.child.pid} %`);
    await place;
    // A commit that was on its way when the place changed hands may arrive.
    await new Promise((resolve) => setTimeout(resolve, 200));
    const atChange = await ticksOf(db);
    expect(await service.exit, service.output).toBe(1);
    expect(service.stderr).toContain('process 1 on elsewhere');
    expect(await ticksOf(db)).toBe(atChange);
    await other.end();

    // What it had received and could not write lies in its spool: its next turn brings it in.
    const again = machine.serve();
    await expect
      .poll(() => again.output, { timeout: READY_WITHIN_MS })
      .toContain('Brought in what the last process left in the spool');
    await written(db, 50, again);
    expect(await onceEach(db)).toBe(0);
    again.child.kill('SIGTERM');
    expect(await again.exit, again.output).toBe(0);
  }, 300_000);
});
