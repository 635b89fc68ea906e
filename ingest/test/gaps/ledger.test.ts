import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { INDEX, ist, openMarket, STOCK, type TestMarket } from '../candles/market.js';
import { eachDatabase } from '../fixtures/databases.js';
import { answered, CLEAR, except, gapsOf, hearOn, ledgerOf, prove } from './watching.js';

/** A Friday: cash and index trade from 09:15 to 15:30. */
const DAY = '2026-11-20';

eachDatabase((server) => {
  let db: Database;
  let market: TestMarket;
  const at = (time: string) => ist(`${DAY} ${time}`);
  const pass = async (time: string) => {
    market.clock.ms = at(time);
    await ledgerOf(market).pass();
    return gapsOf(market);
  };

  beforeAll(async () => {
    db = await server.open();
  });
  beforeEach(async () => {
    await db.pool.query(CLEAR);
    market = await openMarket(db, at('10:00'));
    await market.assign(STOCK, at('09:10'));
    await market.assign(INDEX, at('09:10'));
    await market.heard(at('09:10'), at('09:59:58'));
  });
  afterEach(() => market.service.stop());

  describe('a connection that breaks', () => {
    it('is one row for all of its instruments, open while it lasts', async () => {
      expect(await pass('10:00')).toEqual([]);
      await hearOn(market, at('10:00:10'), 'disconnect');
      expect(await pass('10:00:20')).toMatchObject([
        {
          kind: 'connection',
          from: at('10:00:10'),
          to: null,
          cause: 'disconnect',
          status: 'PENDING',
          instruments: 2,
          left: 2,
        },
      ]);
      await market.heard(at('10:02:00'), at('10:02:30'));
      const [gap, ...others] = await pass('10:02:32');
      expect(others).toEqual([]);
      expect(gap).toMatchObject({ from: at('10:00:10'), to: at('10:02:00'), status: 'PENDING', parts: 1 });
    });

    it('names who still lacks something, and is recovered only when nobody does', async () => {
      await hearOn(market, at('10:00:10'), 'disconnect');
      await market.heard(at('10:02:00'), at('10:07'));
      await prove(market, STOCK, at('10:00:09'), at('10:02:01'));
      expect(await pass('10:05')).toMatchObject([{ status: 'PENDING', instruments: 2, left: 1, empty: 1 }]);
      const { rows } = await db.pool.query(
        'select instrument_token as token, next_attempt_at as due from data_gap_instruments',
      );
      // 10:01 is the last minute of the hole, and the broker's are final two minutes after their end.
      expect(rows).toEqual([{ token: INDEX, due: new Date(at('10:04:01')) }]);
      await answered(market, INDEX, at('10:00'), at('10:01'));
      expect(await pass('10:06')).toMatchObject([{ status: 'PENDING', left: 1 }]);
      await answered(market, INDEX, at('10:01'), at('10:02'));
      expect(await pass('10:07')).toMatchObject([
        { status: 'RECOVERED', left: 0, source: 'HISTORICAL_API', recoveredAt: at('10:07') },
      ]);
      expect((await db.pool.query('select from data_gap_instruments')).rowCount).toBe(0);
    });

    it('in which nothing traded is closed without anybody being asked', async () => {
      await hearOn(market, at('10:00:10'), 'disconnect');
      await market.heard(at('10:00:30'), at('10:05'));
      await prove(market, STOCK, at('10:00:09'), at('10:00:31'));
      await prove(market, INDEX, at('10:00:09'), at('10:00:31'));
      expect(await pass('10:05')).toMatchObject([
        { status: 'RECOVERED', instruments: 2, empty: 2, source: null },
      ]);
    });

    it('again and again is one row of so many parts', async () => {
      await hearOn(market, at('10:00:10'), 'disconnect');
      for (let second = 11; second < 55; second += 2) {
        await market.heard(at(`10:00:${second}`), at(`10:00:${second}`) + 500, 'disconnect');
        await pass(`10:00:${second + 1}`);
      }
      await market.heard(at('10:01:00'), at('10:04'));
      await pass('10:04');
      const rows = await pass('10:04:10');
      expect(rows).toMatchObject([{ from: at('10:00:10'), to: at('10:01:00'), parts: 23, left: 2 }]);
    });

    it('that only falls silent is a hole when it is too far behind, and none when its next packet carries it on', async () => {
      expect(await pass('10:00:15')).toEqual([]);
      expect(await pass('10:00:25')).toMatchObject([{ from: at('09:59:58'), to: null, cause: 'stall' }]);
      await hearOn(market, at('10:00:40'));
      expect(await pass('10:00:42')).toEqual([]);
    });

    it('at the close ends with the session and the next session begins a row of its own', async () => {
      await hearOn(market, at('15:20'), 'disconnect');
      expect(await pass('15:25')).toMatchObject([{ from: at('15:20'), to: null }]);
      expect(await pass('18:00')).toMatchObject([{ from: at('15:20'), to: at('15:30'), left: 2 }]);
      const monday = (time: string) => ist(`2026-11-23 ${time}`);
      market.clock.ms = monday('09:20');
      await ledgerOf(market).pass();
      expect(await gapsOf(market)).toMatchObject([
        { from: at('15:20'), to: at('15:30') },
        { from: monday('09:15'), to: null },
      ]);
      await market.heard(monday('09:21'), monday('09:30'));
      market.clock.ms = monday('09:30');
      await ledgerOf(market).pass();
      expect(await gapsOf(market)).toMatchObject([
        { from: at('15:20'), to: at('15:30') },
        { from: monday('09:15'), to: monday('09:21'), left: 2 },
      ]);
    });

    it('outside of the session is no hole', async () => {
      await hearOn(market, at('15:30'), 'disconnect');
      await market.heard(at('17:00'), at('18:00'));
      expect(await pass('18:00')).toEqual([]);
    });
  });

  describe('a restart', () => {
    it('finds the hole that the crash left, and keeps what it knew of others', async () => {
      await hearOn(market, at('10:00:10'), 'disconnect');
      const [before] = await pass('10:00:20');
      // The process dies; the next one ends the open row and hears again.
      await market.heard(at('10:05'), at('10:10:07'), 'restart');
      await market.heard(at('10:15'), at('10:20'));
      const rows = await pass('10:20');
      expect(rows).toMatchObject([
        { id: before!.id, from: at('10:00:10'), to: at('10:05'), cause: 'disconnect' },
        { from: at('10:10:07'), to: at('10:15'), cause: 'restart' },
      ]);
    });

    it('of a service that never wrote a ledger looks back a week, and only at what was subscribed', async () => {
      const daysAgo = (days: number) => at('09:59:58') - days * 86_400_000;
      await db.pool.query('update feed_assignments set assigned_at = $1', [new Date(daysAgo(10))]);
      await db.pool.query('update feed_assignments set assigned_at = $1 where token = $2', [
        new Date(at('09:00')),
        INDEX,
      ]);
      await db.pool.query(
        'update live_coverage set covered_from = $1, covered_to = $2, ended_at = $2, cause = $3',
        [new Date(daysAgo(10)), new Date(daysAgo(9)), 'restart'],
      );
      await market.heard(at('09:40'), at('10:20'));
      const rows = await pass('10:20');
      expect(rows.map(({ from, to, instruments }) => [(to! - from) / 60_000, instruments])).toEqual([
        [375, 1],
        [375, 1],
        [375, 1],
        [375, 1],
        [375, 1],
        [25, 2],
      ]);
      expect(await pass('10:20:05')).toEqual(rows);
    });
  });

  describe('an instrument', () => {
    it('that answers some seconds after a reconnect belongs to the connection’s hole', async () => {
      await hearOn(market, at('10:00:10'), 'disconnect');
      await market.heard(at('10:00:40'), at('10:05'));
      await prove(market, INDEX, at('10:00:09'), at('10:00:40'));
      await except(market, STOCK, at('10:00:40'), null, 'disconnect');
      expect(await pass('10:00:48')).toMatchObject([{ from: at('10:00:10'), to: at('10:00:40') }]);
      await db.pool.query(`update coverage_exceptions set to_time = $1 where to_time = 'infinity'`, [
        new Date(at('10:00:44')),
      ]);
      await pass('10:00:53');
      expect(await pass('10:00:58')).toMatchObject([
        { kind: 'connection', from: at('10:00:10'), to: at('10:00:44'), parts: 1, left: 1, empty: 1 },
      ]);
    });

    it('that answers late after a reconnect has a row of its own, open until it does', async () => {
      await hearOn(market, at('10:30'));
      await except(market, STOCK, at('10:00:30'), null, 'disconnect');
      expect(await pass('10:30')).toMatchObject([
        { kind: 'exception', from: at('10:00:30'), to: null, cause: 'disconnect', instruments: 1 },
      ]);
      await db.pool.query(`update coverage_exceptions set to_time = $1 where to_time = 'infinity'`, [
        new Date(at('10:31')),
      ]);
      await hearOn(market, at('10:35'));
      expect(await pass('10:35')).toMatchObject([
        { from: at('10:00:30'), to: at('10:31'), token: STOCK, left: 1 },
      ]);
    });

    it('that was given back and taken again on a day lost what is between', async () => {
      await hearOn(market, at('11:01'));
      await db.pool.query('update feed_assignments set released_at = $1 where token = $2', [
        new Date(at('10:10')),
        STOCK,
      ]);
      expect(await pass('11:00')).toEqual([]);
      await market.assign(STOCK, at('10:50'));
      const rows = await pass('11:00');
      expect(rows).toMatchObject([
        { kind: 'subscription', cause: 'subscription', from: at('10:10'), to: at('10:50'), token: STOCK },
      ]);
      expect(await pass('11:01')).toEqual(rows);
    });

    it('that was given back while another was is told of too, whenever it becomes known', async () => {
      await hearOn(market, at('11:01'));
      const giveBack = (token: number, time: string) =>
        db.pool.query('update feed_assignments set released_at = $1 where token = $2', [
          new Date(at(time)),
          token,
        ]);
      await giveBack(STOCK, '10:10');
      await giveBack(INDEX, '10:12');
      await market.assign(STOCK, at('10:50'));
      await pass('10:59');
      await market.assign(INDEX, at('10:13'));
      for (const time of ['11:00', '11:01']) {
        await pass(time);
        const { rows } = await db.pool.query(
          'select instrument_token::int as token, missing::text from data_gap_instruments order by 1',
        );
        expect(rows.map(({ token }) => token)).toEqual([INDEX, STOCK]);
        expect(rows[0].missing).toContain('04:42:00');
      }
    });

    it('lost nothing before it was first subscribed', async () => {
      await db.pool.query('update feed_assignments set assigned_at = $1', [new Date(at('09:40'))]);
      await db.pool.query('update live_coverage set covered_from = $1', [new Date(at('09:40:02'))]);
      expect(await pass('10:00')).toEqual([]);
    });

    it('with another late tick in a minute that is repaired already is told of again', async () => {
      await hearOn(market, at('10:30'));
      await except(market, STOCK, at('10:10'), at('10:11'), 'late');
      await pass('10:30');
      await answered(market, STOCK, at('10:10'), at('10:11'));
      expect(await pass('10:30:06')).toMatchObject([{ status: 'RECOVERED' }]);
      await except(market, INDEX, at('10:10'), at('10:11'), 'late');
      expect(await pass('10:30:10')).toMatchObject([
        { status: 'RECOVERED', token: STOCK },
        { status: 'PENDING', token: INDEX, left: 1 },
      ]);
    });
  });
});
