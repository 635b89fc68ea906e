import { expect, it } from 'vitest';
import { MigrationRefused, migrate } from '../../src/db/migrate.js';
import { eachDatabase, quiet } from '../fixtures/databases.js';

eachDatabase((server) => {
  it('brings an empty database up to date, once', async () => {
    const db = await server.open({ migrated: false });
    const applied = await migrate(db, quiet);
    expect(applied[0]).toBe('0001_core');
    expect(await migrate(db, quiet)).toEqual([]);
    for (const view of [
      'candles_1m',
      'candles_5m',
      'candles_15m',
      'candles_1h',
      'candles_1d',
      'market_depth',
    ]) {
      expect((await db.pool.query(`select * from ${view}`)).rows).toEqual([]);
    }
  });

  it('lets concurrent starts wait for each other', async () => {
    const db = await server.open({ migrated: false });
    const runs = await Promise.all([migrate(db, quiet), migrate(db, quiet), migrate(db, quiet)]);
    expect(runs.filter((applied) => applied.length > 0)).toHaveLength(1);
  });

  it('refuses a database whose applied migration has changed, or that a newer version has migrated', async () => {
    const db = await server.open();
    await db.pool.query(`update schema_migrations set checksum = 'other' where name = '0001_core'`);
    await expect(migrate(db, quiet)).rejects.toThrow(/0001_core has been changed/);
    await db.pool.query(`delete from schema_migrations where name = '0001_core'`);
    await db.pool.query(`insert into schema_migrations (name, checksum) values ('9999_future', 'x')`);
    await expect(migrate(db, quiet)).rejects.toThrow(MigrationRefused);
    await expect(migrate(db, quiet)).rejects.toThrow(/9999_future.*newer Tickscope/);
  });
});
