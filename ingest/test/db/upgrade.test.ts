import { expect, it } from 'vitest';
import { tablesToStore } from '../../src/backup/tables.js';
import { LEVELS, refreshLevel } from '../../src/db/aggregates.js';
import type { Database } from '../../src/db/database.js';
import { migrate } from '../../src/db/migrate.js';
import { readMigrations, sqlDirectory } from '../../src/db/migrations.js';
import { eachDatabase, quiet } from '../fixtures/databases.js';
import { CALL, FUTURE, INFY, NIFTY, seedCoverage, seedInstruments, seedTicks } from './seed.js';

/** The first release's files, SHA-256: databases out there were made by exactly these. */
const FIRST_RELEASE: Readonly<Record<string, string>> = {
  '0001_core': '143eb3c46de09366e32e27fbc69a320b2978441e24869ef12b400b753a9d3ba2',
  '0002_ticks.postgres': '82ed14572bcf7de46eae0fab676f248905a65a262146312a95432d309d3fe352',
  '0002_ticks.timescale': '79e284daa8f5cb5b1e19f15feac5621e7d30394791ee5546bef4b6d2bc3ad18c',
  '0003_latest': '2cdf927114894a507f8a029e67d1180ee731a202909011cad4f45d33a9d00ed5',
  '0004_tick_candles.postgres': '82178dfeb2f6c3e93253dc1e1b150904bf2af3c7e7cb38fc7ec90c0924178d27',
  '0004_tick_candles.timescale': 'e4c808fe07331ff12f63046d38f2a3710defbb874ff910a73119e1609388ce40',
  '0005_coverage': 'c87838edd3c408cf13765bf93177a2c81fe87ff6259404be8cba933d967f1904',
  '0006_candles': 'b8a7cc6e5c99aa33ff26cb04073323a1cc677b40a35453285256933c6074d9cf',
  '0007_depth': '398e41b434e8897a6e82c88e5294d43a7e0b93e69b4f00ff0b9a406012245dbb',
  '0008_volatility': '3098388aedf1cf488b5090db25fca446b7e6b16b6f6686da250457a7c05aefe9',
  '0009_roles': '3e6106096c302e39f0e1f225404b210987f4aa29233fadfc05361393ea28ca02',
};
const FIRST_RELEASE_LAST = 9;

const FROM = '2026-11-19T03:45:00Z';
const TO = '2026-11-19T04:45:00Z';

/** A day of the first release: heard with a hole, healed in part, some of it materialized, an instrument never heard. */
async function fillFirstRelease(db: Database): Promise<void> {
  await seedInstruments(db, '2027-12-30', Date.parse('2026-11-01T00:00:00Z'));
  await db.pool.query(`
    insert into data_origin (origin) values ('simulator:1');
    insert into market_sessions values ('NSE', '', 'cash', '2026-11-19', 'continuous', '2026-11-19 03:45+00', '2026-11-19 09:45+00');
    insert into instrument_groups select token, 'cash', '[2020-01-01,)' from instruments on conflict do nothing`);
  for (const token of [INFY, NIFTY, CALL]) {
    await seedTicks(db.pool, token, FROM, '2026-11-19T06:00:00Z');
    await seedCoverage(db.pool, token, FROM, '2026-11-19T05:10:30Z');
    await db.pool.query(
      `insert into live_coverage (feed, covered_from, covered_to) values ($1, '2026-11-19 05:20:10+00', '2026-11-19 06:00+00')`,
      [`A${token}`],
    );
  }
  await db.pool.query(
    `insert into broker_candles select $1, '1m', m, 1, 2, 0.5, 1.5, 10, null, now() from generate_series('2026-11-19 05:10+00'::timestamptz, '2026-11-19 05:14+00', '1 minute') m`,
    [INFY],
  );
  await db.pool.query(
    `insert into broker_coverage values ($1, '1m', '[2026-11-19 05:10+00,2026-11-19 05:15+00)')`,
    [INFY],
  );
  await db.pool.query(
    `insert into proven_empty values ($1, '2026-11-19 05:10:30+00', '2026-11-19 05:20:10+00')`,
    [CALL],
  );
  await db.pool.query(
    `insert into coverage_exceptions (token, from_time, to_time, reason) values ($1, $2, $3, 'late')`,
    [NIFTY, '2026-11-19T04:00:00Z', '2026-11-19T04:01:00Z'],
  );
  await db.pool.query(`insert into vix_data (time, value, change, regime) values ($1, 13.4, 0.2, 'LOW')`, [
    FROM,
  ]);
  await db.pool.query(
    `insert into data_gaps (feed, gap_start, gap_end, cause, status) values ('A', '2026-11-19 05:10:30+00', '2026-11-19 05:20:10+00', 'disconnect', 'PENDING')`,
  );
  const client = await db.connect('materialize');
  for (const level of LEVELS.slice(0, 3)) {
    const window = { from: Date.parse(FROM), to: Date.parse(TO) };
    await refreshLevel(client, db.kind, level, window);
    if (db.kind === 'postgres')
      await client.query('update watermarks set watermark = $2 where view = $1', [
        level.view,
        new Date(window.to),
      ]);
  }
  await client.end();
}

/** What people read, and every row of the given tables in the given columns. */
async function readings(db: Database, tables: ReadonlyArray<{ name: string; columns: readonly string[] }>) {
  const read = async (sql: string, values: unknown[] = []) => (await db.pool.query(sql, values)).rows;
  const all: Record<string, unknown[]> = {};
  for (const { name, columns } of tables)
    all[name] = await read(`select t::text as row from (select ${columns} from ${name}) t order by 1`);
  for (const { interval } of LEVELS) {
    all[`candles_${interval}`] = await read(
      `select * from candles_${interval} order by instrument_token, bucket`,
    );
    for (const token of [INFY, NIFTY, CALL, FUTURE]) {
      const span = [token, '2026-11-19T03:00:00Z', '2026-11-19T12:00:00Z', interval];
      all[`gaps ${token} ${interval}`] = await read('select * from candle_gaps($1, $2, $3, $4)', span);
      all[`answer ${token} ${interval}`] = await read('select * from get_candles($1, $2, $3, $4)', span);
    }
  }
  return all;
}

it('finds the first release’s migrations as they were released', async () => {
  const known = await Promise.all(
    (['postgres', 'timescale'] as const).map((kind) => readMigrations(sqlDirectory(), kind)),
  );
  const released = known.flat().filter(({ version }) => version <= FIRST_RELEASE_LAST);
  expect(Object.fromEntries(released.map(({ name, checksum }) => [name, checksum]))).toEqual(FIRST_RELEASE);
});

eachDatabase((server) => {
  it('upgrades a database of the first release, and every candle, gap and row reads as before', {
    timeout: 180_000,
  }, async () => {
    const db = await server.open({ migrated: false });
    await migrate(db, quiet, { upTo: FIRST_RELEASE_LAST });
    await fillFirstRelease(db);
    const client = await db.connect('tables');
    const tables = await tablesToStore(client);
    await client.end();
    const before = await readings(db, tables);
    expect(before[`gaps ${INFY} 1m`]).not.toEqual([]);
    expect(before[`gaps ${CALL} 1m`]).not.toEqual(before[`gaps ${INFY} 1m`]);
    expect(new Set((before['candles_1m'] as Array<{ complete: boolean }>).map((c) => c.complete)).size).toBe(
      2,
    );
    const newer = (await readMigrations(sqlDirectory(), server.kind)).filter(
      (m) => m.version > FIRST_RELEASE_LAST,
    );
    expect(await migrate(db, quiet)).toEqual(newer.map(({ name }) => name));
    expect(await readings(db, tables)).toEqual(before);
  });

  it('upgrades a database with data in it from any earlier step, and loses nothing', {
    timeout: 180_000,
  }, async () => {
    const steps = [...new Set((await readMigrations(sqlDirectory(), server.kind)).map((m) => m.version))];
    // tables for ticks are there from the second step on
    for (const upTo of [steps[1]!, steps[steps.length >> 1]!, steps.at(-2)!]) {
      const db = await server.open({ migrated: false });
      await migrate(db, quiet, { upTo });
      await db.pool.query(
        `insert into instruments (token, symbol, exchange, segment, instrument_type) values ($1, 'INFY', 'NSE', 'NSE', 'EQ')`,
        [INFY],
      );
      await seedTicks(db.pool, INFY, FROM, TO);
      await seedCoverage(db.pool, INFY, FROM, TO);
      await db.pool.query(`insert into broker_candles values ($1, '1m', $2, 1, 1, 1, 1, 1, null, now())`, [
        INFY,
        FROM,
      ]);

      const applied = await migrate(db, quiet);
      expect(applied.length, `from step ${upTo}`).toBeGreaterThan(0);
      const { rows } = await db.pool.query(
        'select source, count(*) as n from candles_1m where instrument_token = $1 group by 1 order by 1',
        [INFY],
      );
      expect(rows, `from step ${upTo}`).toEqual([
        { source: 'broker', n: 1 },
        { source: 'ticks', n: 59 },
      ]);
      expect((await db.pool.query('select from candles_1h')).rowCount).toBe(1);
      expect((await db.pool.query('select from live_coverage')).rowCount).toBe(1);
    }
  });
});
