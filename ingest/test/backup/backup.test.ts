import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backup } from '../../src/backup/backup.js';
import { BackupUnusable } from '../../src/backup/manifest.js';
import { type RestoreOptions, restore as restoreWithLog } from '../../src/backup/restore.js';
import { tablesToStore } from '../../src/backup/tables.js';
import { bucketFloor, LEVELS, refreshLevel } from '../../src/db/aggregates.js';
import { type Database, openDatabase } from '../../src/db/database.js';
import { migrate } from '../../src/db/migrate.js';
import { sqlDirectory } from '../../src/db/migrations.js';
import { eachDatabase, onPlainPostgres, quiet, type TestServer } from '../fixtures/databases.js';

const restore = (db: Database, folder: string, options?: RestoreOptions) =>
  restoreWithLog(db, folder, quiet, options);

/** Of these at least there must be rows, or nothing is compared. */
const HOLDING = [
  ...['instruments', 'watchlists', 'data_gaps', 'data_quality_metrics', 'vix_data', 'broker_candles'],
  ...[
    'merged_candles',
    'broker_coverage',
    'live_coverage',
    'coverage_exceptions',
    'proven_empty',
    'day_state',
  ],
  ...[
    'interpolated_data',
    'depth_books',
    'tick_data',
    'settings',
    'subscriptions',
    'market_sessions',
    'gaps',
  ],
];
const VIEWS = LEVELS.flatMap(({ interval }) => [`tick_candles_${interval}`, `candles_${interval}`]);

/** Ticks of two days, candles above ticks that are gone, and rows with identities, references and ranges. */
async function fill(db: Database, { dropTicks = true } = {}): Promise<void> {
  await db.pool.query(`
    insert into data_origin (origin) values ('simulator:1');
    insert into instruments (token, symbol, exchange, segment, instrument_type)
      values (408065, 'INFY', 'NSE', 'NSE', 'EQ'), (256265, 'NIFTY 50', 'NSE', 'INDICES', 'INDEX');
    insert into broker_tokens values ('kite', 408065, 408065, '[2020-01-01,)');
    insert into live_coverage (feed, covered_from, covered_to)
      values ('kite-1', '2026-11-19 03:45+00', '2026-11-19 09:00+00'), ('kite-1', '2026-11-20 03:45+00', '2026-11-20 09:00+00');
    insert into broker_coverage values (408065, '1m', '[2026-11-18 03:45+00,2026-11-18 04:45+00)');
    insert into broker_candles (instrument_token, interval, bucket, open, high, low, close, volume)
      values (408065, '1m', '2026-11-18 03:45+00', 1500.05, 1501.1, 1499.95, 1500.3, 12345);
    insert into tick_rejects values (now(), E'tab\\tand \\\\ back', '\\x00ff0a0d');
    insert into merged_candles values (408065, '5m', '2026-11-18 03:45+00', 1, 2, 0.5, 1.5, 10, null, 3, 1.2, 'mixed');
    insert into subscriptions (token) values (408065);
    insert into watchlists values ('mine', 408065, 1), ('mine', 256265, 2);
    insert into market_sessions values ('NSE', '', 'cash', '2026-11-20', 'continuous', '2026-11-20 03:45+00', '2026-11-20 10:00+00');
    insert into instrument_groups values (408065, 'cash', '[2020-01-01,)');
    insert into feed_assignments (feed, token, assigned_at) values ('kite-1', 408065, '2026-11-18 03:45+00');
    insert into coverage_exceptions (feed, token, from_time, to_time, reason)
      values ('kite-1', 408065, '2026-11-20 04:00+00', '2026-11-20 04:01+00', 'late');
    insert into proven_empty values (408065, '2026-11-20 05:00+00', '2026-11-20 05:01+00');
    insert into heal_failures values (408065, '1m', '2026-11-20 06:00+00', '2026-11-20 06:01+00', 2, 'away', now());
    insert into day_state (instrument_token, trading_date, open, updated_at) values (408065, '2026-11-20', 1500, now());
    insert into depth_books values ('2026-11-20 04:00+00', 1, 408065, decode(repeat('00', 120), 'hex'));
    insert into data_gaps (feed, gap_start, gap_end, cause, status, source)
      values ('kite-1', '2026-11-19 09:00+00', '2026-11-20 03:45+00', 'restart', 'RECOVERED', 'HISTORICAL_API'),
             ('kite-1', '2026-11-20 09:00+00', null, 'stall', 'PENDING', null);
    insert into interpolated_data select 408065, '2026-11-20 05:00+00', 1500, 0, 'linear', 0.9, min(id) from data_gaps;
    insert into data_quality_metrics (instrument_token, trading_date, completeness, anomaly_flags)
      values (408065, '2026-11-19', 0.9875, '["price jump"]');
    insert into writer_state (last_state_seq, fold_from, last_batch_id) values (7, '2026-11-20 08:59+00', 42);
    insert into vix_data (time, value, regime) values ('2026-11-20 04:00+00', 13.37, 'LOW');
    update settings set value = 7 where name = 'day_settle_minutes'`);
  await db.pool.query(
    `insert into tick_data (time, seq, instrument_token, ltp, high, low, volume, volume_delta, last_trade_time, day_open, day_high, day_low,
                            is_trade, in_session, time_source, broker, received_at)
     select t, n, 408065, 1500 + n % 7, 1500 + n % 7, 1500 + n % 7, n * 10, 10, t, 1500, 1507, 1499, true, true, 't', 'kite', t
     from (select t, row_number() over () as n
           from generate_series('2026-11-19 03:45+00'::timestamptz, '2026-11-20 09:00+00', interval '97 seconds') t) s`,
  );
  await materialize(db, '2026-11-17T18:30Z', '2026-11-19T18:30Z');
  if (!dropTicks) return;
  // Retention has dropped the first day's early ticks; their candles are all that is left.
  if (db.kind === 'timescale')
    await db.pool.query(`select drop_chunks('tick_data', '2026-11-20 00:00+00'::timestamptz)`);
  else await db.pool.query(`delete from tick_data where time < '2026-11-20 00:00+00'`);
  await db.pool.query(`insert into retention_state values ('tick_data', '2026-11-20 00:00+00')`);
}

async function materialize(db: Database, from: string, to: string): Promise<void> {
  const client = await db.connect('materialize');
  for (const level of LEVELS) {
    const window = { from: bucketFloor(level, Date.parse(from)), to: bucketFloor(level, Date.parse(to)) };
    await refreshLevel(client, db.kind, level, window);
    if (db.kind === 'postgres') {
      await client.query('update watermarks set watermark = greatest(watermark, $2) where view = $1', [
        level.view,
        new Date(window.to),
      ]);
    }
  }
  await client.end();
}

/** Every row of every table that a backup is to hold, and of every view that people read. */
async function contents(db: Database): Promise<Record<string, unknown[]>> {
  const client = await db.connect('contents');
  const all: Record<string, unknown[]> = {};
  try {
    const tables = await tablesToStore(client);
    const views = VIEWS.map((name) => ({ name, columns: undefined }));
    for (const { name, columns: stored } of [...tables, ...views]) {
      // A copy's spool is its own.
      const columns = stored?.filter((column) => column !== 'spool_id');
      const { rows } = await client.query(
        `select t::text as row from (select ${columns ?? '*'} from ${name}) t order by 1`,
      );
      all[name] = rows.map(({ row }: { row: string }) => row);
    }
    const { rows } = await client.query(
      `select * from candle_gaps(408065, '2026-11-18', '2026-11-21', '1m') order by 1`,
    );
    all['gaps'] = rows;
  } finally {
    await client.end();
  }
  return all;
}

eachDatabase((server) => {
  describe('a backup', () => {
    const plain = server.kind === 'timescale' ? onPlainPostgres() : undefined;
    let source: Database;
    let empty: Database;
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tickscope-backup-'));
      [source, empty] = await Promise.all([server.open(), server.open()]);
      await fill(source);
      await backup(source, join(folder, 'one'));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    test('restores every row of every table and every candle, also those whose ticks are gone', async () => {
      const target = await server.open({ migrated: false });
      const manifest = await restore(target, join(folder, 'one'));
      const before = await contents(source);
      expect(before['tick_candles_1m']!.length).toBeGreaterThan(before['tick_data']!.length);
      for (const table of HOLDING) expect(before[table]?.length, table).toBeGreaterThan(0);
      expect(await contents(target)).toEqual(before);
      expect(manifest).toMatchObject({ origin: 'simulator:1', kind: server.kind });
      expect((await stat(join(folder, 'one'))).mode & 0o077).toBe(0);
      const spool = async (db: Database) => (await db.pool.query('select spool_id from writer_state')).rows;
      expect(await spool(target)).toHaveLength(1);
      expect(await spool(target)).not.toEqual(await spool(source));
      // New rows go on after the restored ones.
      await target.pool.query(
        `insert into live_coverage (feed, covered_from, covered_to) values ('kite-1', now(), now())`,
      );
    });

    test.runIf(server.kind === 'timescale')('goes to plain PostgreSQL and back again', async () => {
      const there = await plain!.open({ migrated: false });
      await restore(there, join(folder, 'one'));
      const before = await contents(source);
      expect(await contents(there)).toEqual(before);
      expect(await backup(there, join(folder, 'plain'))).toMatchObject({ kind: 'postgres' });
      const back = await server.open({ migrated: false });
      await restore(back, join(folder, 'plain'));
      expect(await contents(back)).toEqual(before);
    });

    test('of an older schema is brought up to date by the migrations since', async () => {
      const older = await server.open({ migrated: false });
      await migrate(older, quiet, { upTo: 9 });
      await fill(older);
      const { schemaVersion } = await backup(older, join(folder, 'older'));
      expect(schemaVersion).toBe(9);
      await expect(restore(empty, join(folder, 'older'))).rejects.toThrow(/without tables/);
      // They run over the rows, as they did where the backup comes from.
      const dir = join(folder, 'sql');
      await cp(sqlDirectory(), dir, { recursive: true });
      await writeFile(join(dir, '9000_capitals.sql'), 'update watchlists set name = upper(name);');
      const target = await server.open({ migrated: false });
      await restore(target, join(folder, 'older'), { dir });
      await migrate(older, quiet, { dir });
      expect((await contents(target))['watchlists']).toEqual([
        expect.stringContaining('MINE'),
        expect.stringContaining('MINE'),
      ]);
      // When a migration ran, it notes as the time that a hole was found.
      for (const db of [older, target]) await db.pool.query(`update data_gaps set found_at = 'epoch'`);
      expect(await contents(target)).toEqual(await contents(older));
    });

    test('is refused by a database that is in use, and leaves it alone', async () => {
      const before = await contents(source);
      await expect(restore(source, join(folder, 'one'))).rejects.toThrow(BackupUnusable);
      expect(await contents(source)).toEqual(before);
    });

    test('that is damaged or did not finish is refused', async () => {
      await backup(source, join(folder, 'two'));
      await writeFile(join(folder, 'two', 'instruments.copy.gz'), 'damage');
      await expect(restore(empty, join(folder, 'two'))).rejects.toThrow(/instruments.*damaged/);
      await rm(join(folder, 'two', 'manifest.json'));
      await expect(restore(empty, join(folder, 'two'))).rejects.toThrow(/no backup/);
      expect((await contents(empty))['instruments']).toEqual([]);
    });

    test('does not write into a folder that holds something', async () => {
      const files = await readdir(join(folder, 'one'));
      await expect(backup(source, join(folder, 'one'))).rejects.toThrow(/not empty/);
      expect(await readdir(join(folder, 'one'))).toEqual(files);
    });

    test('of a newer Tickscope is refused', async () => {
      const file = join(folder, 'one', 'manifest.json');
      const text = await readFile(file, 'utf8');
      await writeFile(file, text.replace(/"schemaVersion": \d+/, '"schemaVersion": 9999'));
      await expect(restore(empty, join(folder, 'one'))).rejects.toThrow(/newer Tickscope/);
      await writeFile(file, text);
    });

    test('that leaves old ticks out restores every candle all the same', async () => {
      const [before] = (await source.pool.query('select count(*) as n from tick_data')).rows;
      const old = '2026-11-05 03:45+00';
      if (server.kind === 'postgres')
        await source.pool.query(`select ensure_day_partition('tick_data', '2026-11-05')`);
      await source.pool.query(
        `insert into tick_data (time, seq, instrument_token, ltp, high, low, is_trade, in_session, time_source, broker, received_at)
         values ('${old}', 1, 408065, 1, 1, 1, true, true, 't', 'kite', '${old}')`,
      );
      await materialize(source, '2026-11-04T18:30Z', '2026-11-05T18:30Z');
      const { ticksFrom } = await backup(source, join(folder, 'recent'), { recentTicks: true });
      expect(Date.parse(ticksFrom!)).toBeGreaterThan(Date.parse('2026-11-06'));
      expect(Date.parse(ticksFrom!)).toBeLessThanOrEqual(Date.parse('2026-11-20'));
      await source.pool.query(`insert into stale_ranges (from_time, to_time) values ('${old}', 'infinity')`);
      // What is still to be computed from old ticks keeps them.
      const kept = await backup(source, join(folder, 'kept'), { recentTicks: true });
      expect(Date.parse(kept.ticksFrom!)).toBeLessThan(Date.parse('2026-11-05T03:45Z'));
      await source.pool.query('delete from stale_ranges');
      await restore(empty, join(folder, 'recent'));
      const [wanted, restored] = [await contents(source), await contents(empty)];
      expect(restored['tick_data']).toHaveLength(before.n);
      for (const name of VIEWS) expect(restored[name], name).toEqual(wanted[name]);
      // Nothing computes from there again.
      const { rows } = await empty.pool.query(
        `select dropped_before >= $1 as dropped from retention_state where relation = 'tick_data'`,
        [ticksFrom],
      );
      expect(rows).toEqual([{ dropped: true }]);
    });

    test.runIf(server.kind === 'timescale')(
      'is read by the owner of a database, who is no superuser',
      async () => {
        const whole = await server.open();
        await fill(whole, { dropTicks: false });
        await backup(whole, join(folder, 'whole'));
        const { db: target, login } = await ownedDatabase(server);
        try {
          await expect(restore(target, join(folder, 'one'))).rejects.toThrow(/only a superuser/);
          await restore(target, join(folder, 'whole'));
          expect(await contents(target)).toEqual(await contents(whole));
        } finally {
          await target.close();
          await whole.pool.query(`drop database ${login} with (force)`);
          await whole.pool.query(`drop role ${login}`);
        }
      },
    );
  });
});

/** A database that is empty, and opened by a login that owns it and nothing else. */
async function ownedDatabase(server: TestServer): Promise<{ db: Database; login: string }> {
  const admin = await server.open();
  const name = `tickscope_owned_${randomBytes(6).toString('hex')}`;
  await admin.pool.query(`create role ${name} login nosuperuser password 'x'`);
  await admin.pool.query(`create database ${name} owner ${name}`);
  const url = new URL(admin.url);
  url.pathname = name;
  const inside = await openDatabase({ url: url.toString(), log: quiet, kind: server.kind });
  await inside.pool.query('create extension if not exists timescaledb');
  await inside.close();
  url.username = name;
  url.password = 'x';
  return { db: await openDatabase({ url: url.toString(), log: quiet, kind: server.kind }), login: name };
}
