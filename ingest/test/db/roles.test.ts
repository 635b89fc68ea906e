import { expect, it } from 'vitest';
import { migrate } from '../../src/db/migrate.js';
import { eachDatabase, quiet } from '../fixtures/databases.js';
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

  it('gives a reader no right but to read on any table there is, and a writer none to empty, change or drop one', async () => {
    const db = await server.open();
    const client = await db.connect('every table');
    const { rows } = await client.query<{ name: string; kind: string }>(
      `select relname as name, relkind as kind from pg_class c where relnamespace = 'public'::regnamespace
       and relkind in ('r', 'p', 'v', 'm') and not relispartition
       and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')`,
    );
    const tables = rows.filter(({ kind }) => kind === 'r' || kind === 'p').map(({ name }) => name);
    expect(tables.length).toBeGreaterThan(30);
    /** Whether it was refused for a missing right; nothing that is tried stays. */
    const refused = async (sql: string) => {
      await client.query('savepoint attempt');
      const failure = await client.query(sql).then(
        () => undefined,
        (error: Error & { code?: string }) => error,
      );
      await client.query('rollback to attempt');
      return failure !== undefined && /permission denied|must be owner/.test(failure.message);
    };
    const wrong: string[] = [];
    const mind = async (role: string, sql: string, wanted: boolean) => {
      if ((await refused(sql)) !== wanted)
        wrong.push(`${role}: ${sql} ${wanted ? 'went through' : 'was refused'}`);
    };
    for (const role of ['tickscope_reader', 'tickscope_writer']) {
      await client.query('begin');
      await client.query(`set local role ${role}`);
      // A reader's login begins read only; what it may switch off is no protection.
      await client.query('set local transaction_read_only = off');
      for (const { name } of rows) await mind(role, `select from ${name} limit 0`, false);
      for (const name of tables) {
        for (const sql of [
          `drop table ${name}`,
          `truncate ${name}`,
          `alter table ${name} add column mine int`,
        ])
          await mind(role, sql, true);
        const kept = ['schema_migrations', 'schema_kind', 'data_origin'].includes(name);
        const mayDelete = role === 'tickscope_writer' && !kept;
        await mind(role, `delete from ${name} where false`, !mayDelete);
        await mind(
          role,
          `insert into ${name} default values`,
          role === 'tickscope_reader' || (kept && name !== 'data_origin'),
        );
      }
      for (const sql of ['create table mine (x int)', 'create schema mine', 'drop view candles_1m cascade'])
        await mind(role, sql, true);
      await client.query('rollback');
    }
    await client.end();
    expect(wrong).toEqual([]);
  });

  it('is made in several databases of one server at the same time, though roles belong to the server', async () => {
    const dbs = await Promise.all(Array.from({ length: 4 }, () => server.open({ migrated: false })));
    await dbs[0]!.pool.query(
      `do $$ begin alter role tickscope_reader reset all; alter role tickscope_writer reset all; exception when undefined_object then null; end $$`,
    );
    await Promise.all(dbs.map((db) => migrate(db, quiet)));
    const { rows } = await dbs[0]!.pool.query(
      `select s.setconfig from pg_db_role_setting s join pg_roles r on r.oid = s.setrole where r.rolname = 'tickscope_reader'`,
    );
    expect(rows[0].setconfig.sort()).toEqual([
      'default_transaction_read_only=on',
      'jit=off',
      'max_parallel_workers_per_gather=0',
    ]);
  });
});
