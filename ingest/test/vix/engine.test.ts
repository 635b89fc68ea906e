import { afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.js';
import type { Instrument } from '../../src/instruments/instrument.js';
import { createMetrics, type Metrics } from '../../src/metrics.js';
import { createVixEngine, type VixEngine } from '../../src/vix/engine.js';
import { MINUTE_MS, type VixRow } from '../../src/vix/minute.js';
import { VixRules } from '../../src/vix/rules.js';
import { VIX_DEFAULTS } from '../../src/vix/settings.js';
import { eachDatabase, quiet } from '../fixtures/databases.js';

const VIX = 264969;
const INDEX: Instrument = {
  token: VIX,
  symbol: 'INDIA VIX',
  exchange: 'NSE',
  segment: 'INDICES',
  name: 'INDIA VIX',
  instrumentType: 'INDEX',
  expiry: null,
  strike: null,
  optionType: null,
  lotSize: 1,
  tickSize: 0.01,
  underlying: null,
  underlyingToken: null,
  active: true,
};
const START = Date.parse('2026-11-20T09:15:00+05:30');
const minuteAt = (n: number) => START + n * MINUTE_MS;
/** A walk that crosses 15 and 25 and rests; two decimals. */
const walk = (n: number) => Math.round((20 + 9 * Math.sin(n / 40) + Math.sin(n * 1.7)) * 100) / 100;

eachDatabase((server) => {
  let db: Database;
  let now: number;
  let metrics: Metrics;
  let index: Instrument | undefined = INDEX;
  const engines: VixEngine[] = [];

  beforeAll(async () => {
    db = await server.open();
  });
  beforeEach(async () => {
    await db.pool.query('truncate broker_candles, vix_data');
    metrics = createMetrics();
    index = INDEX;
    now = minuteAt(200) + 10_000;
  });
  afterEach(async () => {
    await Promise.all(engines.splice(0).map((engine) => engine.stop()));
  });

  const engine = () => {
    const made = createVixEngine({
      db,
      clock: { now: () => now },
      log: quiet,
      metrics,
      settings: VIX_DEFAULTS,
      index: () => index,
    });
    engines.push(made);
    return made;
  };
  /** Minutes `from` to `to` (exclusive) as the broker's or the feed's. */
  const store = async (from: number, to: number, of: (n: number) => number = walk) => {
    const numbers = Array.from({ length: to - from }, (_, i) => from + i);
    await db.pool.query(
      `insert into broker_candles (instrument_token, interval, bucket, open, high, low, close)
       select $1, '1m', t, c, c + 0.1, c - 0.1, c from unnest($2::timestamptz[], $3::float8[]) u (t, c)
       on conflict (instrument_token, interval, bucket) do update set open = excluded.open, high = excluded.high,
         low = excluded.low, close = excluded.close`,
      [VIX, numbers.map((n) => new Date(minuteAt(n)).toISOString()), numbers.map(of)],
    );
  };
  const stored = async () =>
    (
      await db.pool.query(
        `select (extract(epoch from time) * 1000)::float8 as time, value, change, open, high, low, close, trend, regime,
                mean_20m as mean, published from vix_data order by time`,
      )
    ).rows as VixRow[];
  const versions = async () =>
    (await db.pool.query(`select count(*) as n, min(xmin::text) as a, max(xmin::text) as b from vix_data`))
      .rows[0];
  /** What the rules say of these minutes from the first on. */
  const expected = (numbers: readonly number[], of: (n: number) => number = walk) => {
    const rules = new VixRules(VIX_DEFAULTS);
    return numbers.map((n) => {
      const close = of(n);
      return rules.step({ time: minuteAt(n), open: close, high: close + 0.1, low: close - 0.1, close }).row;
    });
  };
  const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

  it('gives every stored minute that is over one row, by the rules, and none to any other', async () => {
    await store(0, 60);
    await store(75, 201);
    await engine().catchUp();
    const rows = await stored();
    expect(rows).toEqual(expected([...range(0, 60), ...range(75, 200)]));
    expect(new Set(rows.map(({ regime }) => regime)).size).toBeGreaterThan(1);
  });

  it('takes a minute three seconds after its end', async () => {
    await store(0, 3);
    const followed = engine();
    now = minuteAt(2) + 2_900;
    await followed.catchUp();
    expect(await stored()).toHaveLength(1);
    now = minuteAt(2) + 3_000;
    await followed.catchUp();
    expect(await stored()).toHaveLength(2);
  });

  it('changes nothing when done twice, by itself or by another process', async () => {
    await store(0, 201);
    const first = engine();
    await first.catchUp();
    const before = await versions();
    await first.catchUp();
    await engine().catchUp();
    expect(await versions()).toEqual(before);
  });

  it('gives a hole its rows when it was healed, and judges what came after anew', async () => {
    await store(0, 60);
    await store(90, 200);
    const followed = engine();
    await followed.catchUp();
    expect(await stored()).toHaveLength(170);
    await store(60, 90);
    await followed.catchUp();
    expect(await stored()).toEqual(expected(range(0, 200)));
  });

  it('follows a minute that was corrected', async () => {
    await store(0, 200);
    const followed = engine();
    await followed.catchUp();
    const other = (n: number) => (n === 100 ? 40 : walk(n));
    await store(100, 101, other);
    await followed.catchUp();
    expect(await stored()).toEqual(expected(range(0, 200), other));
  });

  it('goes on after a restart in the middle as if there had been none', async () => {
    for (const until of [37, 38, 41, 120, 200]) {
      await store(0, until);
      now = minuteAt(until) + 3_000;
      await engine().catchUp();
    }
    expect(await stored()).toEqual(expected(range(0, 200)));
  });

  it('derives rows again that an older version stored without what the rules need', async () => {
    await store(0, 30);
    await db.pool.query('insert into vix_data (time, value) values ($1, 1)', [
      new Date(minuteAt(10)).toISOString(),
    ]);
    await engine().catchUp();
    expect(await stored()).toEqual(expected(range(0, 30)));
  });

  it('pushes each new minute once that is more than 0.5 % from the last pushed, and no history', async () => {
    const steps = [20, 20.05, 20.2, 20.25, 20.4];
    const of = (n: number) => (n < 195 ? 20 : steps[n - 195]!);
    await store(0, 195, of);
    now = minuteAt(195) + 5_000;
    const told: number[] = [];
    const first = engine();
    first.onPush(({ value }) => told.push(value));
    first.onPush(() => {
      throw new Error('a listener that fails harms nobody');
    });
    await first.catchUp();
    expect(told).toEqual([]);
    for (let n = 195; n < 200; n++) {
      await store(n, n + 1, of);
      now = minuteAt(n + 1) + 5_000;
      await first.catchUp();
    }
    expect(told).toEqual([20.2, 20.4]);
    const second = engine();
    second.onPush(({ value }) => told.push(value));
    await second.catchUp();
    expect(told).toEqual([20.2, 20.4]);
    expect(second.latest()?.value).toBe(20.4);
    await store(199, 200, () => 30); // corrected after it was told: stored, not told again
    await second.catchUp();
    expect(told).toEqual([20.2, 20.4]);
    expect(second.latest()?.value).toBe(30);
  });

  it('publishes value and regime for alert rules', async () => {
    await store(0, 10, () => 37);
    now = minuteAt(10) + 5_000;
    await engine().catchUp();
    const text = await metrics.registry.metrics();
    expect(text).toContain('tickscope_vix_value 37');
    expect(text).toContain('tickscope_vix_regime{regime="EXTREME"} 1');
    expect(text).toContain('tickscope_vix_regime{regime="LOW"} 0');
  });

  it('waits for the index to be among the instruments, and follows by itself once started', async () => {
    await store(0, 200);
    index = undefined;
    const followed = engine();
    followed.start();
    await followed.catchUp();
    expect(await stored()).toEqual([]);
    index = INDEX;
    await expect.poll(async () => (await stored()).length, { timeout: 20_000 }).toBe(200);
    await followed.stop();
    await followed.stop();
  });

  it('is what volatility_regime tells in stretches', async () => {
    await store(0, 200);
    await engine().catchUp();
    const { rows } = await db.pool.query('select regime, minutes from volatility_regime($1, $2)', [
      new Date(minuteAt(0)).toISOString(),
      new Date(minuteAt(300)).toISOString(),
    ]);
    const stretches: Array<{ regime: string; minutes: number }> = [];
    for (const { regime } of expected(range(0, 200))) {
      const last = stretches.at(-1);
      if (last?.regime === regime) last.minutes++;
      else stretches.push({ regime, minutes: 1 });
    }
    expect(rows).toEqual(stretches);
  });
});
