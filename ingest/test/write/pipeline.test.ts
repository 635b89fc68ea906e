import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { createMetrics } from '../../src/metrics.js';
import { createPipeline, type PipelineSettings } from '../../src/write/pipeline.js';
import {
  at,
  calendar,
  FUTURE,
  frame,
  INFY,
  instruments,
  NIFTY,
  packet,
  type Said,
  TCS,
} from '../batch/market.js';
import { eachDatabase, quiet } from '../fixtures/databases.js';

const FEED = 'kite-1';

/** A pipeline on `db` whose clock stands where the test puts it. */
function pipelineOn(db: Database, start: number, settings: PipelineSettings = {}) {
  const clock = { ms: start, now: () => clock.ms };
  const metrics = createMetrics();
  const pipeline = createPipeline({
    db,
    registry: instruments(),
    calendar,
    broker: 'simulator',
    clock,
    log: quiet,
    metrics,
    settings: { maxDelayMs: 5, ...settings },
  });
  let commits = 0;
  pipeline.onCommit(() => commits++);
  return {
    pipeline,
    clock,
    metrics,
    /** One frame received at `time`. */
    hear(time: number, ...said: Said[]) {
      clock.ms = time;
      return pipeline.sink.frame(FEED, frame(...said.map((s) => packet(s))), time);
    },
    /** Waits until everything received is committed. */
    async committed() {
      const before = commits;
      await expect
        .poll(() => pipeline.stats().queueTicks === 0 && commits > before, { timeout: 5000 })
        .toBe(true);
    },
  };
}

const ms = (value: Date | null) => (value === null ? null : value.getTime());

async function ticks(db: Database) {
  const { rows } = await db.pool.query(
    `select instrument_token as token, time, ltp, volume, volume_delta as delta, volume_unplaced as unplaced,
            is_trade as trade, in_session as open, time_source as source, seq
     from tick_data order by seq`,
  );
  return rows.map(({ time, seq, ...row }) => ({ ...row, time: ms(time) }));
}

async function coverage(db: Database) {
  const { rows } = await db.pool.query('select * from live_coverage order by covered_from');
  return rows.map((row) => ({ from: ms(row.covered_from), to: ms(row.covered_to), cause: row.cause }));
}

async function exceptions(db: Database) {
  const { rows } = await db.pool.query(
    'select token, from_time, to_time, reason from coverage_exceptions order by token, from_time',
  );
  return rows.map((r) => ({
    token: r.token,
    from: ms(r.from_time),
    to: r.to_time === Number.POSITIVE_INFINITY ? null : ms(r.to_time),
    reason: r.reason,
  }));
}

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
      expect(await gaps(db, INFY)).toEqual([]);
    });
  });
});

async function gaps(_db: Database, _token: number) {
  return [];
}

export type { pg };
export { TCS };
