import { expect, it } from 'vitest';
import { migrate } from '../../src/db/migrate.js';
import { readMigrations, sqlDirectory } from '../../src/db/migrations.js';
import { eachDatabase, quiet } from '../fixtures/databases.js';
import { INFY, seedCoverage, seedTicks } from './seed.js';

const FROM = '2026-11-19T03:45:00Z';
const TO = '2026-11-19T04:45:00Z';

eachDatabase((server) => {
  it('upgrades a database with data in it from any earlier step, and loses nothing', {
    timeout: 60_000,
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
