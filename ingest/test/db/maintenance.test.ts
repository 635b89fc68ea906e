import { readFileSync } from 'node:fs';
import { pino } from 'pino';
import { afterEach, expect, it } from 'vitest';
import { refreshAggregates } from '../../src/db/aggregates.js';
import type { Database } from '../../src/db/database.js';
import { type Maintenance, startMaintenance } from '../../src/db/maintenance.js';
import { writeSessions } from '../../src/db/sessions-store.js';
import { createMetrics } from '../../src/metrics.js';
import { Calendar } from '../../src/sessions/calendar.js';
import { eachDatabase } from '../fixtures/databases.js';
import { CALL, INFY, seedCoverage, seedInstruments, seedTicks } from './seed.js';

const KEEP = {
  ticksDays: 0,
  depthDays: 0,
  candlesDays: { '1m': 0, '5m': 0, '15m': 0, '1h': 0, '1d': 0 },
  compressTicksAfterDays: 1,
  compressDepthAfterDays: 1,
};
const calendar = Calendar.parse(
  JSON.parse(readFileSync(new URL('../../calendar/nse.json', import.meta.url), 'utf8')),
);
const OPEN = '2026-11-19T03:45:00Z';
const CLOSE = '2026-11-19T05:45:00Z';
const NOW = Date.parse('2026-11-20T09:30:00Z');

eachDatabase((server) => {
  let running: Maintenance | undefined;
  let now = NOW;
  let warned: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void warned.push(line) });
  afterEach(async () => {
    await running?.stop();
    await running?.stop();
    now = NOW;
    warned = [];
  });
  const start = async (db: Database, retention = KEEP) => {
    running = startMaintenance({
      db,
      clock: { now: () => now },
      log,
      metrics: createMetrics(),
      retention,
    });
    await running.caughtUp;
    return running;
  };
  const candles = async (db: Database, interval: string) =>
    (
      await db.pool.query(
        `select *, extract(epoch from bucket) as at from tick_candles_${interval} where instrument_token = $1 order by bucket`,
        [INFY],
      )
    ).rows;

  it('serves the same candles before and after they are materialized, at every width', async () => {
    const db = await server.open();
    await seedInstruments(db, '2026-12-29', NOW);
    await seedTicks(db.pool, INFY, OPEN, CLOSE);
    const intervals = ['1m', '5m', '15m', '1h', '1d'];
    const before = await Promise.all(intervals.map((interval) => candles(db, interval)));
    expect(before.map((rows) => rows.length)).toEqual([120, 24, 8, 2, 1]);
    expect(before[1]![1]).toMatchObject({
      open: 105,
      high: 109.5,
      low: 104.5,
      close: 109,
      volume: 50,
      trades: 5,
      open_interest: 1019,
    });
    expect(before[3]![0].bucket.toISOString()).toBe('2026-11-19T03:45:00.000Z');
    expect(before[4]![0]).toMatchObject({
      open: 100,
      high: 219.5,
      low: 99.5,
      close: 219,
      volume: 1200,
      trades: 120,
    });
    expect(before[4]![0].bucket.toISOString()).toBe('2026-11-18T18:30:00.000Z');

    await start(db);
    await refreshAggregates(db, Date.parse(OPEN), Date.parse(CLOSE), NOW);
    const { rows: marks } = await db.pool.query('select view, watermark from aggregate_watermarks');
    expect(marks).toHaveLength(5);
    for (const { watermark } of marks)
      expect(watermark.getTime()).toBeGreaterThan(Date.parse('2026-11-19T05:00:00Z'));
    expect(await Promise.all(intervals.map((interval) => candles(db, interval)))).toEqual(before);
  });

  it('never materializes the bucket in progress: ticks of this minute show at once', async () => {
    const db = await server.open();
    now = Date.parse(OPEN) + 90_000;
    await seedTicks(db.pool, INFY, OPEN, '2026-11-19T03:46:00Z');
    await start(db);
    await seedTicks(db.pool, INFY, '2026-11-19T03:46:00Z', '2026-11-19T03:47:00Z');
    expect(await candles(db, '1m')).toHaveLength(2);
    expect(await candles(db, '1h')).toHaveLength(1);
  });

  it('shows a late tick as soon as its mark is refreshed, and counts the minute as incomplete until then', async () => {
    const db = await server.open();
    await seedInstruments(db, '2026-12-29', NOW);
    await writeSessions(db, calendar, '2026-11-17', '2026-11-21');
    await seedTicks(db.pool, INFY, OPEN, CLOSE);
    await seedCoverage(db.pool, INFY, OPEN, CLOSE);
    const maintenance = await start(db);
    await refreshAggregates(db, Date.parse(OPEN), Date.parse(CLOSE), NOW);

    await seedTicks(db.pool, INFY, '2026-11-19T04:00:00Z', '2026-11-19T04:01:00Z');
    await db.pool.query(
      `insert into stale_ranges (token, from_time, to_time) values ($1, '2026-11-19T04:00Z', '2026-11-19T04:01Z')`,
      [INFY],
    );
    const minute = async () =>
      (
        await db.pool.query(
          `select trades, complete from candles_1m where instrument_token = $1 and bucket = '2026-11-19T04:00Z'`,
          [INFY],
        )
      ).rows[0];
    expect(await minute()).toEqual({ trades: 1, complete: false });
    now += 4_000;
    await maintenance.pass();
    expect(await minute()).toEqual({ trades: 2, complete: true });
    for (const interval of ['5m', '15m', '1h']) {
      const total = (await candles(db, interval)).reduce((sum, row) => sum + row.trades, 0);
      expect(total, interval).toBe(121);
    }
    now += 200_000;
    await maintenance.pass();
    expect((await candles(db, '1d'))[0].trades).toBe(121);
    expect((await db.pool.query('select from stale_ranges union all select from stale_days')).rowCount).toBe(
      0,
    );
  });

  it('stores a wide candle of healed minutes once it is complete, and opens it again for a late tick', async () => {
    const db = await server.open();
    await seedInstruments(db, '2026-12-29', NOW);
    await writeSessions(db, calendar, '2026-11-17', '2026-11-21');
    await seedTicks(db.pool, INFY, OPEN, CLOSE);
    await seedCoverage(db.pool, INFY, OPEN, CLOSE);
    await db.pool.query(
      `insert into coverage_exceptions (token, from_time, to_time, reason) values ($1, '2026-11-19T04:00Z', '2026-11-19T04:02Z', 'stall')`,
      [INFY],
    );
    const heal = async (minute: string) => {
      await db.pool.query(
        `insert into broker_candles values ($1, '1m', $2, 500, 500, 50, 500, 7, null, now())`,
        [INFY, `2026-11-19T${minute}Z`],
      );
      await db.pool.query('delete from broker_coverage');
      await db.pool.query(
        `insert into broker_coverage values ($1, '1m', tstzrange('2026-11-19T04:00Z', $2::timestamptz + interval '1 minute'))`,
        [INFY, `2026-11-19T${minute}Z`],
      );
      await db.pool.query(`select mark_pending_merges($1, '2026-11-19T04:00Z', '2026-11-19T04:02Z')`, [INFY]);
      return (
        await db.pool.query<{ n: number }>(
          `select store_merged_candles($1, '2026-11-19', '2026-11-20') as n`,
          [INFY],
        )
      ).rows[0]!.n;
    };
    const five = async () =>
      (
        await db.pool.query(
          `select open, high, low, close, volume, trades, source, complete from candles_5m where instrument_token = $1 and bucket = '2026-11-19T04:00Z'`,
          [INFY],
        )
      ).rows;

    expect(await heal('04:00')).toBe(0); // one of two minutes: computed when read
    expect(await five()).toEqual([
      {
        open: 500,
        high: 500,
        low: 50,
        close: 119,
        volume: 47,
        trades: null,
        source: 'mixed',
        complete: false,
      },
    ]);
    expect(await heal('04:01')).toBe(3); // 5m, 15m and 1h are complete now
    const stored = {
      open: 500,
      high: 500,
      low: 50,
      close: 119,
      volume: 44,
      trades: null,
      source: 'mixed',
      complete: true,
    };
    expect(await five()).toEqual([stored]);
    expect((await db.pool.query('select from pending_merges')).rowCount).toBe(0);

    const maintenance = await start(db);
    await refreshAggregates(db, Date.parse(OPEN), Date.parse(CLOSE), NOW);
    await seedTicks(db.pool, INFY, '2026-11-19T04:03:00Z', '2026-11-19T04:04:00Z');
    await db.pool.query(
      `insert into stale_ranges (token, from_time, to_time) values ($1, '2026-11-19T04:03Z', '2026-11-19T04:04Z')`,
      [INFY],
    );
    now += 31_000;
    await maintenance.pass();
    expect(await five()).toEqual([{ ...stored, volume: 54 }]);
  });

  it('drops ticks only behind the candles made of them, and keeps the candles', async () => {
    const db = await server.open();
    now = Date.now();
    const day = (ago: number) => new Date(now - ago * 86_400_000).toISOString().slice(0, 10);
    await seedTicks(db.pool, INFY, `${day(9)}T04:00Z`, `${day(9)}T05:00Z`);
    await seedTicks(db.pool, INFY, `${day(2)}T04:00Z`, `${day(2)}T05:00Z`);
    await db.pool.query(
      `insert into stale_ranges (token, from_time, to_time) values (null, '${day(9)}T04:00Z', '${day(9)}T05:00Z')`,
    );
    await start(db, { ...KEEP, ticksDays: 7, depthDays: 7 });
    const { rows } = await db.pool.query('select count(*) as n from tick_data');
    expect(rows[0].n).toBe(120); // half of 240: the old day is gone
    expect(await candles(db, '1m')).toHaveLength(120);
    expect(await candles(db, '1h')).toHaveLength(4);
    for (const later of [3_700_000, 86_400_000]) {
      now += later;
      await running!.pass();
      expect(await candles(db, '1m')).toHaveLength(120);
      expect(await candles(db, '1d')).toHaveLength(2);
    }
    expect(warned.filter((line) => line.includes('retention'))).toEqual([]);
  });

  it('takes any time without failing a copy', async () => {
    const db = await server.open();
    await start(db);
    for (const time of ['1970-01-01T00:00Z', '2001-09-09T01:46:40Z', '2099-12-31T23:59:59Z']) {
      await db.pool.query(
        `insert into tick_data (time, seq, instrument_token, ltp, high, low, is_trade, in_session, time_source, broker, received_at)
         values ($1, 1, $2, 1, 1, 1, true, false, 'r', 'test', now())`,
        [time, CALL],
      );
    }
    expect((await db.pool.query('select from tick_data')).rowCount).toBe(3);
  });
});
