import { readFileSync } from 'node:fs';
import type pg from 'pg';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { openSessionsStore, writeSessions } from '../../src/db/sessions-store.js';
import { Calendar } from '../../src/sessions/calendar.js';
import { eachDatabase } from '../fixtures/databases.js';
import { CALL, INFY, seedCoverage, seedInstruments } from './seed.js';

const calendar = Calendar.parse(
  JSON.parse(readFileSync(new URL('../../calendar/nse.json', import.meta.url), 'utf8')),
);
const NOW = '2026-11-20T12:00:00Z';
/** The stock has no future, so its group is cash: 03:45 to 10:00 UTC. */
const DAY = '2026-11-19';

eachDatabase((server) => {
  let db: Database;
  let client: pg.Client;

  beforeAll(async () => {
    db = await server.open();
    client = await db.connect('gap reasons');
    await client.query(`select set_config('tickscope.now', $1, false)`, [NOW]);
    await seedInstruments(db, '2026-11-24', Date.parse(NOW));
    await writeSessions(db, calendar, '2026-11-15', '2027-01-10');
  });
  beforeEach(async () => {
    await client.query(`truncate feed_assignments, live_coverage, coverage_exceptions, stale_ranges, proven_empty,
      broker_coverage, broker_candles, merged_candles, pending_merges, heal_failures, retention_state`);
    await client.query(`select set_config('tickscope.now', $1, false)`, [NOW]);
  });
  const gaps = async (token = INFY, from = DAY, interval = '1m', to?: string) => {
    const { rows } = await client.query(
      `select to_char(gap_from at time zone 'UTC', 'HH24:MI') || '-' || to_char(gap_to at time zone 'UTC', 'HH24:MI') as span, reason
       from candle_gaps($1, $2::timestamptz, coalesce($4::timestamptz, $2::timestamptz + interval '1 day'), $3)`,
      [token, from, interval, to ?? null],
    );
    return rows.map(({ span, reason }) => `${span} ${reason}`);
  };

  it('cuts a hole where its cause changes and names each piece', async () => {
    expect(await gaps()).toEqual(['03:45-10:00 not_subscribed']);
    await client.query(
      `insert into feed_assignments (feed, token, assigned_at) values ('A', $1, '${DAY}T04:00Z')`,
      [INFY],
    );
    await client.query(`insert into live_coverage (feed, covered_from, covered_to, ended_at, cause) values
      ('A', '${DAY}T03:00Z', '${DAY}T05:00Z', now(), 'stall'),
      ('A', '${DAY}T05:10Z', '${DAY}T06:00Z', now(), 'disconnect'),
      ('A', '${DAY}T06:30Z', '${DAY}T09:00Z', null, null)`);
    await client.query(`insert into coverage_exceptions (feed, token, from_time, to_time, reason) values
      ('A', null, '${DAY}T07:00Z', '${DAY}T07:05Z', 'overload'),
      (null, ${INFY}, '${DAY}T07:03Z', '${DAY}T07:10Z', 'late'),
      (null, ${CALL}, '${DAY}T08:00Z', '${DAY}T08:10Z', 'late'),
      ('B', null, '${DAY}T08:00Z', '${DAY}T08:10Z', 'overload')`);
    await client.query(
      `insert into stale_ranges (token, from_time, to_time) values (null, '${DAY}T08:30Z', '${DAY}T08:31Z')`,
    );
    await client.query(`insert into proven_empty values (${INFY}, '${DAY}T05:05Z', '${DAY}T05:07Z')`);
    expect(await gaps()).toEqual([
      '03:45-04:00 not_subscribed',
      '05:00-05:05 stall',
      '05:07-05:10 stall',
      '06:00-06:30 disconnect',
      '07:00-07:03 overload',
      '07:03-07:10 late',
      '08:30-08:31 late',
      '09:00-10:00 stall',
    ]);
    await client.query(`insert into heal_failures (token, interval, from_time, to_time, message, retry_at)
      values (${INFY}, '1m', '${DAY}T09:00Z', '${DAY}T09:30Z', 'the broker is down', '${NOW}'::timestamptz + interval '1 minute')`);
    expect((await gaps()).slice(-2)).toEqual(['09:00-09:30 broker_unavailable', '09:30-10:00 stall']);
  });

  it('speaks of no time younger than 3 seconds', async () => {
    await client.query(`select set_config('tickscope.now', '${DAY}T04:00:03Z', false)`);
    expect(await gaps()).toEqual(['03:45-04:00 not_subscribed']);
    await client.query(`select set_config('tickscope.now', '${DAY}T03:45:02Z', false)`);
    expect(await gaps()).toEqual([]);
  });

  it('says expired of a contract that is over', async () => {
    await client.query(`select set_config('tickscope.now', '2026-11-25T12:00:00Z', false)`);
    expect((await gaps(CALL)).map((gap) => gap.split(' ')[1])).toEqual(['expired']);
  });

  it('says calendar of a day past the calendar without a packet, and judges it like any other with one', async () => {
    await client.query(`select set_config('tickscope.now', '2027-01-05T12:00:00Z', false)`);
    expect(await gaps(INFY, '2027-01-04')).toEqual(['03:45-10:00 calendar']);
    await seedCoverage(client, INFY, '2027-01-04T03:45Z', '2027-01-04T09:00Z');
    expect(await gaps(INFY, '2027-01-04')).toEqual(['09:00-10:00 disconnect']);
  });

  it('wants a broker’s day candle for every day that is over: pending until it is due', async () => {
    expect(await gaps(INFY, `${DAY}T18:30Z`, '1d')).toEqual(['03:45-10:00 pending']);
    await client.query(`select set_config('tickscope.now', '2026-11-20T08:00:00Z', false)`);
    expect(await gaps(INFY, `${DAY}T18:30Z`, '1d')).toEqual([]);
    await client.query(`select set_config('tickscope.now', '2026-11-21T12:00:00Z', false)`);
    expect(await gaps(INFY, `${DAY}T18:30Z`, '1d')).toEqual(['03:45-10:00 not_subscribed']);
    await client.query(
      `insert into broker_coverage values (${INFY}, '1d', '[${DAY}T18:30Z,2026-11-20T18:30Z)')`,
    );
    expect(await gaps(INFY, `${DAY}T18:30Z`, '1d')).toEqual([]);
  });

  it('refuses an interval that there is not', async () => {
    await expect(gaps(INFY, DAY, '7m')).rejects.toThrow(
      /interval must be one of 1m, 5m, 15m, 1h, 1d, not 7m/,
    );
    await expect(client.query(`select * from get_candles(1, now(), now(), '7m')`)).rejects.toThrow(
      /interval must be/,
    );
  });

  it('makes a hole again of what lean retention dropped, and hands minutes’ coverage to the wider rows that stay', async () => {
    await client.query(`insert into broker_candles select ${INFY}, '1m', m, 1, 1, 1, 1, 1, null, now()
      from generate_series('${DAY}T03:45Z'::timestamptz, '${DAY}T09:59Z', '1 minute') m`);
    await client.query(`insert into broker_coverage values (${INFY}, '1m', '[${DAY}T03:45Z,${DAY}T10:00Z)'),
                        (${INFY}, '5m', '[${DAY}T09:00Z,2026-11-20T04:00Z)')`);
    await client.query(
      `select mark_pending_merges(${INFY}, '2026-11-01', '2026-12-01'), store_merged_candles(null, '-infinity', 'infinity')`,
    );
    await client.query(`select store_merged_candles(null, '-infinity', 'infinity')`);
    const { rows: stored } = await client.query('select count(*) as n from merged_candles');
    expect(stored[0].n).toBe(75 + 25 + 7);
    expect(await gaps()).toEqual([]);
    await client.query(`select drop_broker_candles('1m', '${DAY}T06:45Z')`);
    expect(await gaps()).toEqual(['03:45-06:45 not_subscribed']);
    expect(await gaps(INFY, DAY, '5m')).toEqual([]);
    expect(await gaps(INFY, DAY, '1h')).toEqual([]);
    const { rows } = await client.query(`select span from broker_coverage where interval = '5m'`);
    expect(rows).toHaveLength(2); // what was dropped of the minutes, and its own
    expect((await client.query('select from candles_1m')).rowCount).toBe(195);
    expect((await client.query('select from candles_5m where complete')).rowCount).toBe(75);
  });
});

eachDatabase((server) => {
  it('writes sessions and closed days as the calendar has them, and further back when asked', async () => {
    const db = await server.open();
    const store = await openSessionsStore(db, calendar, Date.parse(NOW));
    const count = async (day: string) =>
      (
        await db.pool.query(
          `select count(*) as n from market_sessions where session_group = 'cash' and kind = 'continuous' and day = $1`,
          [day],
        )
      ).rows[0].n;
    expect(await count('2019-01-01')).toBe(1);
    expect(await count('2026-11-24')).toBe(0); // a holiday
    expect(await count('2024-03-02')).toBe(2); // a Saturday's drill in two parts
    expect(await count('2018-12-31')).toBe(0);
    await store.ensure('2018-12-01', '2018-12-31');
    expect(await count('2018-12-31')).toBe(1);
    const { rows } = await db.pool.query(
      `select bool_and(known) as all_known from market_sessions where day > '2026-12-31'`,
    );
    expect(rows[0].all_known).toBe(false);
    expect(
      (await db.pool.query(`select name from market_holidays where day = '2026-11-24'`)).rows[0].name,
    ).toMatch(/Guru Nanak/);
    const before = (await db.pool.query('select count(*) as n from market_sessions')).rows[0].n;
    await openSessionsStore(db, calendar, Date.parse(NOW));
    expect((await db.pool.query('select count(*) as n from market_sessions')).rows[0].n).toBe(before);
  });
});
