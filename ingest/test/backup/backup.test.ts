import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { backup } from '../../src/backup/backup.js';
import { BackupUnusable } from '../../src/backup/manifest.js';
import { restore } from '../../src/backup/restore.js';
import type { Database } from '../../src/db/database.js';
import { eachDatabase } from '../fixtures/databases.js';

const LEVELS = ['1m', '5m', '15m', '1h', '1d'];

/** Ticks of two days, candles above ticks that are gone, and rows with identities, references and ranges. */
async function fill(db: Database): Promise<void> {
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
    update settings set value = 7 where name = 'day_settle_minutes'`);
  await db.pool.query(
    `insert into tick_data (time, seq, instrument_token, ltp, high, low, volume, volume_delta, last_trade_time, day_open, day_high, day_low,
                            is_trade, in_session, time_source, broker, received_at)
     select t, n, 408065, 1500 + n % 7, 1500 + n % 7, 1500 + n % 7, n * 10, 10, t, 1500, 1507, 1499, true, true, 't', 'kite', t
     from (select t, row_number() over () as n
           from generate_series('2026-11-19 03:45+00'::timestamptz, '2026-11-20 09:00+00', interval '97 seconds') t) s`,
  );
  for (const level of LEVELS) {
    if (db.kind === 'postgres') {
      await db.pool.query('select refresh_rollup($1, $2, $3)', [
        `tick_candles_${level}`,
        '2026-11-18 18:30+00',
        '2026-11-19 18:30+00',
      ]);
      await db.pool.query('update watermarks set watermark = $2 where view = $1', [
        `tick_candles_${level}`,
        '2026-11-19 18:30+00',
      ]);
    } else {
      await db.pool.query(
        `call refresh_continuous_aggregate('tick_candles_${level}', '2026-11-17 18:30+00', '2026-11-19 18:30+00')`,
      );
    }
  }
  // Retention has dropped the first day's early ticks; their candles are all that is left.
  if (db.kind === 'timescale')
    await db.pool.query(`select drop_chunks('tick_data', '2026-11-20 00:00+00'::timestamptz)`);
  else await db.pool.query(`delete from tick_data where time < '2026-11-20 00:00+00'`);
}

async function contents(db: Database): Promise<Record<string, unknown[]>> {
  const names = [
    ...['data_origin', 'instruments', 'broker_tokens', 'live_coverage', 'broker_coverage', 'broker_candles'],
    ...['settings', 'tick_rejects', 'tick_data'],
    ...LEVELS.flatMap((level) => [`tick_candles_${level}`, `candles_${level}`]),
  ];
  const all: Record<string, unknown[]> = {};
  for (const name of names) {
    const { rows } = await db.pool.query(`select t::text as row from ${name} t order by 1`);
    all[name] = rows.map(({ row }: { row: string }) => row);
  }
  return all;
}

eachDatabase((server) => {
  describe('a backup', () => {
    let source: Database;
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'tickscope-backup-'));
      source = await server.open();
      await fill(source);
      await backup(source, join(folder, 'one'));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    test('restores every row and every candle, also those whose ticks are gone', async () => {
      const target = await server.open();
      const manifest = await restore(target, join(folder, 'one'));
      const before = await contents(source);
      expect(before['tick_candles_1m']!.length).toBeGreaterThan(before['tick_data']!.length);
      expect(await contents(target)).toEqual(before);
      expect(manifest).toMatchObject({ origin: 'simulator:1', kind: server.kind });
      // New rows go on after the restored ones.
      await target.pool.query(
        `insert into live_coverage (feed, covered_from, covered_to) values ('kite-1', now(), now())`,
      );
    });

    test('is refused by a database that is in use, and leaves it alone', async () => {
      const before = await contents(source);
      await expect(restore(source, join(folder, 'one'))).rejects.toThrow(BackupUnusable);
      expect(await contents(source)).toEqual(before);
    });

    test('that is damaged or did not finish is refused', async () => {
      const target = await server.open();
      await backup(source, join(folder, 'two'));
      await writeFile(join(folder, 'two', 'instruments.copy.gz'), 'damage');
      await expect(restore(target, join(folder, 'two'))).rejects.toThrow(/instruments.*damaged/);
      await rm(join(folder, 'two', 'manifest.json'));
      await expect(restore(target, join(folder, 'two'))).rejects.toThrow(/no backup/);
      expect((await contents(target))['instruments']).toEqual([]);
    });

    test('does not write into a folder that holds something', async () => {
      const files = await readdir(join(folder, 'one'));
      await expect(backup(source, join(folder, 'one'))).rejects.toThrow(/not empty/);
      expect(await readdir(join(folder, 'one'))).toEqual(files);
    });
  });
});
