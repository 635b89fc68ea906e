import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BrokerError } from '../../src/broker/broker.js';
import type { Database } from '../../src/db/database.js';
import { eachDatabase } from '../fixtures/databases.js';
import {
  INDEX,
  index,
  ist,
  openMarket,
  STOCK,
  steadyCandle,
  stock,
  type TestMarket,
  tick,
} from './market.js';

const MINUTE = 60_000;
/** A Friday between the eras of 2026-08-03 and 2026-12-07. */
const DAY = '2026-11-20';

eachDatabase((server) => {
  let db: Database;
  let market: TestMarket;

  beforeAll(async () => {
    db = await server.open();
  });
  beforeEach(async () => {
    await db.pool.query(`truncate instruments, broker_tokens, instrument_groups, feed_assignments, live_coverage,
      coverage_exceptions, proven_empty, broker_coverage, broker_candles, merged_candles, pending_merges,
      heal_failures, tick_data, day_state, interpolated_data, data_gaps, subscriptions, watchlists cascade`);
    market = await openMarket(db, ist(`${DAY} 12:00`));
  });
  afterEach(() => market.service.stop());
  const at = (time: string) => ist(`${DAY} ${time}`);

  describe('what is missing', () => {
    it('is fetched, stored and served in one request', async () => {
      const answer = await market.ask({ instrument: stock, from: at('09:15'), to: at('10:15') });
      expect(answer.gaps).toEqual([]);
      expect(answer.warnings).toEqual([]);
      expect(answer.completeness).toBe(1);
      expect(answer.backfilled).toBe(60);
      expect(answer.candles).toHaveLength(60);
      const { time, open, high, low, close } = steadyCandle(STOCK, '1m', at('09:15'));
      expect(answer.candles[0]).toEqual({
        time,
        open,
        high,
        low,
        close,
        volume: 100,
        openInterest: null,
        trades: null,
        vwap: null,
        source: 'broker',
        complete: true,
      });
      expect(market.broker.requests).toHaveLength(1);
      expect(market.broker.requests[0]).toMatchObject({
        from: at('09:15'),
        to: at('10:15'),
        interval: '1m',
        priority: 10,
      });
    });

    it('is fetched once: the second request reads the database', async () => {
      await market.ask({ instrument: stock, from: at('09:15'), to: at('10:15') });
      const again = await market.ask({ instrument: stock, from: at('09:15'), to: at('10:15') });
      expect(again.candles).toHaveLength(60);
      expect(again.backfilled).toBe(0);
      expect(market.broker.requests).toHaveLength(1);
    });

    it('is all that is fetched: what the feed heard keeps its ticks', async () => {
      await market.assign(STOCK, at('09:00'));
      await market.heard(at('09:15'), at('09:30') + 20_000, 'disconnect');
      await market.heard(at('09:32') + 10_000, at('11:59'), undefined);
      await tick(db, STOCK, at('09:20'), { seq: 1, ltp: 500, volume: 10, delta: 10 });
      const answer = await market.ask({ instrument: stock, from: at('09:15'), to: at('10:00') });
      expect(market.broker.requests.map(({ from, to }) => [from, to])).toEqual([[at('09:30'), at('09:33')]]);
      expect(answer.gaps).toEqual([]);
      expect(answer.candles.map(({ time, source, complete }) => [time, source, complete])).toEqual([
        [at('09:20'), 'ticks', true],
        [at('09:30'), 'broker', true],
        [at('09:31'), 'broker', true],
        [at('09:32'), 'broker', true],
      ]);
    });

    it('merges into one request what lies in one range, and keeps only what was missing', async () => {
      await market.assign(STOCK, at('09:00'));
      await market.heard(at('09:15'), at('09:30'), 'disconnect');
      await market.heard(at('09:40'), at('10:30'), 'stall');
      await market.heard(at('10:35'), at('11:59'));
      const answer = await market.ask({ instrument: stock, from: at('09:15'), to: at('11:00') });
      expect(market.broker.requests.map(({ from, to }) => [from, to])).toEqual([[at('09:30'), at('10:35')]]);
      expect(answer.candles).toHaveLength(15);
      expect(answer.completeness).toBe(1);
      const { rows } = await db.pool.query('select span::text from broker_coverage order by span');
      expect(rows).toHaveLength(2);
    });

    it('is not fetched when the caller does not want it, and the gap says why it is there', async () => {
      const answer = await market.ask({
        instrument: stock,
        from: at('09:15'),
        to: at('10:15'),
        backfill: false,
      });
      expect(answer.gaps).toEqual([{ from: at('09:15'), to: at('10:15'), reason: 'not_subscribed' }]);
      expect(answer.completeness).toBe(0);
      expect(market.broker.requests).toHaveLength(0);
    });

    it('younger than BROKER_SETTLE is neither fetched nor waited for', async () => {
      const answer = await market.ask({ instrument: stock, from: at('11:50'), to: at('12:00') });
      expect(market.broker.requests.map(({ from, to }) => [from, to])).toEqual([[at('11:50'), at('11:58')]]);
      expect(answer.gaps).toEqual([{ from: at('11:58'), to: at('12:00') - 3_000, reason: 'not_subscribed' }]);
      expect(answer.candles).toHaveLength(8);
    });

    it('is not asked again where nothing traded', async () => {
      market.broker.faults.tamper = () => [];
      const first = await market.ask({ instrument: stock, from: at('09:15'), to: at('10:15') });
      const second = await market.ask({ instrument: stock, from: at('09:15'), to: at('10:15') });
      expect([first.gaps, second.gaps, first.candles]).toEqual([[], [], []]);
      expect(market.broker.requests).toHaveLength(1);
    });
  });

  describe('an answer of the broker', () => {
    it('that is empty although the feed told of trades covers nothing and warns', async () => {
      await market.assign(STOCK, at('09:00'));
      await market.heard(at('09:15'), at('10:00'), 'disconnect');
      await market.heard(at('10:10'), at('11:59'));
      await tick(db, STOCK, at('09:59'), { seq: 1, ltp: 500, volume: 10, delta: 10 });
      await tick(db, STOCK, at('10:10'), {
        seq: 2,
        ltp: 500,
        volume: 90,
        unplaced: 80,
        trade: false,
        tradedAt: at('10:04'),
      });
      market.broker.faults.tamper = () => [];
      const answer = await market.ask({ instrument: stock, from: at('09:15'), to: at('10:30') });
      expect(answer.gaps).toEqual([{ from: at('10:04'), to: at('10:05'), reason: 'broker_unavailable' }]);
      expect(answer.warnings).toHaveLength(1);
      expect(answer.warnings[0]).toContain('the feed told of trades');
    });

    it('that is empty although volume rose over the hole covers nothing', async () => {
      await market.assign(STOCK, at('09:00'));
      await market.heard(at('09:15'), at('10:00'), 'disconnect');
      await market.heard(at('10:10'), at('11:59'));
      await tick(db, STOCK, at('10:10') + 1_000, { seq: 2, ltp: 500, volume: 90, unplaced: 80 });
      market.broker.faults.tamper = () => [];
      const answer = await market.ask({ instrument: stock, from: at('09:15'), to: at('10:30') });
      expect(answer.gaps).toEqual([{ from: at('10:00'), to: at('10:10'), reason: 'broker_unavailable' }]);
    });

    it('that is empty because only the trade after the hole moved the volume closes it', async () => {
      await market.assign(STOCK, at('09:00'));
      await market.heard(at('09:15'), at('10:00'), 'disconnect');
      await market.heard(at('10:10'), at('11:59'));
      await tick(db, STOCK, at('10:10') + 1_000, { seq: 2, ltp: 500, volume: 11, unplaced: 1 });
      market.broker.faults.tamper = () => [];
      const answer = await market.ask({ instrument: stock, from: at('09:15'), to: at('10:30') });
      expect(answer.gaps).toEqual([]);
    });

    it('that is empty closes the hole of an index', async () => {
      await market.assign(INDEX, at('09:00'));
      await market.heard(at('09:15'), at('10:00'), 'disconnect');
      await market.heard(at('10:10'), at('11:59'));
      market.broker.faults.tamper = () => [];
      const answer = await market.ask({ instrument: index, from: at('09:15'), to: at('10:30') });
      expect(answer.gaps).toEqual([]);
    });

    it('that is empty where an index was heard covers nothing there', async () => {
      await market.assign(INDEX, at('09:00'));
      await market.heard(at('09:15'), at('10:00') + 20_000, 'disconnect');
      await market.heard(at('10:03') + 10_000, at('11:59'));
      await tick(db, INDEX, at('10:00') + 19_000, { seq: 1, ltp: 24_000 });
      await tick(db, INDEX, at('10:03') + 10_000, { seq: 2, ltp: 24_000 });
      market.broker.faults.tamper = () => [];
      const answer = await market.ask({ instrument: index, from: at('09:15'), to: at('10:30') });
      // What was heard had one value throughout, so in the minutes between nothing speaks against the broker.
      expect(answer.gaps).toEqual([
        { from: at('10:00') + 20_000, to: at('10:01'), reason: 'broker_unavailable' },
        { from: at('10:03'), to: at('10:03') + 10_000, reason: 'broker_unavailable' },
      ]);
      expect(answer.warnings[0]).toContain('the feed told of values then');
    });

    it('that is empty over a hole in which an index moved covers nothing', async () => {
      await market.assign(INDEX, at('09:00'));
      await market.heard(at('09:15'), at('10:00'), 'disconnect');
      await market.heard(at('10:03'), at('11:59'));
      await tick(db, INDEX, at('09:59') + 59_000, { seq: 1, ltp: 24_000 });
      await tick(db, INDEX, at('10:03'), { seq: 2, ltp: 24_010 });
      market.broker.faults.tamper = () => [];
      const answer = await market.ask({ instrument: index, from: at('09:15'), to: at('10:30') });
      expect(answer.gaps).toEqual([{ from: at('10:00'), to: at('10:03'), reason: 'broker_unavailable' }]);
    });

    it('gives an index no volume and no open interest', async () => {
      const answer = await market.ask({ instrument: index, from: at('09:15'), to: at('09:16') });
      expect(answer.candles[0]).toMatchObject({ volume: null, openInterest: null, trades: null, vwap: null });
    });

    it('with a bad row leaves that bucket a gap and keeps the others', async () => {
      market.broker.faults.tamper = (rows) =>
        rows.map((row) => (row.time === at('09:20') ? { ...row, high: row.low - 1 } : row));
      const answer = await market.ask({ instrument: stock, from: at('09:15'), to: at('09:30') });
      expect(answer.candles).toHaveLength(14);
      expect(answer.gaps).toEqual([{ from: at('09:20'), to: at('09:21'), reason: 'broker_unavailable' }]);
      expect(answer.warnings[0]).toContain('2026-11-20 09:20 IST was refused');
    });

    it('never stores what was not asked for: rows outside sessions and candles in progress', async () => {
      market.clock.ms = at('15:40');
      market.broker.faults.tamper = (rows, { to }) => [
        ...rows,
        steadyCandle(STOCK, '1m', to),
        steadyCandle(STOCK, '1m', at('15:35')),
      ];
      await market.ask({ instrument: stock, from: at('15:00'), to: at('15:40') });
      const { rows } = await db.pool.query('select max(bucket) as last, count(*) from broker_candles');
      expect(rows[0]).toEqual({ last: new Date(at('15:29')), count: 30 });
    });
  });

  describe('a broker that fails', () => {
    it('costs a gap and a sentence, and is left alone for 30 s, then 60 s, ... up to 10 min', async () => {
      market.broker.faults.error = new BrokerError('rate_limited', 'Too many requests', 429);
      const ask = () => market.ask({ instrument: stock, from: at('09:15'), to: at('10:15') });
      const answer = await ask();
      expect(answer.gaps).toEqual([{ from: at('09:15'), to: at('10:15'), reason: 'broker_unavailable' }]);
      expect(answer.warnings).toEqual(['Too many requests. It is asked again in 30 s.']);
      const waits: number[] = [];
      for (let i = 0, last = market.clock.ms; i < 6; i++) {
        const tried = market.broker.requests.length;
        while (market.broker.requests.length === tried) {
          market.clock.ms += 15_000;
          await ask();
        }
        waits.push((market.clock.ms - last) / 1000);
        last = market.clock.ms;
      }
      expect(waits).toEqual([30, 60, 120, 240, 480, 600]);
      market.broker.faults = {};
      market.clock.ms += 600_000;
      expect((await ask()).gaps).toEqual([]);
      expect((await db.pool.query('select from heal_failures')).rowCount).toBe(0);
    });

    it('that is slow is waited for as long as the caller says; the fetch goes on', async () => {
      market.broker.faults.delayMs = 400;
      const ask = (waitMs: number) =>
        market.ask({ instrument: stock, from: at('09:15'), to: at('10:15'), waitMs });
      const early = await ask(50);
      expect(early.gaps).toEqual([{ from: at('09:15'), to: at('10:15'), reason: 'pending' }]);
      expect(early.candles).toEqual([]);
      const late = await ask(3_000);
      expect(late.gaps).toEqual([]);
      expect(late.backfilled).toBe(60);
      expect(market.broker.requests).toHaveLength(1);
    });
  });

  it('asks once for fifty identical requests at the same time', async () => {
    market.broker.faults.delayMs = 20;
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => market.ask({ instrument: stock, from: at('09:15'), to: at('10:15') })),
    );
    expect(market.broker.requests).toHaveLength(1);
    for (const answer of answers) expect([answer.candles.length, answer.gaps.length]).toEqual([60, 0]);
  });

  it('asks once for fifty identical requests of a broker that answers at once', async () => {
    await Promise.all(
      Array.from({ length: 50 }, () => market.ask({ instrument: stock, from: at('09:15'), to: at('10:15') })),
    );
    expect(market.broker.requests).toHaveLength(1);
  });

  it('asks only for the part that nobody is fetching yet', async () => {
    market.broker.faults.delayMs = 200;
    const [first, second] = await Promise.all([
      market.ask({ instrument: stock, from: at('09:15'), to: at('10:15') }),
      (async () => {
        await new Promise((resolve) => setTimeout(resolve, 80));
        return market.ask({ instrument: stock, from: at('10:00'), to: at('11:00') });
      })(),
    ]);
    expect(market.broker.requests.map(({ from, to }) => [from, to])).toEqual([
      [at('09:15'), at('10:15')],
      [at('10:15'), at('11:00')],
    ]);
    expect([first.gaps, second.gaps, first.candles.length, second.candles.length]).toEqual([[], [], 60, 60]);
  });

  describe('wide candles', () => {
    it('of young holes are rebuilt from minutes', async () => {
      await market.assign(STOCK, at('09:00'));
      await market.heard(at('09:15'), at('09:31'), 'disconnect');
      await market.heard(at('09:33'), at('11:59'));
      await tick(db, STOCK, at('09:34'), { seq: 1, ltp: 2_000, volume: 10, delta: 10 });
      const answer = await market.ask({
        instrument: stock,
        interval: '5m',
        from: at('09:15'),
        to: at('09:45'),
      });
      expect(market.broker.requests.map(({ from, to, interval }) => [from, to, interval])).toEqual([
        [at('09:31'), at('09:33'), '1m'],
      ]);
      const first = steadyCandle(STOCK, '1m', at('09:31'));
      expect(answer.candles).toEqual([
        {
          time: at('09:30'),
          open: first.open,
          high: 2_000,
          low: first.low,
          close: 2_000,
          volume: 210,
          openInterest: null,
          trades: null,
          vwap: null,
          source: 'mixed',
          complete: true,
        },
      ]);
      await market.service.stop();
      const { rows } = await db.pool.query('select interval from merged_candles order by interval');
      expect(rows.map((row) => row.interval)).toEqual(['15m', '1h', '5m']);
    });

    it('of old holes are fetched at the interval asked', async () => {
      const from = ist('2026-10-01 09:15');
      const answer = await market.ask({
        instrument: stock,
        interval: '15m',
        from,
        to: ist('2026-10-01 15:30'),
      });
      expect(market.broker.requests.map(({ interval }) => interval)).toEqual(['15m']);
      expect(answer.candles).toHaveLength(25);
      expect(answer.gaps).toEqual([]);
    });

    it('count from 09:15, and the last hour is clipped to its session', async () => {
      const answer = await market.ask({
        instrument: stock,
        interval: '1h',
        from: ist('2026-10-01 09:15'),
        to: ist('2026-10-01 15:30'),
      });
      expect(answer.candles.map((candle) => candle.time - ist('2026-10-01 09:15'))).toEqual(
        [0, 1, 2, 3, 4, 5, 6].map((hour) => hour * 60 * MINUTE),
      );
      expect(answer.candles.every((candle) => candle.complete)).toBe(true);
    });
  });

  describe('day candles', () => {
    it('come from the broker once DAY_SETTLE_MINUTES after the post-close session have gone by', async () => {
      const ask = () =>
        market.ask({
          instrument: stock,
          interval: '1d',
          from: ist('2026-11-16 00:00'),
          to: ist('2026-11-21 00:00'),
        });
      market.clock.ms = at('17:59');
      const before = await ask();
      expect(before.candles.map(({ time, source }) => [time, source])).toEqual(
        ['2026-11-16', '2026-11-17', '2026-11-18', '2026-11-19'].map((day) => [
          ist(`${day} 00:00`),
          'broker',
        ]),
      );
      expect(before.gaps).toEqual([{ from: at('09:15'), to: at('15:30'), reason: 'pending' }]);
      expect(before.completeness).toBe(0.8);
      market.clock.ms = at('18:00');
      const after = await ask();
      expect(after.candles).toHaveLength(5);
      expect(after.gaps).toEqual([]);
      expect(market.broker.requests).toHaveLength(2);
    });
  });

  it('fills buckets without trades at the last close, only when asked and never in a gap', async () => {
    market.broker.faults.tamper = (rows) => rows.filter((row) => row.time !== at('09:17'));
    const ask = (fill: 'none' | 'previous') =>
      market.ask({ instrument: stock, from: at('09:15'), to: at('09:20'), fill });
    expect((await ask('none')).candles).toHaveLength(4);
    const filled = await ask('previous');
    expect(filled.candles).toHaveLength(5);
    const close = steadyCandle(STOCK, '1m', at('09:16')).close;
    expect(filled.candles[2]).toEqual({
      time: at('09:17'),
      open: close,
      high: close,
      low: close,
      close,
      volume: 0,
      openInterest: null,
      trades: 0,
      vwap: null,
      source: 'previous',
      complete: true,
    });
    const young = await market.ask({
      instrument: stock,
      from: at('11:57'),
      to: at('12:00'),
      fill: 'previous',
    });
    expect(young.candles.map(({ time }) => time)).toEqual([at('11:57')]);
  });

  it('gives the newest of more candles than the limit, and says so', async () => {
    const answer = await market.ask({ instrument: stock, from: at('09:15'), to: at('10:15'), limit: 10 });
    expect(answer.candles.map(({ time }) => time)).toEqual(
      Array.from({ length: 10 }, (_, i) => at('10:05') + i * MINUTE),
    );
    expect(answer.warnings).toHaveLength(1);
  });

  it('refuses ten years of minutes', async () => {
    await expect(
      market.ask({ instrument: stock, from: ist('2016-11-20 00:00'), to: at('12:00') }),
    ).rejects.toMatchObject({ name: 'TooManyCandles' });
    expect(market.broker.requests).toHaveLength(0);
  });
});
