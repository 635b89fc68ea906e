import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { InstrumentRegistry } from '../../src/instruments/registry.js';
import { eachDatabase } from '../fixtures/databases.js';
import { ask, createHarness, type Harness, openMarket } from './harness.js';
import { DAY, FUTURE, INFY, ist, NIFTY, NOW, RELIANCE } from './market.js';

eachDatabase((server) => {
  let db: Database;
  let harness: Harness;
  beforeAll(async () => {
    db = await openMarket(server);
    harness = await createHarness(db);
  });
  afterAll(async () => {
    await harness?.stop();
    await db?.close();
  });

  const get = async (url: string, status = 200) => (await ask(harness, url, status)).json();
  const text = (url: string) => ask(harness, url);

  describe('candles', () => {
    it('answers in the shape of the contract, with times in UTC and numbers as numbers', async () => {
      const answer = await get(`/api/candles?instrument=NSE:INFY&interval=1m&from=${DAY}&to=${DAY}`);
      expect(answer).toMatchObject({
        instrument: { token: INFY, symbol: 'INFY', exchange: 'NSE' },
        interval: '1m',
        origin: 'simulator:1',
        backfilled: 0,
        warnings: [],
      });
      expect(answer.candles).toHaveLength(340); // 09:15 to 15:00 less the hole 14:20-14:25
      expect(answer.candles[0]).toEqual({
        time: '2025-11-20T03:45:00.000Z',
        open: expect.any(Number),
        high: expect.any(Number),
        low: expect.any(Number),
        close: expect.any(Number),
        volume: 480,
        openInterest: null,
        trades: 12,
        vwap: expect.any(Number),
        source: 'ticks',
        complete: true,
      });
      expect(answer.gaps).toEqual([
        { from: '2025-11-20T08:50:00.000Z', to: '2025-11-20T08:55:00.000Z', reason: 'stall' },
      ]);
      expect(answer.candles.filter((c: { source: string }) => c.source === 'broker')).toHaveLength(12);
    });

    it('takes a token, epoch milliseconds and ISO with a zone for the same question', async () => {
      const a = await get(`/api/candles?instrument=${INFY}&from=${ist('09:15')}&to=${ist('09:30')}`);
      const b = await get(
        '/api/candles?instrument=NSE:INFY&from=2025-11-20T09:15:00%2B05:30&to=2025-11-20T04:00:00Z',
      );
      const c = await get(
        '/api/candles?instrument=nse:infy&from=2025-11-20T09:15:00+05:30&to=2025-11-20T04:00:00Z',
      );
      expect(a.candles).toHaveLength(15);
      expect(b).toEqual(a);
      expect(c).toEqual(a);
    });

    it('takes the same by POST, named as the contract names it', async () => {
      const response = await harness.api.app.inject({
        method: 'POST',
        url: '/api/candles',
        payload: { instrument_token: NIFTY, from_date: DAY, to_date: DAY, interval: '15m' },
      });
      expect(response.statusCode, response.body).toBe(200);
      const body = response.json();
      expect(body.instrument.symbol).toBe('NIFTY 50');
      expect(body.candles).toHaveLength(23);
      expect(body.candles[0].volume).toBeNull();
    });

    it('answers a batch in its order, and an unknown instrument by itself', async () => {
      const response = await harness.api.app.inject({
        method: 'POST',
        url: '/api/candles/batch',
        payload: { instruments: ['NSE:INFY', 'NSE:NOPE', NIFTY], from: DAY, to: DAY, interval: '5m' },
      });
      const { results } = response.json();
      expect(results.map((r: { requested: string }) => r.requested)).toEqual([
        'NSE:INFY',
        'NSE:NOPE',
        String(NIFTY),
      ]);
      expect(results[0].candles.length).toBeGreaterThan(60);
      expect(results[1].error.code).toBe('unknown_instrument');
      expect(results[2].instrument.token).toBe(NIFTY);
    });

    it('gives csv with the same rows', async () => {
      const response = await text(`/api/candles?instrument=NSE:INFY&from=${DAY}&to=${DAY}&format=csv`);
      expect(response.headers['content-type']).toContain('text/csv');
      const lines = response.body.trim().split('\r\n');
      expect(lines[0]).toBe('time,open,high,low,close,volume,openInterest,trades,vwap,source,complete');
      expect(lines).toHaveLength(341);
    });
  });

  it('quotes several instruments in the order asked, with change against the previous close', async () => {
    const { quotes, origin } = await get(
      '/api/quote?instrument=NSE:INFY,NSE:NIFTY 50&instrument=NSE:RELIANCE',
    );
    expect(origin).toBe('simulator:1');
    expect(quotes.map((q: { instrument: { token: number } }) => q.instrument.token)).toEqual([
      INFY,
      NIFTY,
      RELIANCE,
    ]);
    const [infy, nifty, reliance] = quotes;
    expect(infy.change).toBeCloseTo(infy.lastPrice - 1495, 6);
    expect(infy.changePercent).toBeCloseTo(((infy.lastPrice - 1495) / 1495) * 100, 6);
    expect(infy).toMatchObject({ open: 1490, high: 1519, low: 1481, averagePrice: 1500, openInterest: null });
    expect(infy.volume).toBe(4140 * 40);
    expect(infy.bid.price).toBeLessThan(infy.ask.price);
    expect(nifty.volume).toBeNull();
    expect(reliance).toMatchObject({ lastPrice: null, time: null, change: null });
  });

  it('gives ticks newest first, and depth now and then', async () => {
    const { ticks } = await get('/api/ticks?instrument=NSE:INFY&limit=3');
    expect(ticks).toHaveLength(3);
    expect(ticks[0]).toMatchObject({
      time: '2025-11-20T09:29:55.000Z',
      isTrade: true,
      timeSource: 't',
      volumeDelta: 40,
    });
    expect(ticks[0].seq).toBeGreaterThan(ticks[1].seq);
    const depth = await get('/api/depth?instrument=NSE:INFY');
    expect(depth.bids[0]).toEqual({ price: 1499.95, quantity: 100, orders: 1 });
    expect(depth.asks[4]).toEqual({ price: 1500.25, quantity: 507, orders: 10 });
    expect(await get(`/api/depth?instrument=${NIFTY}`)).toMatchObject({ time: null, bids: [], asks: [] });
    const { books } = await get('/api/depth/history?instrument=NSE:INFY');
    expect(books).toHaveLength(1);
    const csv = await text('/api/depth?instrument=NSE:INFY&format=csv');
    expect(csv.body.split('\r\n')[1]).toBe('2025-11-20T09:29:59.000Z,bid,1,1499.95,100,1');
  });

  it('makes open interest and vwap of the same candles', async () => {
    const { series } = await get(`/api/oi?instrument=${FUTURE}&interval=15m&from=${DAY}&to=${DAY}`);
    expect(series[0].change).toBeNull();
    expect(series[1].change).toBe(series[1].openInterest - series[0].openInterest);
    const vwap = await get(`/api/vwap?instrument=NSE:INFY&from=${ist('11:00')}&to=${NOW}`);
    expect(vwap.series[0].time).toBe('2025-11-20T05:30:00.000Z');
    expect(vwap.series[0].volume).toBeGreaterThan(480 * 100); // summed since 09:15
    const candles = await get(`/api/candles?instrument=NSE:INFY&from=${DAY}&to=${NOW}`);
    const lows = candles.candles.map((c: { low: number }) => c.low);
    expect(vwap.series.at(-1).vwap).toBeGreaterThan(Math.min(...lows));
    expect((await get(`/api/vwap?instrument=${NIFTY}&from=${DAY}`)).series).toEqual([]);
  });

  it('tells a day in numbers', async () => {
    const stats = await get('/api/stats?instrument=NSE:INFY');
    expect(stats).toMatchObject({
      date: DAY,
      open: 1490,
      high: 1519,
      low: 1481,
      previousClose: 1495,
      candles: 340,
    });
    expect(stats.minuteVolatility).toBeGreaterThan(0);
    await get(`/api/stats?instrument=${RELIANCE}`, 404);
  });

  it('finds instruments by part of a name, best first, and contracts by expiry', async () => {
    const { instruments } = await get('/api/instruments?search=nifty');
    expect(instruments[0].symbol).toBe('NIFTY 50');
    expect(instruments.some((i: { symbol: string }) => i.symbol === 'NIFTY25OCT26000CE')).toBe(false);
    expect((await get('/api/instruments?search=infosys')).instruments[0].symbol).toBe('INFY');
    expect((await get('/api/instruments?search=100%25_')).instruments).toEqual([]);
    expect((await get('/api/instruments?expiry=2025-11-25&segment=NFO-OPT')).instruments).toHaveLength(3);
    expect((await get('/api/instruments/NSE:NIFTY%2050')).instrument.token).toBe(NIFTY);
    expect((await get('/api/instruments/NFO:NIFTY25OCT26000CE')).instrument.active).toBe(false);
    expect((await get('/api/expiries?underlying=NIFTY')).expiries).toEqual([
      { expiry: '2025-11-25', options: 3, futures: 1 },
    ]);
  });

  it('searches by words where the instruments are in memory, and still finds what expired', async () => {
    const registry = await InstrumentRegistry.load(db, 'kite');
    const other = await createHarness(db, {}, { instruments: registry });
    const found = (await other.api.app.inject('/api/instruments?search=nifty 26000 ce&type=CE')).json()
      .instruments;
    expect(found.map((i: { symbol: string }) => i.symbol)).toEqual(['NIFTY25NOV26000CE']);
    const expired = await other.api.app.inject('/api/instruments/NFO:NIFTY25OCT26000CE');
    expect(expired.json().instrument.active).toBe(false);
    await other.stop();
  });

  it('lays calls beside puts around the money', async () => {
    const chain = await get('/api/chain?underlying=NIFTY&strikes=5');
    expect(chain.expiry).toBe('2025-11-25');
    expect(chain.spot.instrument.symbol).toBe('NIFTY 50');
    expect(chain.strikes.map((row: { strike: number }) => row.strike)).toEqual([26000, 26500]);
    expect(chain.strikes[0].put.symbol).toBe('NIFTY25NOV26000PE');
    expect(chain.strikes[1].put).toBeUndefined();
    await get('/api/chain?underlying=NOPE', 404);
  });

  it('ranks movers and counts breadth', async () => {
    const { movers, date } = await get('/api/movers');
    expect(date).toBe(DAY);
    expect(movers.map((m: { instrument: { symbol: string } }) => m.instrument.symbol)).toEqual(['INFY']);
    const breadth = await get('/api/breadth?segment=INDICES');
    expect(breadth.advances + breadth.declines + breadth.unchanged).toBe(2);
    expect((await get(`/api/movers?date=2001-01-01`)).movers).toEqual([]);
  });

  it('takes only instruments that are named for looked at, not the whole market of a dashboard', async () => {
    const looked: number[] = [];
    harness.services.interest = { looked: (token) => looked.push(token), watch: () => undefined };
    expect((await get('/api/completeness')).instruments.length).toBeGreaterThan(1);
    expect((await get('/api/gaps')).gaps).toHaveLength(3);
    expect(looked).toEqual([]);
    await get(`/api/completeness?instrument=${INFY}`);
    await get(`/api/gaps?instrument=${INFY}`);
    expect(looked).toEqual([INFY, INFY]);
    delete harness.services.interest;
  });

  it('lists the holes of what is subscribed and how much of the day was heard', async () => {
    const { gaps, repairs } = await get('/api/gaps');
    expect(repairs).toEqual([]);
    expect(gaps).toHaveLength(3);
    expect(gaps[0]).toMatchObject({
      from: '2025-11-20T08:50:00.000Z',
      to: '2025-11-20T08:55:00.000Z',
      reason: 'stall',
    });
    const never = await get(`/api/gaps?instrument=${RELIANCE}`);
    expect(never.gaps[0].reason).toBe('not_subscribed');
    const day = await get('/api/completeness');
    expect(day.date).toBe(DAY);
    const infy = day.instruments.find(
      (row: { instrument: { token: number } }) => row.instrument.token === INFY,
    );
    expect(infy.gapSeconds).toBe(300);
    expect(infy.elapsedSeconds).toBe(345 * 60 - 3);
    expect(infy.completeness).toBeCloseTo(1 - 300 / (345 * 60 - 3), 9);
    expect((await get(`/api/completeness?date=2025-11-22&instrument=${INFY}`)).completeness).toBeNull(); // a Saturday
    expect((await get('/api/quality')).days).toEqual([]);
    expect((await text('/api/gaps?format=csv')).body.split('\r\n')[0]).toBe(
      'token,symbol,exchange,from,to,reason',
    );
  });

  it('serves the VIX index until a regime engine fills its table, then that', async () => {
    const before = await get(`/api/vix?from=${DAY}&to=${NOW}`);
    expect(before.series).toHaveLength(340);
    // Nothing is stored: the index's own minutes, judged by the thresholds (its fixture walks around 1500).
    expect(before.series[5]).toMatchObject({ trend: null, regime: 'EXTREME' });
    expect(await get(`/api/vix/regime?from=${DAY}&to=${NOW}`)).toMatchObject({
      regime: 'EXTREME',
      spans: [{ from: before.series[0].time, regime: 'EXTREME', minutes: 340 }],
    });
    await db.pool.query(`insert into vix_data (time, value, regime) values
      ('2025-11-20T10:00+05:30', 12, 'LOW'), ('2025-11-20T10:01+05:30', 13, 'LOW'), ('2025-11-20T10:02+05:30', 22, 'HIGH')`);
    expect((await get('/api/vix')).series).toHaveLength(3);
    const { spans, regime } = await get('/api/vix/regime');
    expect(regime).toBe('HIGH');
    expect(spans.map((s: { regime: string }) => s.regime)).toEqual(['LOW', 'HIGH']);
    await db.pool.query('delete from vix_data');
  });

  it('keeps subscriptions in the database and tells the feed', async () => {
    const change = (method: 'POST' | 'DELETE', url: string, payload?: object) =>
      harness.api.app.inject({
        method,
        url,
        headers: { host: 'localhost:8000' },
        ...(payload && { payload }),
      });
    const before = await get('/api/subscriptions');
    expect(before.subscriptions).toHaveLength(3);
    expect(before.watchlists).toMatchObject([
      { name: 'indices', instruments: [{ token: NIFTY }, { token: 264969 }] },
    ]);
    const added = await change('POST', '/api/subscriptions', {
      instruments: ['NSE:RELIANCE', 264969],
      mode: 'quote',
      watchlist: 'mine',
    });
    expect(added.statusCode, added.body).toBe(200);
    expect(added.json().subscriptions).toHaveLength(5);
    expect(harness.calls).toContain(`subscribe ${RELIANCE} 264969 quote`);
    const { rows } = await db.pool.query('select mode from subscriptions where token = $1', [RELIANCE]);
    expect(rows).toEqual([{ mode: 'quote' }]);
    // INDIA VIX is still on the other watchlist, so only RELIANCE goes.
    const removed = await change('DELETE', '/api/subscriptions?watchlist=mine');
    expect(removed.statusCode, removed.body).toBe(200);
    expect(harness.calls).toContain(`unsubscribe ${RELIANCE}`);
    await change('DELETE', '/api/subscriptions?instrument=264969');
    expect((await get('/api/subscriptions')).subscriptions).toHaveLength(3);
    const expired = await change('POST', '/api/subscriptions', { instruments: ['NFO:NIFTY25OCT26000CE'] });
    expect(expired.json().error.message).toContain('has expired');
    expect((await change('DELETE', '/api/subscriptions')).statusCode).toBe(400);
  });

  it('says how it is', async () => {
    expect(await get('/health')).toMatchObject({ status: 'ok', origin: 'simulator:1' });
    expect((await get('/health/ready')).status).toBe('ok');
    expect(await get('/health/db')).toMatchObject({ status: 'ok', kind: server.kind });
    expect((await get('/health/feed')).feeds[0]).toMatchObject({ feed: 'kite-1', connected: true });
    expect(await get('/api/status')).toMatchObject({
      simulated: true,
      marketOpen: true,
      now: '2025-11-20T09:30:00.000Z',
    });
  });
});
