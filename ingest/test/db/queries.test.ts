import { existsSync, readFileSync } from 'node:fs';
import type pg from 'pg';
import { expect, it } from 'vitest';
import { writeSessions } from '../../src/db/sessions-store.js';
import { Calendar } from '../../src/sessions/calendar.js';
import { eachDatabase } from '../fixtures/databases.js';
import { CALL, FUTURE, INFY, NIFTY, seedCoverage, seedInstruments, seedTicks } from './seed.js';

const FILE = new URL('../../../../shared/design/queries.sql', import.meta.url);
if (!existsSync(FILE)) console.warn('../shared/design/queries.sql is absent: its queries are NOT tested.');

const calendar = Calendar.parse(
  JSON.parse(readFileSync(new URL('../../calendar/nse.json', import.meta.url), 'utf8')),
);
const EXPIRY = '2026-11-24';
const NOW = '2026-11-20T09:30:00Z';
const VARIABLES: Record<string, string> = {
  token: String(INFY),
  from: '2026-11-18T18:30:00Z',
  to: '2026-11-20T18:30:00Z',
  expiry: EXPIRY,
};
const ZONES = ['UTC', 'Asia/Kolkata', 'America/New_York'];
const TODAY = ['2026-11-20T03:45:00Z', '2026-11-20T05:45:00Z'] as const;
const YESTERDAY = ['2026-11-19T03:45:00Z', '2026-11-19T05:45:00Z'] as const;

/** The named queries of the file with psql's variables put in. */
function queries(): Array<{ name: string; sql: string }> {
  return readFileSync(FILE, 'utf8')
    .split(/^-- name: /m)
    .slice(1)
    .map((part) => {
      const name = part.slice(0, part.indexOf('\n')).trim();
      const sql = part
        .slice(part.indexOf('\n'))
        .replace(/:'(\w+)'/g, (_, variable: string) => `'${VARIABLES[variable]}'`)
        .replace(/(?<!:):(token)\b/g, (_, variable: string) => VARIABLES[variable]!);
      return { name, sql };
    });
}

const answers = new Map<string, unknown>();

eachDatabase((server) => {
  it.runIf(existsSync(FILE))(
    'answers the analysts’ queries unchanged, the same in every session time zone and on every database',
    { timeout: 180_000 },
    async () => {
      const db = await server.open();
      await seedInstruments(db, EXPIRY, Date.parse(NOW));
      await writeSessions(db, calendar, '2026-11-15', '2026-11-30');
      for (const token of [INFY, CALL, FUTURE, NIFTY]) {
        await seedTicks(db.pool, token, ...YESTERDAY);
        await seedTicks(db.pool, token, ...TODAY);
        await seedCoverage(db.pool, token, YESTERDAY[0], TODAY[1]);
      }
      // a hole of five minutes, one minute of it healed
      await db.pool.query(
        `insert into coverage_exceptions (token, from_time, to_time, reason) values ($1, '2026-11-20T04:00Z', '2026-11-20T04:05Z', 'overload')`,
        [INFY],
      );
      await db.pool.query(
        `insert into broker_coverage values ($1, '1m', '[2026-11-20T04:00Z,2026-11-20T04:01Z)')`,
        [INFY],
      );
      await db.pool.query(
        `insert into broker_candles values ($1, '1m', '2026-11-20T04:00Z', 1, 2, 0.5, 1.5, 7, null, now())`,
        [INFY],
      );
      await db.pool.query('select mark_pending_merges($1, $2, $3)', [INFY, ...TODAY]);
      for (const [day, last] of [
        ['2026-11-18', 100],
        ['2026-11-19', 110],
        ['2026-11-20', 121],
      ] as const) {
        await db.pool.query(
          `insert into day_state (instrument_token, trading_date, open, high, low, last, volume, open_interest, trades, updated_at)
         select t, $1, 99, 125, 98, $2::float8 + t % 7, 1000, 5, 10, now() from unnest($3::bigint[]) t`,
          [day, last, [INFY, CALL, FUTURE, NIFTY]],
        );
      }
      await db.pool.query(
        `insert into quotes_latest select distinct on (instrument_token) * from tick_data order by instrument_token, seq desc`,
      );
      const book = Buffer.alloc(120);
      for (let level = 0; level < 10; level++) {
        book.writeUInt32BE(100 + level, level * 12);
        book.writeUInt32BE(150_005 + level, level * 12 + 4);
        book.writeUInt16BE(level + 1, level * 12 + 8);
      }
      await db.pool.query('insert into depth_latest values ($1, $2, 1, $3)', [INFY, TODAY[0], book]);
      await db.pool.query(
        `insert into vix_data (time, value, trend, regime) select m, 12.5, 'STABLE', 'NORMAL' from generate_series($1::timestamptz, $2::timestamptz, '1 minute') m`,
        [...TODAY],
      );

      const client = await db.connect('queries test');
      for (const zone of ZONES) {
        await client.query(
          `select set_config('timezone', $1, false), set_config('tickscope.now', $2, false)`,
          [zone, NOW],
        );
        for (const { name, sql } of queries()) {
          const { rows }: pg.QueryResult = await client.query(sql);
          expect(rows.length, `${name} in ${zone}`).toBeGreaterThan(0);
          if (answers.has(name))
            expect(rows, `${name} in ${zone} on ${server.kind}`).toEqual(answers.get(name));
          else answers.set(name, rows);
        }
      }
      await client.end();

      expect(answers.get('depth_now')).toContainEqual({
        side: 'bid',
        level: 1,
        price: 1500.05,
        quantity: 100,
        orders: 1,
      });
      expect(answers.get('depth_now')).toContainEqual({
        side: 'ask',
        level: 5,
        price: 1500.14,
        quantity: 109,
        orders: 10,
      });
      expect(answers.get('incomplete_minutes')).toHaveLength(4);
      const minutes = answers.get('candles_panel') as Array<{ time: Date; close: number; volume: number }>;
      expect(minutes).toHaveLength(240);
      expect(minutes.find((m) => m.time.toISOString() === '2026-11-20T04:00:00.000Z')).toMatchObject({
        close: 1.5,
        volume: 7,
      });
      expect(minutes.at(-1)).toMatchObject({ open: 219, high: 219.5, low: 218.5, close: 219, volume: 10 });
    },
  );
});
