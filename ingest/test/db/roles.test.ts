import { expect, it } from 'vitest';
import { eachDatabase } from '../fixtures/databases.js';
import { INFY, seedTicks } from './seed.js';

eachDatabase((server) => {
  it('lets a reader read everything and change nothing, and a writer drop nothing', async () => {
    const db = await server.open();
    await seedTicks(db.pool, INFY, '2026-11-19T03:45:00Z', '2026-11-19T03:50:00Z');
    const client = await db.connect('roles test');
    await client.query('set role tickscope_reader');
    expect((await client.query('select * from candles_1m')).rowCount).toBe(5);
    expect(
      (await client.query(`select * from candle_gaps($1, '2026-11-19', '2026-11-20', '1m')`, [INFY])).rows,
    ).toEqual([]);
    for (const sql of [
      'insert into data_origin (origin) values (1)',
      'delete from tick_data',
      'update settings set value = 1',
      'drop table tick_data',
      'create table mine (x int)',
    ]) {
      await expect(client.query(sql), sql).rejects.toThrow(/permission denied|must be owner/);
    }
    await client.query('reset role');
    await client.query('set role tickscope_writer');
    await seedTicks(client, INFY, '2026-11-19T03:50:00Z', '2026-11-19T03:52:00Z');
    expect((await client.query('select * from candles_1m')).rowCount).toBe(7);
    for (const sql of ['drop table tick_data', 'truncate broker_candles', 'delete from schema_migrations']) {
      await expect(client.query(sql), sql).rejects.toThrow(/permission denied|must be owner/);
    }
    await client.end();
  });
});
