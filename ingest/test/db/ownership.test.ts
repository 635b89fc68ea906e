import { expect, it } from 'vitest';
import { DatabaseUnavailable, openDatabase, redactUrl } from '../../src/db/database.js';
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

it('tells the writer when the session that holds its place dies', async () => {
  const db = await server.open();
  const lock = await takeWriterLock(db, 0);
  const lost = new Promise<void>((resolve) => lock.once('lost', resolve));
  await db.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name like 'tickscope writer%'`,
  );
  await lost;
  await lock.release();
  await (await takeWriterLock(db, 0)).release();
});

it('says in a sentence that a database does not answer, without its password', async () => {
  const url = 'postgres://me:secret@127.0.0.1:1/nothing';
  await expect(openDatabase({ url, log: quiet })).rejects.toThrow(DatabaseUnavailable);
  await expect(openDatabase({ url, log: quiet })).rejects.toThrow(/127\.0\.0\.1:1\/nothing does not answer/);
  expect(redactUrl(url)).not.toContain('secret');
});
