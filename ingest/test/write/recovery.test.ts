import type pg from 'pg';
import { describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { at, INFY, NIFTY, TCS } from '../batch/market.js';
import { eachDatabase } from '../fixtures/databases.js';
import { coverage, exceptions, FEED, pipelineOn, ticks } from './writing.js';

/** A database whose connections do something else on the `nth` commit. */
function onCommit(db: Database, nth: number, act: (commit: () => Promise<unknown>) => Promise<unknown>) {
  let commits = 0;
  return {
    async connect(name: string): Promise<pg.Client> {
      const client = await db.connect(name);
      const query = client.query.bind(client);
      const intercepted = (...args: Parameters<typeof query>) => {
        if ((args[0] as unknown) === 'commit' && name === 'tickscope ticks' && ++commits === nth) {
          return act(() => query('commit'));
        }
        return query(...args);
      };
      return Object.assign(client, { query: intercepted });
    },
  };
}

const proven = async (db: Database) =>
  (await db.pool.query('select token, from_time, to_time from proven_empty order by 1')).rows.map((r) => [
    r.token,
    r.from_time.getTime(),
    r.to_time.getTime(),
  ]);

eachDatabase((server) => {
  describe('a restart', () => {
    it('goes on from the state tables: volume, trades, sequence, proof, identical packets', async () => {
      const db = await server.open();
      const before = pipelineOn(db, at('10:00'));
      await before.pipeline.start();
      before.pipeline.sink.connected(FEED, at('10:00'), [INFY, TCS, NIFTY]);
      before.hear(
        at('10:00:01'),
        { traded: '10:00', sent: '10:00:01', volume: 100 },
        { token: TCS, traded: '10:00', sent: '10:00:01', volume: 500 },
        { token: NIFTY, sent: '10:00:01' },
      );
      before.hear(at('10:00:02'), { traded: '10:00:02', volume: 110 });
      before.hear(at('10:00:06'), { token: NIFTY, sent: '10:00:06', ltp: 9 });
      await before.committed();
      // Crash: nothing is stopped. What was committed stands.
      expect(await coverage(db)).toEqual([{ from: at('10:00:02'), to: at('10:00:04'), cause: null }]);

      const after = pipelineOn(db, at('10:05'));
      await after.pipeline.start();
      expect(await coverage(db)).toEqual([{ from: at('10:00:02'), to: at('10:00:04'), cause: 'restart' }]);
      expect(after.pipeline.latest(INFY)).toMatchObject({
        lastPrice: 1500,
        volume: 110,
        bids: [{ quantity: 10 }],
      });
      after.pipeline.sink.connected(FEED, at('10:05'), [INFY, TCS, NIFTY]);
      after.hear(
        at('10:05:01'),
        { traded: '10:00:02', volume: 110 }, // word for word the last one
        { token: TCS, traded: '10:04', sent: '10:05', volume: 900 },
        { token: NIFTY, sent: '10:05', ltp: 10 },
      );
      after.hear(at('10:05:02'), { traded: '10:05:02', volume: 117 });
      await after.committed();
      after.pipeline.sink.disconnected(FEED, at('10:05:03'), 'restart');
      await after.pipeline.stop();

      const stored = await ticks(db);
      expect(stored).toHaveLength(8);
      expect(stored.slice(5)).toMatchObject([
        { token: TCS, delta: null, unplaced: 400, trade: false },
        { token: NIFTY, trade: false },
        { token: INFY, delta: 7, unplaced: null, trade: true, time: at('10:05:02') },
      ]);
      expect(await proven(db)).toEqual([[INFY, at('10:00:02'), at('10:05:01')]]);
      const { rows } = await db.pool.query(
        'select volume, trades from day_state where instrument_token = $1',
        [INFY],
      );
      expect(rows).toEqual([{ volume: 117, trades: 2 }]);
      const { rows: seqs } = await db.pool.query(
        'select count(distinct seq)::int as n, count(*)::int as m from tick_data',
      );
      expect(seqs[0].n).toBe(seqs[0].m);
      before.pipeline.sink.disconnected(FEED, at('10:00:07'), 'restart');
      await before.pipeline.stop();
    });

    it('folds committed ticks that the state tables did not have yet', async () => {
      const db = await server.open();
      const extra = Array.from({ length: 150 }, (_, i) => 1_000_001 + 256 * i);
      const p = pipelineOn(db, at('10:00'), {}, extra);
      await p.pipeline.start();
      p.pipeline.sink.connected(FEED, at('10:00'), extra);
      for (let s = 1; s <= 5; s++) {
        const time = at('10:00') + s * 1000;
        p.hear(
          time,
          ...extra.map((token, i) => ({ token, traded: time, volume: 100 * s + i, ltp: 1000 + s })),
        );
      }
      await p.committed();
      p.pipeline.sink.disconnected(FEED, at('10:00:06'), 'restart');
      await p.pipeline.stop();
      const truth = async () => ({
        quotes: (await db.pool.query('select * from quotes_latest order by instrument_token')).rows,
        days: (await db.pool.query('select * from day_state order by instrument_token')).rows,
        books: (await db.pool.query('select instrument_token, book from depth_latest order by 1')).rows,
      });
      const whole = await truth();
      expect(whole.quotes).toHaveLength(150);
      expect(whole.days[7]).toMatchObject({ volume: 507, trades: 4, last: 10.05 });
      // As if the process had died before the state tables' turn.
      await db.pool.query('delete from quotes_latest; delete from day_state; delete from depth_latest');
      await db.pool.query(`update writer_state set last_state_seq = 0, fold_from = '2026-11-18 04:30:00+00'`);
      const again = pipelineOn(db, at('10:01'), {}, extra);
      await again.pipeline.start();
      expect(await truth()).toEqual(whole);
      await again.pipeline.stop();
    });

    it('ends what a crash left open', async () => {
      const db = await server.open();
      const before = pipelineOn(db, at('10:00'));
      await before.pipeline.start();
      before.pipeline.sink.connected(FEED, at('10:00'), [INFY, NIFTY]);
      before.hear(
        at('10:00:01'),
        { token: NIFTY, sent: '10:00:01' },
        { traded: '10:00', sent: '10:00:01', volume: 1 },
      );
      before.pipeline.sink.disconnected(FEED, at('10:00:02'), 'disconnect');
      before.pipeline.sink.connected(FEED, at('10:00:03'), [INFY, NIFTY]);
      for (let s = 4; s <= 9; s++)
        before.hear(at('10:00') + s * 1000, { token: NIFTY, sent: at('10:00') + s * 1000, ltp: s });
      await before.committed();
      expect(await exceptions(db)).toMatchObject([{ token: INFY, to: null, reason: 'disconnect' }]);
      const after = pipelineOn(db, at('10:01'));
      await after.pipeline.start();
      expect(await exceptions(db)).toMatchObject([{ token: INFY, to: at('10:01') }]);
      expect((await coverage(db)).map((c) => c.cause)).toEqual(['disconnect', 'restart']);
      await after.pipeline.stop();
      before.pipeline.sink.disconnected(FEED, at('10:00:10'), 'restart');
      await before.pipeline.stop();
    });
  });

  describe('a commit whose answer is lost', () => {
    it.each([
      [
        'after it took place',
        async (commit: () => Promise<unknown>) => {
          await commit();
          throw new Error('connection lost');
        },
      ],
      [
        'before it took place',
        async () => {
          throw new Error('connection lost');
        },
      ],
      [
        'while it may still take place',
        async (commit: () => Promise<unknown>) => {
          void commit().catch(() => undefined);
          throw new Error('connection lost');
        },
      ],
    ])('%s is neither lost nor written twice', async (_name, act) => {
      const db = await server.open();
      const p = pipelineOn(onCommit(db, 2, act), at('10:00'));
      await p.pipeline.start();
      p.pipeline.sink.connected(FEED, at('10:00'), [INFY]);
      for (let s = 1; s <= 4; s++) {
        const time = at('10:00') + s * 1000;
        p.hear(time, { traded: time, volume: 100 + s });
        await p.committed();
      }
      p.pipeline.sink.disconnected(FEED, at('10:00:05'), 'disconnect');
      expect(await p.pipeline.stop()).toBe(0);
      expect((await ticks(db)).map((t) => t.volume)).toEqual([101, 102, 103, 104]);
    });
  });

  describe('a database that is away', () => {
    it('gets everything once it is back; coverage waits with the ticks', async () => {
      const db = await server.open();
      let away = true;
      const p = pipelineOn(
        {
          connect: async (name) => {
            if (away && name === 'tickscope ticks') throw new Error('connection refused');
            return db.connect(name);
          },
        },
        at('10:00'),
      );
      await p.pipeline.start();
      p.pipeline.sink.connected(FEED, at('10:00'), [INFY]);
      for (let s = 1; s <= 50; s++)
        p.hear(at('10:00') + s * 100, { traded: at('10:00') + s * 100, volume: s });
      await expect.poll(() => p.pipeline.stats().healthy).toBe(false);
      expect(await coverage(db)).toEqual([]);
      expect(await ticks(db)).toEqual([]);
      away = false;
      await expect.poll(async () => (await ticks(db)).length, { timeout: 20_000 }).toBe(50);
      p.pipeline.sink.disconnected(FEED, at('10:00:06'), 'disconnect');
      expect(await p.pipeline.stop()).toBe(0);
      expect(await coverage(db)).toEqual([{ from: at('10:00:01'), to: at('10:00:05'), cause: 'disconnect' }]);
    });

    it('keeps an instrument out of what is claimed that came back from none of several reconnects', async () => {
      const db = await server.open();
      let away = false;
      const refuse = async () => {
        throw new Error('connection refused');
      };
      const p = pipelineOn(
        {
          connect: async (name) => {
            if (away && name === 'tickscope ticks') return refuse();
            const client = await db.connect(name);
            const query = client.query.bind(client);
            return Object.assign(client, {
              query: (...args: Parameters<typeof query>) =>
                away && name === 'tickscope ticks' ? refuse() : query(...args),
            });
          },
        },
        at('10:00'),
      );
      await p.pipeline.start();
      const { sink } = p.pipeline;
      const live = (from: string) => {
        sink.connected(FEED, at(from), [INFY, TCS]);
        for (let s = 1; s <= 5; s++)
          p.hear(at(from) + s * 1000, { traded: at(from) + s * 1000, volume: at(from) / 1000 + s });
      };
      sink.connected(FEED, at('10:00'), [INFY, TCS]);
      p.hear(at('10:00:01'), { traded: '10:00:01', volume: 1 }, { token: TCS, traded: '10:00', volume: 1 });
      p.hear(at('10:00:03'), { traded: '10:00:03', volume: 2 });
      sink.disconnected(FEED, at('10:00:04'), 'disconnect');
      live('10:01');
      await p.committed();
      expect(await exceptions(db)).toMatchObject([{ token: TCS, to: null }]);
      away = true;
      sink.disconnected(FEED, at('10:01:06'), 'disconnect');
      live('10:02');
      sink.disconnected(FEED, at('10:02:06'), 'disconnect');
      live('10:03');
      await expect.poll(() => p.pipeline.stats().healthy).toBe(false);
      away = false;
      await p.committed();
      const rows = await coverage(db);
      expect(rows).toHaveLength(4);
      expect(await exceptions(db)).toEqual(
        rows.slice(1).map(({ from, to, cause }) => ({
          token: TCS,
          from,
          to: cause === null ? null : to,
          reason: 'disconnect',
        })),
      );
      await p.pipeline.stop();
    });

    it('does not keep stop waiting for ever, and how much was lost is said', async () => {
      const db = await server.open();
      const p = pipelineOn(
        {
          connect: async (name) => {
            if (name === 'tickscope ticks') throw new Error('connection refused');
            return db.connect(name);
          },
        },
        at('10:00'),
        { stopWithinMs: 300 },
      );
      await p.pipeline.start();
      p.pipeline.sink.connected(FEED, at('10:00'), [INFY]);
      p.hear(at('10:00:01'), { traded: '10:00:01', volume: 1 });
      expect(await p.pipeline.stop()).toBe(1);
      expect(await p.pipeline.stop()).toBe(1);
    });

    it('makes the queue drop its newest, count them and say overload', async () => {
      const db = await server.open();
      let away = true;
      const p = pipelineOn(
        {
          connect: async (name) => {
            if (away && name === 'tickscope ticks') throw new Error('connection refused');
            return db.connect(name);
          },
        },
        at('10:00'),
        { batchTicks: 4, queueTicks: 8 },
      );
      await p.pipeline.start();
      p.pipeline.sink.connected(FEED, at('10:00'), [INFY]);
      for (let s = 1; s <= 30; s++)
        p.hear(at('10:00') + s * 1000, { traded: at('10:00') + s * 1000, volume: s });
      const { dropped } = p.pipeline.stats();
      expect(dropped).toBeGreaterThan(10);
      away = false;
      await p.committed();
      for (let s = 31; s <= 35; s++) {
        p.hear(at('10:00') + s * 1000, { traded: at('10:00') + s * 1000, volume: s });
        await p.committed();
      }
      p.pipeline.sink.disconnected(FEED, at('10:00:40'), 'disconnect');
      await p.pipeline.stop();
      const stored = await ticks(db);
      expect(stored).toHaveLength(35 - dropped);
      expect(stored.reduce((sum, t) => sum + (t.delta ?? 0) + (t.unplaced ?? 0), 0)).toBe(35);
      expect((await coverage(db)).map((c) => c.cause)).toEqual(['overload', 'disconnect']);
      expect(await p.metrics.ticksDropped.get()).toMatchObject({ values: [{ value: dropped }] });
    });
  });
});
