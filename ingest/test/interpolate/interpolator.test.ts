import { beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { GapLedger } from '../../src/gaps/ledger.js';
import { Interpolator } from '../../src/interpolate/interpolator.js';
import { createHarness } from '../api/harness.js';
import { at, INFY, NIFTY, TCS } from '../batch/market.js';
import { eachDatabase, quiet } from '../fixtures/databases.js';
import { openStreamDatabase } from '../stream/streaming.js';
import { FEED, pipelineOn } from '../write/writing.js';

const second = (n: number) => at('10:00') + n * 1_000;
/** Where the connection is cut, and for how long in milliseconds. */
const CUTS = [
  { n: 70, ms: 400 },
  { n: 140, ms: 1_400 },
  { n: 210, ms: 3_000 },
  { n: 280, ms: 7_000 },
  { n: 350, ms: 1_400 },
] as const;
const END = 420;

interface Row {
  token: number;
  at: number;
  price: number | null;
  volume: number | null;
  method: string;
  confidence: number;
  gap_id: number;
  length: number;
}

eachDatabase((server) => {
  let db: Database;
  let interpolator: Interpolator;
  let metrics: ReturnType<typeof pipelineOn>['metrics'];
  const clock = { now: () => second(END + 1) };
  const stored = async () =>
    (
      await db.pool.query<Row>(`
        select instrument_token as token, round(extract(epoch from time) * 1000)::float8 as at, price, volume, method,
               confidence, gap_id, round(extract(epoch from gap_to - gap_from) * 1000)::float8 as length
        from interpolated_data order by instrument_token, time`)
    ).rows;
  const of = async (token: number, n: number) =>
    (await stored()).filter((row) => row.token === token && row.at >= second(n) && row.at < second(n + 10));

  /** NIFTY and INFY tick every second, 200 ms after it; TCS never trades. The connection is cut as `CUTS` says. */
  beforeAll(async () => {
    db = await openStreamDatabase(server);
    await db.pool.query(
      `insert into vix_data (time, value, regime) values ($1, 12, 'NORMAL'), ($2, 27, 'HIGH')`,
      [new Date(second(-60)), new Date(second(300))],
    );
    const writing = pipelineOn(db, second(-1));
    ({ metrics } = writing);
    const { pipeline, hear } = writing;
    await pipeline.start();
    const say = (received: number, n: number, price = 0) =>
      hear(
        received,
        { token: NIFTY, ltp: 2_500_000 + n * 10, sent: second(n) },
        { token: INFY, ltp: 150_000 + price, volume: 1_000 + n * 60 + price, traded: second(n) },
        { token: TCS, ltp: 300_000, volume: 77, traded: second(-600), sent: second(-600) },
      );
    pipeline.sink.connected(FEED, second(-1), [NIFTY, INFY, TCS]);
    let n = 0;
    for (const cut of CUTS) {
      for (; n <= cut.n; n++) say(second(n) + 200, n);
      const received = second(cut.n) + 200 + cut.ms;
      pipeline.sink.disconnected(FEED, second(cut.n) + 250, 'disconnect');
      pipeline.sink.connected(FEED, received - 50, [NIFTY, INFY, TCS]);
      n = Math.floor((received - second(0)) / 1_000);
      say(received, n, 40);
      n++;
    }
    for (; n < END; n++) say(second(n) + 200, n);
    pipeline.sink.alive(FEED, second(END));
    expect(await pipeline.stop()).toBe(0);
    const ledger = new GapLedger({ db, clock, log: quiet, settleSeconds: 2 });
    await ledger.pass();
    await ledger.pass();
    interpolator = new Interpolator({ db, clock, log: quiet, metrics });
    await interpolator.look();
  }, 180_000);

  test('a hole of 0.4 s by receipt is filled on the line, though coverage counts in seconds', async () => {
    const rows = await of(INFY, 70);
    expect(rows.map(({ at, method }) => [at - second(70), method])).toEqual([
      [100, 'linear'],
      [200, 'linear'],
      [300, 'linear'],
    ]);
    expect(rows.map(({ price }) => price)).toEqual([1500.1, 1500.2, 1500.3]);
    expect(rows.map(({ volume }) => volume)).toEqual([10, 10, 10]);
    expect(rows[0]).toMatchObject({ length: 400, confidence: 0.84 });
    expect((await of(NIFTY, 70)).map(({ volume }) => volume)).toEqual([null, null, null]);
  });

  test('one of 1.4 s keeps the last price, or the average price in a volatile market', async () => {
    expect((await of(INFY, 140)).map(({ method, price, volume }) => [method, price, volume])).toEqual([
      ['last_known', 1500, 0],
      ['last_known', 1500, 0],
    ]);
    const volatile = await of(INFY, 350);
    expect(volatile.map(({ method, volume }) => [method, volume])).toEqual([
      ['vwap', 30],
      ['vwap', 30],
    ]);
    expect(volatile[0]!.price).toBeGreaterThanOrEqual(1500);
    expect(volatile[0]!.confidence).toBeLessThan(0.5);
    expect((await of(NIFTY, 350))[0]!.method).toBe('last_known');
  });

  test('one of 3 s is marked missing, one of 7 s is left to the broker', async () => {
    expect(await of(INFY, 210)).toMatchObject([
      { method: 'missing', price: null, volume: null, confidence: 0, length: 3_000 },
    ]);
    expect(await of(INFY, 280)).toEqual([]);
  });

  test('what is proven quiet needs no guess, and every guess names its hole', async () => {
    const rows = await stored();
    expect(rows.filter(({ token }) => token === TCS)).toEqual([]);
    const { rows: gaps } = await db.pool.query<{ id: number; n: number }>(
      `select g.id, count(d.*) as n from data_gaps g left join interpolated_data d on d.gap_id = g.id
       where g.kind = 'connection' group by g.id order by g.id`,
    );
    expect(gaps.length).toBeGreaterThanOrEqual(4);
    expect(gaps.reduce((sum, { n }) => sum + n, 0)).toBe(rows.length);
  });

  test('a second look, also of another process, finds nothing to do', async () => {
    const before = await stored();
    expect(await interpolator.look()).toBe(0);
    expect(await new Interpolator({ db, clock, log: quiet, metrics }).look()).toBe(0);
    expect(await stored()).toEqual(before);
    await db.pool.query(`update data_gaps set interpolated_to = '-infinity'`);
    await interpolator.look();
    expect(await stored()).toEqual(before);
  });

  test('ticks and candles know nothing of it; who asks gets it apart, zero fill only by that name', async () => {
    const before = await db.pool.query(
      'select count(*) as n from tick_data where received_at between $1 and $2',
      [new Date(second(70) + 201), new Date(second(70) + 599)],
    );
    expect(before.rows[0].n).toBe(0);
    const api = await createHarness(db);
    api.setNow(second(END));
    const ask = async (extra: string) => {
      const from = new Date(second(60)).toISOString();
      const to = new Date(second(260)).toISOString();
      const answer = await api.api.app.inject(
        `/api/ticks?instrument=NSE:INFY&from=${from}&to=${to}&limit=1000${extra}`,
      );
      return { status: answer.statusCode, body: answer.json() };
    };
    const plain = (await ask('')).body;
    expect(plain).not.toHaveProperty('interpolated');
    const asked = (await ask('&fill=interpolated')).body;
    expect(asked.ticks).toEqual(plain.ticks);
    const methods = (list: Array<{ method: string }>) => list.map(({ method }) => method);
    expect(methods(asked.interpolated)).toEqual([
      'missing',
      'last_known',
      'last_known',
      'linear',
      'linear',
      'linear',
    ]);
    expect(asked.interpolated[0]).toMatchObject({ price: null, confidence: 0, gapId: expect.any(Number) });
    const zero = (await ask('&fill=zero')).body.interpolated;
    expect(methods(zero).slice(0, 5)).toEqual(Array(5).fill('zero'));
    expect(zero[0]).toMatchObject({ volume: 0, price: 1500 });
    expect(zero[0].confidence).toBeGreaterThan(0.2);
    expect((await ask('&fill=zero&format=csv')).status).toBe(400);
    await api.stop();
  });
});
