import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type BrokerCandle, BrokerError } from '../../src/broker/broker.js';
import type { Database } from '../../src/db/database.js';
import type { EndOfDay } from '../../src/quality/end-of-day.js';
import {
  INDEX,
  index,
  ist,
  openMarket,
  STOCK,
  steadyCandle,
  stock,
  type TestMarket,
} from '../candles/market.js';
import { eachDatabase } from '../fixtures/databases.js';
import { instrumentOf } from '../fixtures/instruments.js';
import { CLEAR } from '../gaps/watching.js';
import {
  CLEAR_QUALITY,
  endOfDayOf,
  hoursOf,
  kindsOf,
  minutesOf,
  qualityOf,
  replacedOf,
  trade,
} from './trading.js';

/** A Friday. */
const DAY = '2026-11-20';
const OTHER = 500_001;

eachDatabase((server) => {
  let db: Database;
  let market: TestMarket;
  let endOfDay: EndOfDay;
  const at = (time: string) => ist(`${DAY} ${time}`);
  /** The session's minutes as the exchange made them, some of them changed. */
  const but = (token: number, changed: Record<string, Partial<BrokerCandle> | null>) =>
    minutesOf(market, token, DAY).flatMap((minute) => {
      const found = Object.entries(changed).find(([time]) => at(time) === minute.time);
      if (!found) return [minute];
      return found[1] === null ? [] : [{ ...minute, ...found[1] }];
    });
  const heardAll = async () => {
    await market.assign(STOCK, at('09:00'));
    await market.assign(INDEX, at('09:00'));
    await market.heard(at('09:00'), at('16:00'), 'disconnect');
  };
  const minutes = () => hoursOf(market, DAY).reduce((sum, { from, to }) => sum + (to - from) / 60_000, 0);
  const dayRows = async () =>
    (
      await db.pool.query(
        'select trading_date as day, status, instruments, compared, message from quality_days order by 1',
      )
    ).rows;
  const minuteRequests = () => market.broker.requests.filter(({ interval }) => interval === '1m').length;

  beforeAll(async () => {
    db = await server.open();
  });
  beforeEach(async () => {
    await db.pool.query(CLEAR);
    await db.pool.query(CLEAR_QUALITY);
    market = await openMarket(db, at('19:00'));
    endOfDay = endOfDayOf(market);
  });
  afterEach(async () => {
    await endOfDay.stop();
    await market.service.stop();
  });

  describe('a day that was recorded as the broker has it', () => {
    beforeEach(async () => {
      await heardAll();
      await trade(market, STOCK, minutesOf(market, STOCK, DAY));
      await trade(market, INDEX, minutesOf(market, INDEX, DAY));
    });

    it('is complete and accurate to 100 %, and nothing of it is replaced', async () => {
      expect(await endOfDay.work()).toBe(2);
      for (const token of [STOCK, INDEX]) {
        expect(await qualityOf(market, token, DAY)).toMatchObject({
          completeness: 1,
          accuracy: 1,
          quality: 'excellent',
          source: 'HISTORICAL_API',
          compared: minutes(),
          differing: 0,
          missing: 0,
          extra: 0,
          replaced: 0,
          healed: 0,
          dayCandle: true,
          flags: [],
        });
      }
      const { rows } = await db.pool.query(`select interval, count(*) as n from broker_candles group by 1`);
      expect(rows).toEqual([{ interval: '1d', n: 2 }]);
    });

    it('has the broker’s day candle as its own, complete', async () => {
      await endOfDay.work();
      const { candles } = await market.ask({
        instrument: stock,
        interval: '1d',
        from: at('00:00'),
        to: ist('2026-11-21 00:00'),
        backfill: false,
      });
      // That day is still going on: its candle is official, and complete when the day is over.
      const { open, high, low, close, volume } = steadyCandle(STOCK, '1d', at('00:00'));
      expect(candles).toEqual([
        expect.objectContaining({ open, high, low, close, volume, source: 'broker' }),
      ]);
      market.clock.ms = ist('2026-11-21 00:01');
      const later = await market.ask({
        instrument: stock,
        interval: '1d',
        from: at('00:00'),
        to: ist('2026-11-21 00:00'),
        backfill: false,
      });
      expect(later.candles[0]!.complete).toBe(true);
    });

    it('is compared once, and again only when somebody asks', async () => {
      await endOfDay.work();
      const asked = market.broker.requests.length;
      expect(await dayRows()).toEqual([
        expect.objectContaining({ day: DAY, status: 'DONE', instruments: 2, compared: 2 }),
      ]);
      expect(await endOfDay.work()).toBe(0);
      expect(await endOfDayOf(market).work()).toBe(0);
      expect(market.broker.requests).toHaveLength(asked);
      market.clock.ms += 60_000;
      await endOfDay.ask(DAY);
      expect(await endOfDay.work()).toBe(2);
      expect(market.broker.requests).toHaveLength(asked * 2);
      expect((await dayRows())[0].status).toBe('DONE');
    });

    it('is not compared before its last session is over and settled', async () => {
      market.clock.ms = at('15:59');
      expect(await endOfDay.work()).toBe(0);
      expect(market.broker.requests).toEqual([]);
      const closed = Math.max(...market.calendar.sessions('cash', DAY).map(({ closesAt }) => closesAt));
      market.clock.ms = closed + 120 * 60_000 - 1_000;
      await endOfDay.work();
      expect(await qualityOf(market, STOCK, DAY)).toBeUndefined();
      market.clock.ms = closed + 120 * 60_000;
      await endOfDay.work();
      expect(await qualityOf(market, STOCK, DAY)).toMatchObject({ accuracy: 1 });
    });

    it('goes on after a restart where it ended', async () => {
      for (let i = 0; i < 4; i++) {
        await market.list(instrumentOf(OTHER + i, `OTHER${i}`, 'EQ'), 'cash');
        await market.assign(OTHER + i, at('09:00'));
      }
      let answers = 0;
      market.broker.faults.tamper = (candles, { interval }) => {
        if (interval === '1m' && ++answers === 1) void endOfDay.stop();
        return candles;
      };
      await endOfDay.work();
      const { rows } = await db.pool.query('select instrument_token as token from data_quality_metrics');
      expect(rows.length).toBeGreaterThan(0);
      expect(rows.length).toBeLessThan(6);
      expect((await dayRows())[0].status).toBe('RUNNING');
      const before = minuteRequests();
      const next = endOfDayOf(market);
      await next.work();
      expect(minuteRequests() - before).toBe(6 - rows.length);
      expect((await dayRows())[0]).toMatchObject({ status: 'DONE', compared: 6 });
    });

    it('waits without a token, says so, and goes on after the login', async () => {
      let token = false;
      const waiting = endOfDayOf(market, { hasToken: () => token });
      expect(await waiting.work()).toBe(0);
      expect(market.broker.requests).toEqual([]);
      expect(waiting.warnings()).toEqual([
        `The end-of-day comparison of ${DAY} waits for a login: 2 instruments are left.`,
      ]);
      expect(await dayRows()).toEqual([
        expect.objectContaining({ status: 'WAITING', message: 'login needed' }),
      ]);
      expect(await market.metrics.registry.getSingleMetricAsString('tickscope_quality_waiting')).toContain(
        'tickscope_quality_waiting 2',
      );
      token = true;
      expect(await waiting.work()).toBe(2);
      expect(waiting.warnings()).toEqual([]);
    });

    it('is not given up because the broker is away, but because it says no again and again', async () => {
      market.broker.faults.error = new BrokerError('unavailable', 'Away', 503);
      for (let i = 0; i < 30; i++) {
        await endOfDay.work();
        market.clock.ms += 600_000;
        if (market.clock.ms > ist('2026-11-21 08:00')) market.clock.ms = at('19:00');
      }
      expect(await qualityOf(market, STOCK, DAY)).toBeUndefined();
      market.broker.faults.error = new BrokerError('rejected', 'invalid token', 400);
      market.clock.ms = at('19:00');
      await db.pool.query('truncate quality_attempts');
      endOfDay.loggedIn();
      for (let i = 0; i < 12; i++) {
        await endOfDay.work();
        market.clock.ms += 650_000;
      }
      expect(await qualityOf(market, STOCK, DAY)).toMatchObject({
        completeness: 1,
        accuracy: null,
        quality: null,
        flags: [{ kind: 'not_compared', detail: 'invalid token' }],
      });
      expect((await dayRows())[0].status).toBe('DONE');
    });

    it('is not thrown away because the broker’s answer is empty', async () => {
      market.broker.faults.tamper = () => [];
      await endOfDay.work();
      expect(await qualityOf(market, STOCK, DAY)).toBeUndefined();
      market.broker.faults = {};
      market.clock.ms += 60_000;
      await endOfDay.work();
      expect(await qualityOf(market, STOCK, DAY)).toMatchObject({ accuracy: 1 });
    });
  });

  it('finds a wrong minute, replaces it by the broker’s and keeps what was there', async () => {
    await heardAll();
    const wrong = steadyCandle(STOCK, '1m', at('10:30'));
    await trade(market, STOCK, but(STOCK, { '10:30': { close: wrong.close - 1 } }));
    await endOfDay.work();
    const quality = await qualityOf(market, STOCK, DAY);
    expect(quality).toMatchObject({ completeness: 1, differing: 1, replaced: 1 });
    expect(quality!.accuracy).toBeCloseTo(1 - 1 / minutes(), 9);
    expect(await replacedOf(market, STOCK)).toEqual([
      {
        time: at('10:30'),
        close: wrong.close - 1,
        source: 'ticks',
        trades: 4,
        brokerClose: wrong.close,
        fields: ['close'],
      },
    ]);
    const { candles } = await market.ask({ instrument: stock, from: at('10:29'), to: at('10:32') });
    expect(candles.map(({ close, source, complete }) => [close, source, complete])).toEqual([
      [steadyCandle(STOCK, '1m', at('10:29')).close, 'ticks', true],
      [wrong.close, 'broker', true],
      [steadyCandle(STOCK, '1m', at('10:31')).close, 'ticks', true],
    ]);
    // The candle around it is made of what is there now.
    const wide = await market.ask({
      instrument: stock,
      interval: '15m',
      from: at('10:30'),
      to: at('10:45'),
      backfill: false,
    });
    expect(wide.candles[0]).toMatchObject({ source: 'mixed', complete: true });
  });

  it('goes on saying what it found when the day is compared again', async () => {
    await heardAll();
    const wrong = steadyCandle(STOCK, '1m', at('10:30'));
    await trade(
      market,
      STOCK,
      but(STOCK, { '10:30': { close: wrong.close - 1 }, '11:00': null, '11:01': null }),
    );
    await endOfDay.work();
    const first = await qualityOf(market, STOCK, DAY);
    market.clock.ms += 60_000;
    await endOfDay.ask(DAY);
    await endOfDay.work();
    expect(await qualityOf(market, STOCK, DAY)).toEqual(first);
    expect(await replacedOf(market, STOCK)).toHaveLength(3);
  });

  it('counts minutes that only the broker has as missing, and heals them', async () => {
    await heardAll();
    await trade(market, STOCK, but(STOCK, { '11:00': null, '11:01': null, '14:10': null }));
    await endOfDay.work();
    const quality = await qualityOf(market, STOCK, DAY);
    expect(quality).toMatchObject({ missing: 3, replaced: 3, differing: 0, accuracy: 1 });
    expect(quality!.completeness).toBeCloseTo(1 - 3 / minutes(), 9);
    expect(quality!.flags).toEqual([
      expect.objectContaining({ kind: 'missing_minutes', count: 3, at: new Date(at('11:00')).toISOString() }),
    ]);
    const { candles } = await market.ask({ instrument: stock, from: at('10:59'), to: at('11:03') });
    expect(candles.map(({ source }) => source)).toEqual(['ticks', 'broker', 'broker', 'ticks']);
    expect((await replacedOf(market, STOCK)).map(({ source, fields }) => [source, fields])).toEqual(
      Array.from({ length: 3 }, () => [null, ['missing']]),
    );
  });

  it('keeps minutes that only we have, and flags them', async () => {
    await heardAll();
    await trade(market, STOCK, minutesOf(market, STOCK, DAY));
    market.broker.faults.tamper = (rows, { interval }) =>
      interval === '1m' ? rows.filter(({ time }) => time !== at('12:00')) : rows;
    await endOfDay.work();
    expect(await qualityOf(market, STOCK, DAY)).toMatchObject({ extra: 1, replaced: 0, missing: 0 });
    expect(kindsOf(await qualityOf(market, STOCK, DAY))).toEqual(['extra_minutes']);
    const { candles } = await market.ask({ instrument: stock, from: at('12:00'), to: at('12:01') });
    expect(candles).toEqual([expect.objectContaining({ source: 'ticks' })]);
  });

  it('counts what was not heard against completeness alone, and heals it', async () => {
    await market.assign(STOCK, at('09:00'));
    await market.heard(at('09:00'), at('11:00'), 'disconnect');
    await market.heard(at('12:00'), at('16:00'), 'disconnect');
    const heard = minutesOf(market, STOCK, DAY).filter(
      ({ time }) => time < at('11:00') || time >= at('12:00'),
    );
    await trade(market, STOCK, heard);
    await endOfDay.work();
    const quality = await qualityOf(market, STOCK, DAY);
    expect(quality).toMatchObject({
      accuracy: 1,
      missing: 0,
      healed: 60,
      replaced: 0,
      compared: heard.length,
    });
    expect(quality!.completeness).toBeCloseTo(1 - 60 / minutes(), 9);
    expect(quality!.quality).toBe('poor');
    const answer = await market.ask({
      instrument: stock,
      from: at('10:59'),
      to: at('12:01'),
      backfill: false,
    });
    expect(answer.gaps).toEqual([]);
    expect(answer.candles).toHaveLength(62);
  });

  it('compares an index without volumes', async () => {
    await heardAll();
    await trade(market, INDEX, minutesOf(market, INDEX, DAY));
    market.broker.faults.tamper = (rows) => rows.map((row) => ({ ...row, volume: 7 }));
    await endOfDay.work();
    expect(await qualityOf(market, INDEX, DAY)).toMatchObject({ accuracy: 1, flags: [] });
    expect(
      (await market.ask({ instrument: index, from: at('10:00'), to: at('10:01') })).candles,
    ).toHaveLength(1);
  });

  it('lets volumes be off by what the setting allows, and flags more', async () => {
    await heardAll();
    await trade(market, STOCK, but(STOCK, { '10:00': { volume: 100 } }));
    market.broker.faults.tamper = (rows, { interval }) =>
      interval === '1m'
        ? rows.map((row) => ({
            ...row,
            volume: row.time === at('10:00') ? 101 : row.time === at('10:01') ? 104 : row.volume,
          }))
        : rows;
    await endOfDay.work();
    const quality = await qualityOf(market, STOCK, DAY);
    expect(quality).toMatchObject({ differing: 1, replaced: 1 });
    expect(quality!.flags).toContainEqual(
      expect.objectContaining({ kind: 'volume_mismatch', at: new Date(at('10:01')).toISOString() }),
    );
  });

  it('flags a price that jumps, and whether the broker has it too', async () => {
    await heardAll();
    const { close, high, low } = steadyCandle(STOCK, '1m', at('13:00'));
    await trade(
      market,
      STOCK,
      but(STOCK, { '13:00': { close: close * 1.2, high: Math.max(high, close * 1.2), low } }),
    );
    await endOfDay.work();
    expect((await qualityOf(market, STOCK, DAY))!.flags).toContainEqual(
      expect.objectContaining({ kind: 'price_jump', detail: expect.stringContaining('does not have') }),
    );
  });

  it('sees a clock that is off by a minute', async () => {
    await heardAll();
    const shifted = minutesOf(market, STOCK, DAY).map((minute, i, all) => ({
      ...(all[i + 1] ?? minute),
      time: minute.time,
    }));
    await trade(market, STOCK, shifted);
    await endOfDay.work();
    expect(kindsOf(await qualityOf(market, STOCK, DAY))).toContain('clock_skew');
  });

  it('takes the days of a service that was away, newest first, and contracts that expire before all others', async () => {
    const before = '2026-11-19';
    await market.list(instrumentOf(OTHER, 'INFY26NOVFUT', 'FUT', { expiry: DAY }), 'cash');
    for (const token of [STOCK, INDEX, OTHER]) await market.assign(token, ist(`${before} 09:00`));
    await endOfDay.work();
    const asked = market.broker.requests
      .filter(({ interval }) => interval === '1m')
      .map(({ brokerToken, from }) => [brokerToken, new Date(from + 19_800_000).toISOString().slice(0, 10)]);
    // Two are asked for at a time.
    expect(asked.slice(0, 2)).toContainEqual([OTHER, DAY]);
    expect(asked.slice(0, 3).every(([, day]) => day === DAY)).toBe(true);
    expect(asked.slice(3).every(([, day]) => day === before)).toBe(true);
    expect(asked).toHaveLength(6);
  });

  it('writes down what it knows of a contract that has expired meanwhile', async () => {
    await market.list(instrumentOf(OTHER, 'INFY26NOVFUT', 'FUT', { expiry: DAY }), 'cash');
    await market.assign(OTHER, at('09:00'));
    await market.heard(at('09:00'), at('16:00'), 'disconnect');
    market.clock.ms = ist('2026-11-21 10:00');
    await endOfDay.work();
    expect(market.broker.requests).toEqual([]);
    expect(await qualityOf(market, OTHER, DAY)).toMatchObject({
      accuracy: null,
      quality: null,
      source: null,
    });
    expect(kindsOf(await qualityOf(market, OTHER, DAY))).toEqual(['not_compared']);
  });

  it('asks below everybody else', async () => {
    await heardAll();
    await endOfDay.work();
    expect(market.broker.requests.map(({ priority }) => priority)).toEqual([0, 0, 0, 0]);
  });
});
