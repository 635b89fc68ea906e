import type pg from 'pg';
import { expect, it } from 'vitest';
import { type Database, DatabaseUnavailable, openDatabase, redactUrl } from '../../src/db/database.js';
import { claimOrigin, OriginMismatch, recordedOrigin } from '../../src/db/origin.js';
import { takeWriterLock, WriterTaken } from '../../src/db/writer-lock.js';
import { onPlainPostgres, quiet } from '../fixtures/databases.js';

const server = onPlainPostgres();

it('belongs to the origin that claimed it first, and refuses another naming both', async () => {
  const db = await server.open();
  expect(await recordedOrigin(db)).toBeUndefined();
  await claimOrigin(db, 'simulator:1');
  await claimOrigin(db, 'simulator:1');
  await expect(claimOrigin(db, 'live')).rejects.toThrow(OriginMismatch);
  await expect(claimOrigin(db, 'live')).rejects.toThrow(/"simulator:1".*"live"/);
});

it('has one writer, names it to the next, and is free again when it lets go', async () => {
  const db = await server.open();
  const first = await takeWriterLock(db, Date.parse('2026-11-20T04:00:00Z'));
  await expect(takeWriterLock(db, 0)).rejects.toThrow(WriterTaken);
  await expect(takeWriterLock(db, 0)).rejects.toThrow(
    new RegExp(`process ${process.pid} on .+, since 2026-11-20T04:00:00Z`),
  );
  const other = await server.open(); // another database has a writer of its own
  await (await takeWriterLock(other, 0)).release();
  await first.release();
  await first.release();
  await (await takeWriterLock(db, 0)).release();
});

it('lets the server notice soon that a holder has gone without a word', async () => {
  const db = await server.open();
  const sessions: pg.Client[] = [];
  const connect = async (name: string) => {
    const session = await db.connect(name);
    sessions.push(session);
    return session;
  };
  const lock = await takeWriterLock({ ...db, connect }, 0);
  const shown = await sessions[0]!.query(
    `select current_setting('tcp_keepalives_idle')::int + current_setting('tcp_keepalives_interval')::int
            * current_setting('tcp_keepalives_count')::int as seconds`,
  );
  expect(shown.rows[0].seconds).toBeLessThanOrEqual(60);
  await lock.release();
});

/** Ends the sessions of the writer that began at `since`, as a broken network does, and tells their processes. */
const endSessions = async (db: Database, since: number): Promise<number[]> => {
  const { rows } = await db.pool.query<{ pid: number }>(
    'select pid, pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like $1',
    [`tickscope writer % ${new Date(since).toISOString().slice(0, 19)}Z %`],
  );
  return rows.map(({ pid }) => pid);
};

it('wins the place again when the session that held it dies, and nobody may write before', async () => {
  const db = await server.open();
  const lock = await takeWriterLock(db, 0);
  await lock.held();
  const [ended] = await endSessions(db, 0);
  await expect
    .poll(async () => {
      const { rows } = await db.pool.query(
        `select 1 from pg_locks where locktype = 'advisory' and granted and pid <> $1
         and database = (select oid from pg_database where datname = current_database())`,
        [ended],
      );
      return rows.length;
    })
    .toBe(1);
  await lock.held();
  await expect(takeWriterLock(db, 1_000)).rejects.toThrow(WriterTaken);
  await lock.release();
  await (await takeWriterLock(db, 0)).release();
});

it('says who has the place when another process took it meanwhile, and lets nobody write', async () => {
  const db = await server.open();
  const lock = await takeWriterLock(db, 0);
  const taken = new Promise<WriterTaken>((resolve) => lock.once('taken', resolve));
  // The other is quicker: it waits for the place.
  let waits = () => {};
  const waiting = new Promise<void>((resolve) => {
    waits = resolve;
  });
  const other = takeWriterLock(db, 1_000, waits);
  await waiting;
  for (;;) {
    await endSessions(db, 0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    const winner = await Promise.race([
      other,
      lock.held().then(
        () => undefined,
        () => undefined,
      ),
    ]);
    if (winner) break;
  }
  expect((await taken).message).toMatch(/Another Tickscope writes/);
  await expect(lock.held()).rejects.toThrow(WriterTaken);
  await (await other).release();
  await lock.release();
});

it('waits for the place when asked to, and says for whom', async () => {
  const db = await server.open();
  const first = await takeWriterLock(db, 0);
  const told: string[] = [];
  const second = takeWriterLock(db, 1_000, ({ message }) => told.push(message));
  await expect.poll(() => told).toHaveLength(1);
  expect(told[0]).toMatch(new RegExp(`process ${process.pid} on`));
  await first.release();
  await (await second).release();
});

it('says in a sentence that a database does not answer, without its password', async () => {
  const url = 'postgres://me:secret@127.0.0.1:1/nothing';
  await expect(openDatabase({ url, log: quiet })).rejects.toThrow(DatabaseUnavailable);
  await expect(openDatabase({ url, log: quiet })).rejects.toThrow(/127\.0\.0\.1:1\/nothing does not answer/);
  expect(redactUrl(url)).not.toContain('secret');
});
