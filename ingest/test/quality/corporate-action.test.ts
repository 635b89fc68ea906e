import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { CandleInterval } from '../../src/broker/broker.js';
import { type CandleService, createCandleService } from '../../src/candles/candle-service.js';
import { createDaySettle } from '../../src/candles/day-settle.js';
import type { Database } from '../../src/db/database.js';
import { type DayPrices, scaleChange } from '../../src/quality/corporate-action.js';
import type { EndOfDay } from '../../src/quality/end-of-day.js';
import { adjustedAnswer, CorporateActions, historyAsTraded } from '../../src/quality/scale.js';
import { addDays, istMidnight } from '../../src/sessions/ist.js';
import { ist, openMarket, STOCK, steadyCandle, stock, type TestMarket } from '../candles/market.js';
import { eachDatabase, quiet } from '../fixtures/databases.js';
import { CLEAR } from '../gaps/watching.js';
import { CLEAR_QUALITY, endOfDayOf, kindsOf, qualityOf } from './trading.js';

/** Friday, after three trading days. */
const EX_DATE = '2026-11-20';
const EX = istMidnight(EX_DATE);
const HALF = 0.5;

eachDatabase((server) => {
  let db: Database;
  let market: TestMarket;
  let actions: CorporateActions;
  let service: CandleService;
  let endOfDay: EndOfDay;

  beforeAll(async () => {
    db = await server.open();
  });
  beforeEach(async () => {
    await db.pool.query(CLEAR);
    await db.pool.query(CLEAR_QUALITY);
    market = await openMarket(db, ist('2026-11-17 21:00'));
    // From the ex-date's morning on the broker tells everything before it at half the price.
    market.broker.faults.tamper = (rows) =>
      market.clock.ms < EX + 6 * 3_600_000
        ? rows
        : rows.map((row) =>
            row.time >= EX
              ? row
              : {
                  ...row,
                  open: row.open * HALF,
                  high: row.high * HALF,
                  low: row.low * HALF,
                  close: row.close * HALF,
                  volume: row.volume / HALF,
                },
          );
    actions = await CorporateActions.read(db.pool);
    const broker = historyAsTraded(market.broker, (token) => actions.of(token));
    service = createCandleService({
      db,
      broker,
      calendar: market.calendar,
      clock: market.clock,
      log: quiet,
      metrics: market.metrics,
      config: { settleSeconds: 120, healAsMinutesDays: 7, daySettleMinutes: 120 },
    });
    endOfDay = endOfDayOf(market, { broker, candles: service, actions });
    await market.assign(STOCK, ist('2026-11-17 09:00'));
  });
  afterEach(async () => {
    await endOfDay.stop();
    await service.stop();
    await market.service.stop();
  });

  const compareUntil = async (last: string) => {
    for (let day = '2026-11-17'; day <= last; day = addDays(day, 1)) {
      market.clock.ms = ist(`${day} 21:00`);
      await endOfDay.work();
    }
  };
  const closes = async (interval: CandleInterval, from: string, to: string) => {
    const { candles } = await service.candles({
      instrument: stock,
      interval,
      from: ist(from),
      to: ist(to),
      backfill: false,
    });
    return candles.map(({ time, close, volume }) => ({ time, close, volume }));
  };
  const asTraded = (interval: CandleInterval, time: number) => {
    const { close, volume } = steadyCandle(STOCK, interval, time);
    return { time, close, volume };
  };
  const found = async () => (await db.pool.query('select * from corporate_actions')).rows;

  it('finds a split when the day candles of the week before have changed, and keeps everything as traded', async () => {
    await compareUntil('2026-11-19');
    expect(await found()).toEqual([]);
    await compareUntil(EX_DATE);
    expect(await found()).toEqual([
      expect.objectContaining({
        instrument_token: STOCK,
        ex_date: EX_DATE,
        price_factor: 0.5,
        volume_factor: 2,
      }),
    ]);
    expect(kindsOf(await qualityOf(market, STOCK, EX_DATE))).toContain('corporate_action');
    const days = ['2026-11-17', '2026-11-18', '2026-11-19', EX_DATE].map(istMidnight);
    expect(await closes('1d', '2026-11-17 00:00', '2026-11-21 00:00')).toEqual(
      days.map((day) => asTraded('1d', day)),
    );
    // Found once: the next comparison sees the same scale.
    market.clock.ms += 60_000;
    await endOfDay.ask(EX_DATE);
    await endOfDay.work();
    expect(await found()).toHaveLength(1);
  });

  it('scales candles of before the ex-date when they are read, all of them', async () => {
    await compareUntil(EX_DATE);
    const answer = await service.candles({
      instrument: stock,
      interval: '1d',
      from: ist('2026-11-17 00:00'),
      to: ist('2026-11-21 00:00'),
    });
    const scaled = adjustedAnswer(answer, actions.of(STOCK));
    expect(scaled.adjustments).toEqual([{ exDate: EX_DATE, priceFactor: 0.5, volumeFactor: 2 }]);
    expect(scaled.candles.map(({ close }) => close)).toEqual(
      answer.candles.map(({ time, close }) => (time < EX ? Math.round(close * 50) / 100 : close)),
    );
    expect(scaled.candles[0]!.volume).toBe(answer.candles[0]!.volume! * 2);
    const { rows } = await db.pool.query(
      `select close, volume from get_adjusted_candles($1, $2, $3, '1d') order by bucket`,
      [STOCK, '2026-11-16T18:30:00Z', '2026-11-20T18:30:00Z'],
    );
    expect(rows.map(({ volume }) => volume)).toEqual(scaled.candles.map(({ volume }) => volume));
    for (const [i, { close }] of rows.entries()) expect(close).toBeCloseTo(scaled.candles[i]!.close, 1);
  });

  it('fetches again what came on the new scale before the split was known', async () => {
    await compareUntil('2026-11-19');
    market.clock.ms = ist(`${EX_DATE} 11:00`);
    const [from, to] = ['2026-11-16 10:00', '2026-11-16 10:30'];
    const mixed = await service.candles({ instrument: stock, interval: '1m', from: ist(from), to: ist(to) });
    expect(mixed.candles[0]!.close).toBe(steadyCandle(STOCK, '1m', ist(from)).close * HALF);
    await compareUntil(EX_DATE);
    const times = Array.from({ length: 30 }, (_, i) => ist(from) + i * 60_000);
    expect(await closes('1m', from, to)).toEqual(times.map((time) => asTraded('1m', time)));
    const { gaps } = await service.candles({
      instrument: stock,
      interval: '1m',
      from: ist(from),
      to: ist(to),
      backfill: false,
    });
    expect(gaps).toEqual([]);
    // What is asked for from now on is brought back as it comes.
    const later = await service.candles({
      instrument: stock,
      interval: '1m',
      from: ist('2026-11-13 10:00'),
      to: ist('2026-11-13 10:05'),
    });
    expect(later.candles[0]!.close).toBeCloseTo(steadyCandle(STOCK, '1m', ist('2026-11-13 10:00')).close, 1);
  });

  it('leaves a hole, and no second scale, where the broker is away while it fetches again', async () => {
    await compareUntil('2026-11-19');
    market.clock.ms = ist(`${EX_DATE} 11:00`);
    const range = { from: ist('2026-11-16 10:00'), to: ist('2026-11-16 10:30') };
    await service.candles({ instrument: stock, interval: '1m', ...range });
    const { tamper } = market.broker.faults;
    market.broker.faults.tamper = (rows, request) => {
      if (request.interval === '1m' && request.from < EX) throw new Error('away');
      return tamper!(rows, request);
    };
    await compareUntil(EX_DATE);
    const answer = await service.candles({ instrument: stock, interval: '1m', ...range, backfill: false });
    expect(answer.candles).toEqual([]);
    expect(answer.gaps).toEqual([{ ...range, reason: 'broker_unavailable' }]);
  });

  it('is found on the ex-date’s morning, when the day candle is fetched once more', async () => {
    await compareUntil('2026-11-19');
    market.clock.ms = ist(`${EX_DATE} 08:30`);
    const settle = createDaySettle({
      db,
      service: { newLane: () => service.newLane(), refetchDay: (request) => endOfDay.refetchDay(request) },
      calendar: market.calendar,
      clock: market.clock,
      log: quiet,
      daySettleMinutes: 120,
    });
    expect(await settle.look()).toBe(1);
    expect(await found()).toEqual([expect.objectContaining({ ex_date: EX_DATE, price_factor: 0.5 })]);
    const day = istMidnight('2026-11-19');
    expect(await closes('1d', '2026-11-19 00:00', '2026-11-20 00:00')).toEqual([asTraded('1d', day)]);
  });
});

describe('a change of scale', () => {
  const DAYS = ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19', '2026-11-20'];
  const prices = (factor = 1, volumeFactor = 1): DayPrices => ({
    open: Math.round(1_512.5 * factor * 20) / 20,
    high: Math.round(1_530.25 * factor * 20) / 20,
    low: Math.round(1_490.1 * factor * 20) / 20,
    volume: Math.round(1_000_000 * volumeFactor),
  });
  const known = new Map(DAYS.map((day) => [day, prices()]));
  const told = (...factors: Array<number | [number, number]>) =>
    factors.map((factor, i) => ({
      time: istMidnight(DAYS[i]!),
      ...(typeof factor === 'number' ? prices(factor) : prices(...factor)),
    }));
  const change = (...factors: Array<number | [number, number]>) =>
    scaleChange(known, told(...factors), '2026-11-23', 0.05);

  it('is one factor up to a day, and none from there on', () => {
    expect(change([0.2, 5], [0.2, 5], [0.2, 5], 1, 1)).toEqual({
      exDate: '2026-11-19',
      priceFactor: 0.2,
      volumeFactor: 5,
    });
  });

  it('of every day told takes effect on the next trading day', () => {
    expect(change(0.5, 0.5, 0.5, 0.5, 0.5)?.exDate).toBe('2026-11-23');
  });

  it('of a dividend leaves volumes alone', () => {
    const dividend = change(0.97, 0.97, 0.97, 0.97, 1);
    expect(dividend).toMatchObject({ exDate: '2026-11-20', volumeFactor: 1 });
    expect(dividend!.priceFactor).toBeCloseTo(0.97, 4);
  });

  it.each([
    ['nothing changed', [1, 1, 1, 1, 1]],
    ['one day alone was corrected', [1, 1, 0.5, 1, 1]],
    ['days after an unchanged one changed', [1, 1, 0.5, 0.5, 0.5]],
    ['each day changed by another factor', [0.5, 0.6, 0.7, 1, 1]],
    ['it is as small as rounding', [0.995, 0.995, 0.995, 1, 1]],
  ])('is none when %s', (_, factors) => {
    expect(change(...factors)).toBeUndefined();
  });

  it('is none when one price of a day was corrected', () => {
    const rows = told(1, 1, 1, 1, 1).map((day, i) => (i < 3 ? { ...day, high: day.high * 1.5 } : day));
    expect(scaleChange(known, rows, '2026-11-23', 0.05)).toBeUndefined();
  });
});
