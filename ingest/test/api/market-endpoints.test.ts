import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { createMetrics } from '../../src/metrics.js';
import { black76 } from '../../src/options/black76.js';
import { RUPEE_RATE, YEAR_MS } from '../../src/options/chain.js';
import { createVixEngine } from '../../src/vix/engine.js';
import { VIX_DEFAULTS } from '../../src/vix/settings.js';
import { eachDatabase, quiet } from '../fixtures/databases.js';
import { ask, createHarness, type Harness, openMarket } from './harness.js';
import { DAY, FEED, FUTURE, INFY, ist, NIFTY, NOW, storeBook, VIX } from './market.js';

const CALL = 12_345_858;
const PUT = 12_346_114;
const FAR_CALL = 12_346_370;
const EXPIRES = Date.parse('2025-11-25T15:30:00+05:30');
const SPOT = 26_040;

eachDatabase((server) => {
  let db: Database;
  let harness: Harness;
  beforeAll(async () => {
    db = await openMarket(server);
    harness = await createHarness(db);
    await dayCandles();
    await optionQuotes();
  });
  afterAll(async () => {
    await harness?.stop();
    await db?.close();
  });

  const get = async (url: string, status = 200) => (await ask(harness, url, status)).json();
  const csv = async (url: string) => (await ask(harness, url)).body.trim().split('\r\n');
  const iso = (ms: number) => new Date(ms).toISOString();

  /** Forty days before the fixture's, closes alternating by a percent, volume 100,000; open interest 1,000,000. */
  async function dayCandles() {
    await db.pool.query(
      `insert into broker_candles (instrument_token, interval, bucket, open, high, low, close, volume, open_interest)
       select i.token, '1d', ist_midnight(d.day::date), 1500, 1530, 1470, 1500 * power(1.01, (d.n % 2)::int),
              case when i.instrument_type = 'INDEX' then null else 100000 end,
              case when i.expiry is null then null else 1000000 end
       from instruments i
       cross join (select day, row_number() over (order by day) as n
                   from generate_series(date '2025-09-20', date '2025-11-19', interval '1 day') day
                   where extract(isodow from day) < 6) d
       where i.token = any ($1::bigint[])`,
      [[INFY, NIFTY, VIX, FUTURE, CALL]],
    );
  }

  /** Fair prices at 15 % on a forward that the spot implies, one leg without a time value. */
  async function optionQuotes() {
    await db.pool.query('update quotes_latest set ltp = $2 where instrument_token = $1', [NIFTY, SPOT]);
    const years = (EXPIRES - NOW) / YEAR_MS;
    const forward = SPOT * Math.exp(RUPEE_RATE * years);
    const quote = async (token: number, type: 'CE' | 'PE', strike: number, oi: number, price?: number) => {
      const fair = price ?? black76({ type, forward, strike, years, rate: RUPEE_RATE }, 0.15);
      await db.pool.query(
        `insert into quotes_latest (time, seq, instrument_token, ltp, high, low, volume, open_interest, previous_close,
           is_trade, in_session, time_source, broker, received_at)
         values ($2, 1, $1, $3, $3, $3, 5000, $4, 100, true, true, 't', 'test', $2)`,
        [token, iso(NOW - 1_000), fair, oi],
      );
    };
    await quote(CALL, 'CE', 26_000, 1_200_000);
    await quote(PUT, 'PE', 26_000, 600_000);
    await quote(FAR_CALL, 'CE', 26_500, 300_000, 0.01);
  }

  describe('movers', () => {
    const infy = async (query: string) =>
      (await get(`/api/movers?${query}`)).movers.find(
        (mover: { instrument: { token: number } }) => mover.instrument.token === INFY,
      );
    const priceAt = async (ms: number) => {
      const { rows } = await db.pool.query(
        'select ltp from tick_data where instrument_token = $1 and time < $2 order by time desc limit 1',
        [INFY, iso(ms)],
      );
      return rows[0].ltp as number;
    };

    it('measures against the previous close, the open, or the last price so many minutes ago', async () => {
      const last = await priceAt(NOW);
      const day = await infy('window=day');
      expect(day).toMatchObject({ reference: 1495, open: 1490, high: 1519, low: 1481, lastPrice: last });
      expect((await infy('window=open')).reference).toBe(1490);
      for (const [window, minutes] of [
        ['1m', 1],
        ['5m', 5],
        ['15m', 15],
      ] as const) {
        const mover = await infy(`window=${window}`);
        const asOf = Date.parse((await get(`/api/movers?window=${window}`)).asOf);
        const reference = await priceAt(asOf - minutes * 60_000);
        expect(mover.reference, window).toBe(reference);
        expect(mover.change).toBeCloseTo(last - reference, 6);
        expect(mover.changePercent).toBeCloseTo(((last - reference) / reference) * 100, 6);
      }
    });

    it('takes the broker’s minute for a price inside a hole', async () => {
      harness.setNow(ist('10:14:30'));
      await db.pool.query('update day_state set last_trade_time = $2 where instrument_token = $1', [
        INFY,
        iso(ist('10:14:29')),
      ]);
      const { rows } = await db.pool.query(
        `select close from broker_candles where instrument_token = $1 and interval = '1m' and bucket = $2`,
        [INFY, iso(ist('10:08'))],
      );
      // 10:00 to 10:12 was not heard; five minutes before 10:14:29 the minute of 10:08 is the last that was over.
      expect((await infy('window=5m')).reference).toBe(rows[0].close);
      harness.setNow(NOW);
      await db.pool.query('update day_state set last_trade_time = $2 where instrument_token = $1', [
        INFY,
        iso(NOW - 5_000),
      ]);
    });

    it('gives the day’s volume over the mean of the five days before, and ranks by it', async () => {
      const mover = await infy('by=volume');
      expect(mover.volumeRatio).toBeCloseTo(mover.volume / 100_000, 9);
      const ranked = (await get('/api/movers?by=volume_ratio&segment=')).movers;
      const ratios = ranked.map((row: { volumeRatio: number | null }) => row.volumeRatio ?? -1);
      expect(ratios).toEqual([...ratios].sort((a, b) => b - a));
      const index = (await get('/api/movers?segment=INDICES')).movers[0];
      expect(index).toMatchObject({ volume: null, volumeRatio: null, openInterest: null });
    });

    it('refuses what is no order or window, and gives csv', async () => {
      await get('/api/movers?window=2m', 400);
      await get('/api/movers?by=size', 400);
      const lines = await csv('/api/movers?format=csv');
      expect(lines[0]).toContain('reference,change,changePercent,volume,volumeRatio');
      expect(lines).toHaveLength(2);
    });
  });

  it('ranks historical volatility', async () => {
    const { instruments, days } = await get('/api/volatility?days=20');
    expect(days).toBe(20);
    expect(instruments).toHaveLength(1);
    const step = Math.log(1.01);
    const returns = Array.from({ length: 20 }, (_, i) => (i % 2 === 0 ? step : -step));
    const deviation = Math.sqrt(returns.reduce((sum, r) => sum + r * r, 0) / 19);
    expect(instruments[0]).toMatchObject({ instrument: { token: INFY }, sessions: 20 });
    expect(instruments[0].volatilityPercent).toBeCloseTo(deviation * Math.sqrt(252) * 100, 6);
    expect((await get('/api/volatility?segment=INDICES')).instruments).toHaveLength(2);
    await get('/api/volatility?days=1', 400);
    expect(await csv('/api/volatility?format=csv')).toHaveLength(2);
  });

  it('tells who opens and who closes positions', async () => {
    const { instruments, date } = await get('/api/oi/buildup');
    expect(date).toBe(DAY);
    expect(instruments).toHaveLength(1);
    const [future] = instruments;
    expect(future.instrument.token).toBe(FUTURE);
    expect(future.openInterestChange).toBe(future.openInterest - 1_000_000);
    const rising = future.changePercent > 0;
    expect(future.buildup).toBe(rising ? 'long_buildup' : 'short_buildup');
    await db.pool.query('update day_state set open_interest = 900000 where instrument_token = $1', [FUTURE]);
    const after = (await get('/api/oi/buildup?underlying=NIFTY')).instruments[0];
    expect(after).toMatchObject({
      openInterestChange: -100_000,
      openInterestChangePercent: -10,
      buildup: rising ? 'short_covering' : 'long_unwinding',
    });
    expect((await get('/api/oi/buildup?underlying=NOPE')).instruments).toEqual([]);
  });

  it('lays out a chain with changes, implied volatility, max pain and the time that is left', async () => {
    const chain = await get('/api/chain?underlying=NIFTY');
    expect(chain).toMatchObject({
      expiry: '2025-11-25',
      daysToExpiry: 5,
      sessionsToExpiry: 4,
      atmStrike: 26_000,
    });
    expect(chain.spot).toMatchObject({ instrument: { token: NIFTY }, price: SPOT });
    const [money, far] = chain.strikes;
    expect(money.call.iv).toBeCloseTo(0.15, 6);
    expect(money.put.iv).toBeCloseTo(0.15, 6);
    expect(money.call).toMatchObject({ openInterest: 1_200_000, openInterestChange: 200_000 });
    expect(money.call.change).toBeCloseTo(money.call.lastPrice - 100, 6);
    expect(money.call.changePercent).toBeCloseTo(money.call.lastPrice - 100, 6);
    expect(money.put.openInterestChange).toBeNull(); // nothing is known of the day before
    expect(far.call.iv).toBeNull(); // one paisa is no price
    expect(chain.totals).toEqual({
      callOpenInterest: 1_500_000,
      putOpenInterest: 600_000,
      putCallRatio: 0.4,
      maxPain: 26_000,
    });
    const lines = await csv('/api/chain?underlying=NIFTY&format=csv');
    expect(lines[0]).toContain('openInterestChange,iv,bidPrice');
    await get('/api/chain?underlying=NIFTY&expiry=2030-01-01', 404);
  });

  it('knows the spot before the first tick of the day: the last close', async () => {
    await db.pool.query('delete from quotes_latest where instrument_token = $1', [NIFTY]);
    await db.pool.query('delete from day_state where instrument_token = $1', [NIFTY]);
    const { spot } = await get('/api/chain?underlying=NIFTY');
    expect(spot.price).toBeGreaterThan(1_400);
  });

  it('lists what there is to choose from', async () => {
    const { underlyings } = await get('/api/underlyings');
    expect(underlyings).toEqual([
      {
        underlying: 'NIFTY',
        futures: 1,
        options: 3,
        instrument: { token: NIFTY, symbol: 'NIFTY 50', exchange: 'NSE' },
      },
    ]);
    expect(await get('/api/strikes?underlying=NIFTY')).toMatchObject({
      expiry: '2025-11-25',
      strikes: [26_000, 26_500],
    });
    expect((await get('/api/strikes?underlying=NOPE', 404)).error.message).toContain('/api/expiries');
    await get('/api/strikes?underlying=NIFTY&expiry=tomorrow', 400);
    expect((await get('/api/exchanges')).exchanges).toEqual([
      { exchange: 'NFO', segments: ['NFO-FUT', 'NFO-OPT'] },
      { exchange: 'NSE', segments: ['INDICES', 'NSE'] },
    ]);
    expect((await get('/api/watchlists')).watchlists).toEqual([{ name: 'indices', instruments: 2 }]);
    const { instruments } = await get('/api/watchlists/indices');
    expect(instruments.map((row: { token: number }) => row.token)).toEqual([NIFTY, VIX]);
    await get('/api/watchlists/none', 404);
  });

  it('gives spread and imbalance: the last book of each step', async () => {
    await storeBook(db, INFY, NOW - 61_000, 2, 149_000);
    await storeBook(db, INFY, NOW - 65_000, 3, 148_000);
    const { series, stepMs } = await get(
      `/api/depth/spread?instrument=NSE:INFY&from=${NOW - 120_000}&to=${NOW}&step_ms=60000`,
    );
    expect(stepMs).toBe(60_000);
    expect(series).toHaveLength(2);
    expect(series[0]).toMatchObject({ time: iso(NOW - 61_000), mid: 1490, spread: 0.1 });
    expect(series[0].spreadBps).toBeCloseTo((0.1 / 1490) * 10_000, 9);
    // Bids of 100 to 500, asks of 7 more each: (1500 - 1535) / 3035.
    expect(series[0].imbalance).toBeCloseTo(-35 / 3035, 9);
    expect((await get(`/api/depth/spread?instrument=${NIFTY}`)).series).toEqual([]);
    const refused = await get('/api/depth/spread?instrument=NSE:INFY&step_ms=100', 400);
    expect(refused.error.message).toContain('longer step');
    expect(await csv('/api/depth/spread?instrument=NSE:INFY&format=csv')).not.toHaveLength(1);
  });

  describe('VIX', () => {
    beforeAll(async () => {
      const engine = createVixEngine({
        db,
        clock: { now: () => NOW + 3_000 }, // the minute that ends now is settled
        log: quiet,
        metrics: createMetrics(),
        settings: VIX_DEFAULTS,
        index: () => ({ token: VIX }) as never,
      });
      await engine.catchUp();
      await engine.stop();
    });

    it('serves the rows of the engine and how it stands now', async () => {
      const { series } = await get(`/api/vix?from=${DAY}`);
      expect(series).toHaveLength(340); // the minutes of the fixture but those of the hole that nobody healed
      expect(series[0]).toMatchObject({ regime: 'EXTREME', trend: expect.stringMatching(/UP|DOWN|STABLE/) });
      const { current, regime } = await get('/api/vix/regime');
      const last = series.at(-1);
      expect(regime).toBe('EXTREME');
      expect(current).toMatchObject({
        time: last.time,
        value: last.value,
        trend: last.trend,
        regime: 'EXTREME',
        open: 1490,
        high: 1519,
        low: 1481,
      });
      expect(current.changePercent).toBeCloseTo(((last.value - 1495) / 1495) * 100, 9);
      const closes = await db.pool.query(
        `select close from candles_1d where instrument_token = $1 and bucket < ist_midnight($2)`,
        [VIX, DAY],
      );
      const below = closes.rows.filter(({ close }) => close <= last.value).length;
      expect(current.percentileYear).toBeCloseTo((100 * (below + 1)) / (closes.rows.length + 1), 9);
      const recent = series.slice(-20).map((row: { value: number }) => row.value);
      expect(current.mean20).toBeCloseTo(recent.reduce((a: number, b: number) => a + b, 0) / 20, 9);
    });

    it('marks holes, repairs, regimes, spikes and sessions as events', async () => {
      await db.pool.query('delete from vix_data');
      await db.pool.query(
        `insert into vix_data (time, value, regime)
         select m, case when m < $1::timestamptz then 20 else 22 end, case when m < $1::timestamptz then 'NORMAL' else 'HIGH' end
         from generate_series($1::timestamptz - interval '10 minutes', $1::timestamptz + interval '20 minutes', interval '1 minute') m`,
        [iso(ist('11:00'))],
      );
      await db.pool.query(
        `insert into data_gaps (feed, gap_start, gap_end, instruments, cause, status, attempts, recovered_at, source)
         values ($1, $2, $3, 4, 'disconnect', 'RECOVERED', 1, $4, 'HISTORICAL_API')`,
        [FEED, iso(ist('10:00')), iso(ist('10:12')), iso(ist('10:15'))],
      );
      const { events } = await get(`/api/events?from=${DAY}&to=${DAY}`);
      const of = (kind: string) => events.filter((event: { kind: string }) => event.kind === kind);
      expect(events.map((event: { time: string }) => event.time)).toEqual(
        events.map((event: { time: string }) => event.time).sort(),
      );
      expect(of('hole')).toMatchObject([
        { time: iso(ist('10:00')), timeEnd: iso(ist('10:12')), instrument: null },
        { time: iso(ist('14:20')), timeEnd: iso(ist('14:25')), text: 'Nothing was heard for 5 min.' },
      ]);
      expect(of('repair')).toMatchObject([{ time: iso(ist('10:00')), timeEnd: iso(ist('10:12')) }]);
      expect(of('regime')).toMatchObject([
        { time: iso(ist('11:00')), timeEnd: null, title: 'Volatility NORMAL → HIGH' },
      ]);
      expect(of('vix_spike')).toMatchObject([
        { time: iso(ist('11:00')), timeEnd: iso(ist('11:05')), title: 'INDIA VIX +10.0 % in 5 minutes' },
      ]);
      expect(
        of('session').map((event: { time: string; title: string }) => [event.time, event.title]),
      ).toEqual([
        [iso(ist('09:15')), 'Session opens'],
        [iso(ist('15:30')), 'Session closes'],
      ]);
      const own = await get(`/api/events?from=${DAY}&to=${DAY}&instrument=NSE:INFY&kinds=hole,session`);
      expect(own.events.map((event: { kind: string }) => event.kind)).toEqual(['session', 'hole', 'session']);
      expect(own.events[1]).toMatchObject({ instrument: 'NSE:INFY', title: 'Hole: stall' });
      expect((await get('/api/events?kinds=nope', 400)).error.message).toContain('vix_spike');
      await get('/api/events?instrument=NSE:NOPE', 404);
      expect((await csv(`/api/events?from=${DAY}&to=${DAY}&format=csv`))[0]).toBe(
        'time,timeEnd,kind,title,text,instrument',
      );
    });
  });

  it('lets a reader see everything that answers come from', async () => {
    const client = await db.connect('reader test');
    await client.query('set role tickscope_reader');
    for (const table of ['vix_data', 'day_state', 'data_gaps', 'watchlists', 'depth_books', 'candles_1d']) {
      await client.query(`select * from ${table} limit 1`);
    }
    await client.query(`select mean_20m, published from vix_data`);
    await client.query(`select * from volatility_regime('2025-11-20', '2025-11-21')`);
    await client.end();
  });
});
