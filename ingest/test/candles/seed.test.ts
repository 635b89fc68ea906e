import { beforeAll, describe, expect, it } from 'vitest';
import { backfill } from '../../src/candles/backfill.js';
import { createDaySettle } from '../../src/candles/day-settle.js';
import { createSeed } from '../../src/candles/seed.js';
import { onPlainPostgres, quiet } from '../fixtures/databases.js';
import { instrumentOf } from '../fixtures/instruments.js';
import { INDEX, index, ist, openMarket, STOCK, stock, type TestMarket } from './market.js';

const server = onPlainPostgres();

describe('work in the background', () => {
  let market: TestMarket;
  const others = Array.from({ length: 20 }, (_, i) => instrumentOf(500_001 + i * 256, `STOCK${i}`, 'EQ'));

  beforeAll(async () => {
    market = await openMarket(await server.open(), ist('2026-11-20 12:00'));
    for (const other of others) await market.list(other, 'cash');
  });

  const seedWith = (list = [stock, index, ...others]) =>
    createSeed({
      db: market.db.pool,
      settleSeconds: 0,
      service: market.service,
      clock: market.clock,
      log: quiet,
      instruments: list,
      favourites: [index],
    });

  it('seeds days for all, minutes for the favourites and the morning of a first day, at the lowest priority', async () => {
    await market.heard(ist('2026-11-20 11:40:30'), ist('2026-11-20 11:59'));
    const seed = seedWith();
    expect(seed.progress()).toBeNull();
    seed.start();
    await expect
      .poll(() => seed.progress(), { interval: 1 })
      .toMatchObject({ total: 1 + 22 + 22, phase: 'minutes' });
    await seed.ended;
    expect(seed.progress()).toBeNull();
    // The favourite's minutes of today are among its five days.
    expect(market.broker.requests).toHaveLength(1 + 22 + 21);
    expect(new Set(market.broker.requests.map((request) => request.priority))).toEqual(new Set([0]));
    const { rows } = await market.db.pool.query(
      'select interval, count(distinct instrument_token) as instruments, count(*) > 100 as many from broker_candles group by 1 order by 1',
    );
    expect(rows).toEqual([
      { interval: '1d', instruments: 22, many: true },
      { interval: '1m', instruments: 22, many: true },
    ]);
  });

  it('goes on after a restart, and leaves the holes of a later day to the repairer', async () => {
    market.broker.requests.length = 0;
    const again = seedWith();
    again.start();
    await again.ended;
    expect(market.broker.requests).toHaveLength(0);

    await market.heard(ist('2026-11-19 10:00'), ist('2026-11-19 11:00'), 'restart');
    const late = instrumentOf(600_001, 'LATE', 'EQ');
    await market.list(late, 'cash');
    const later = seedWith([late]);
    later.start();
    await later.ended;
    expect(market.broker.requests.map(({ interval }) => interval)).toEqual(['1d']);
  });

  it('answers a batch in order, each instrument from one request, behind those who wait for one', async () => {
    market.broker.requests.length = 0;
    const range = { interval: '1m', from: ist('2026-11-19 09:15'), to: ist('2026-11-19 10:15') } as const;
    const answers = await market.service.candlesBatch(others.map((instrument) => ({ instrument, ...range })));
    expect(answers.map(({ candles, gaps }) => [candles.length, gaps.length])).toEqual(
      others.map(() => [60, 0]),
    );
    expect(market.broker.requests).toHaveLength(20);
    expect(new Set(market.broker.requests.map((request) => request.priority))).toEqual(new Set([5]));
  });

  it('lets two callers take turns, however much the first one asked for', async () => {
    market.broker.requests.length = 0;
    market.broker.faults.delayMs = 200;
    const range = { interval: '1m', from: ist('2026-11-18 09:15'), to: ist('2026-11-18 10:15') } as const;
    const first = market.service.candlesBatch(others.map((instrument) => ({ instrument, ...range })));
    await new Promise((resolve) => setTimeout(resolve, 30));
    const second = market.service.candlesBatch([{ instrument: stock, ...range }]);
    await Promise.all([first, second]);
    market.broker.faults = {};
    const place = market.broker.requests.findIndex((request) => request.brokerToken === STOCK);
    expect(place).toBeLessThan(16);
  });

  it('backfills many instruments and tells how far it is', async () => {
    const told: number[] = [];
    const result = await backfill(market.service, {
      instruments: [
        { token: STOCK, label: 'NSE:INFY' },
        { token: INDEX, label: 'NSE:NIFTY 50' },
      ],
      interval: '5m',
      from: ist('2026-10-01 00:00'),
      to: ist('2026-10-02 00:00'),
      onProgress: (done) => told.push(done),
    });
    expect(result).toEqual({ instruments: 2, stored: 150, failures: [] });
    expect(told).toEqual([1, 2]);
  });

  it('fetches the day’s candles once more before the next open, once', async () => {
    const settle = createDaySettle({
      db: market.db,
      service: market.service,
      calendar: market.calendar,
      clock: market.clock,
      log: quiet,
      daySettleMinutes: 120,
    });
    market.clock.ms = ist('2026-11-20 18:05');
    await market.ask({
      instrument: stock,
      interval: '1d',
      from: ist('2026-11-20 00:00'),
      to: ist('2026-11-21 00:00'),
    });
    market.clock.ms = ist('2026-11-23 07:30'); // a Monday
    expect(await settle.look()).toBe(0);
    market.clock.ms = ist('2026-11-23 07:50');
    expect(await settle.look()).toBe(1);
    expect(await settle.look()).toBe(0);
    await settle.stop();
  });
});
