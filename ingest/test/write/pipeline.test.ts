import { describe, expect, it } from 'vitest';
import { at, FUTURE, INFY, NIFTY } from '../batch/market.js';
import { eachDatabase } from '../fixtures/databases.js';
import { coverage, exceptions, FEED, pipelineOn, ticks } from './writing.js';

eachDatabase((server) => {
  describe('the write path', () => {
    it('stores each tick with what it says, the latest of each and the day', async () => {
      const db = await server.open();
      const p = pipelineOn(db, at('10:00'));
      await p.pipeline.start();
      p.pipeline.sink.connected(FEED, at('10:00'), [INFY, NIFTY, FUTURE]);
      p.hear(
        at('10:00:01'),
        { traded: '09:59:58', sent: '10:00:01', volume: 1000 },
        { token: NIFTY, sent: '10:00:01', ltp: 2_500_000 },
        { token: FUTURE, traded: '10:00:00', sent: '10:00:01', volume: 50, oi: 700 },
      );
      p.hear(at('10:00:02'), { traded: '10:00:02', volume: 1010, ltp: 150_100 });
      p.hear(at('10:00:03'), {
        traded: '10:00:02',
        sent: '10:00:03',
        volume: 1010,
        ltp: 150_100,
        bid: 149_900,
      });
      p.hear(at('10:00:04'), { token: NIFTY, sent: '10:00:04', ltp: 2_500_100 });
      await p.committed();
      p.pipeline.sink.disconnected(FEED, at('10:00:10'), 'disconnect');
      expect(await p.pipeline.stop()).toBe(0);

      const common = {
        ltp: 1500,
        volume: 1000,
        delta: null,
        unplaced: null,
        trade: false,
        open: true,
        source: 'e',
      };
      expect(await ticks(db)).toEqual([
        { ...common, token: INFY, time: at('10:00:01'), unplaced: 1000 },
        { ...common, token: NIFTY, time: at('10:00:01'), ltp: 25000, volume: null },
        { ...common, token: FUTURE, time: at('10:00:01'), volume: 50, unplaced: 50 },
        {
          ...common,
          token: INFY,
          time: at('10:00:02'),
          ltp: 1501,
          volume: 1010,
          delta: 10,
          trade: true,
          source: 't',
        },
        { ...common, token: INFY, time: at('10:00:03'), ltp: 1501, volume: 1010, delta: 0 },
        { ...common, token: NIFTY, time: at('10:00:04'), ltp: 25001, volume: null, trade: true },
      ]);
      expect(await coverage(db)).toEqual([{ from: at('10:00:02'), to: at('10:00:04'), cause: 'disconnect' }]);
      expect(await exceptions(db)).toEqual([]);
      const { rows } = await db.pool.query(
        `select q.instrument_token as token, q.time, q.bid_price, q.bid_qty, q.ask_price, q.open_interest, q.day_high,
                d.volume, d.trades, d.last, d.open_interest as oi, d.trading_date as day,
                (select count(*) from depth_books b where b.instrument_token = q.instrument_token) as books,
                (select price from market_depth_latest m
                 where m.instrument_token = q.instrument_token and side = 'bid') as best
         from quotes_latest q left join day_state d using (instrument_token) order by 1`,
      );
      expect(rows).toEqual([
        {
          token: NIFTY,
          time: new Date(at('10:00:04')),
          bid_price: null,
          bid_qty: null,
          ask_price: null,
          open_interest: null,
          day_high: 1600,
          volume: null,
          trades: 1,
          last: 25001,
          oi: null,
          day: '2026-11-18',
          books: 0,
          best: null,
        },
        {
          token: INFY,
          time: new Date(at('10:00:03')),
          bid_price: 1499,
          bid_qty: 10,
          ask_price: 1500.05,
          open_interest: null,
          day_high: 1600,
          volume: 1010,
          trades: 1,
          last: 1501,
          oi: null,
          day: '2026-11-18',
          books: 2,
          best: 1499,
        },
        {
          token: FUTURE,
          time: new Date(at('10:00:01')),
          bid_price: 1499.95,
          bid_qty: 10,
          ask_price: 1500.05,
          open_interest: 700,
          day_high: 1600,
          volume: 50,
          trades: 0,
          last: 1500,
          oi: 700,
          day: '2026-11-18',
          books: 1,
          best: 1499.95,
        },
      ]);
      expect(p.pipeline.latest(INFY)).toMatchObject({
        lastPrice: 1501,
        volume: 1010,
        bids: [{ price: 1499 }],
      });
    });
  });
});
