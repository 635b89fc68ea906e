import { beforeAll, expect, test } from 'vitest';
import { type Database, inTransaction } from '../../src/db/database.js';
import { onPlainPostgres } from '../fixtures/databases.js';

const server = onPlainPostgres();
let db: Database;

beforeAll(async () => {
  db = await server.open({ migrated: false });
});

test('a connection that breaks between two queries of a transaction fails the transaction, not the process', async () => {
  const broken = inTransaction(db.pool, async (client) => {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    const gone = new Promise((resolve) => client.once('end', resolve));
    await db.pool.query('select pg_terminate_backend($1)', [rows[0]!.pid]);
    await gone;
    await client.query('select 1');
  });
  await expect(broken).rejects.toThrow();
  expect((await db.pool.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
});
