import { EventEmitter } from 'node:events';
import { hostname } from 'node:os';
import type { Database } from './database.js';

export interface WriterHolder {
  readonly pid: number;
  readonly host: string;
  /** ISO 8601 UTC. */
  readonly since: string;
}

/** Another `serve` writes to this database. */
export class WriterTaken extends Error {
  override name = 'WriterTaken';
  constructor(readonly holder: WriterHolder | undefined) {
    super(
      holder
        ? `Another Tickscope writes to this database: process ${holder.pid} on ${holder.host}, since ${holder.since}. Stop it first.`
        : 'Another Tickscope writes to this database. Stop it first.',
    );
  }
}

/** Emits `lost` once when the session that holds the lock dies: whoever writes must stop. */
export interface WriterLock extends EventEmitter<{ lost: [] }> {
  /** Gives the lock back. Safe to call twice; emits nothing. */
  release(): Promise<void>;
}

const ADVISORY_LOCK = 0x7772697465;
const PREFIX = 'tickscope writer';

/**
 * Takes the one writer's place of this database, held by a session of its own so that a crash frees it. The session's
 * application name says who it is, so that the refused one can name it. @throws WriterTaken
 */
export async function takeWriterLock(db: Database, now: number): Promise<WriterLock> {
  const since = `${new Date(now).toISOString().slice(0, 19)}Z`;
  const client = await db.connect(`${PREFIX} ${process.pid} ${since} ${hostname()}`.slice(0, 63));
  const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [
    ADVISORY_LOCK,
  ]);
  if (!rows[0]!.taken) {
    await client.end();
    throw new WriterTaken(await holderOf(db));
  }

  const lock = new EventEmitter<{ lost: [] }>();
  let over = false;
  const lost = () => {
    if (over) return;
    over = true;
    lock.emit('lost');
  };
  client.on('end', lost);
  client.on('error', lost);
  return Object.assign(lock, {
    async release() {
      if (over) return;
      over = true;
      await client.end();
    },
  });
}

async function holderOf(db: Database): Promise<WriterHolder | undefined> {
  const { rows } = await db.pool.query<{ name: string }>(
    `select a.application_name as name
     from pg_locks l join pg_stat_activity a on a.pid = l.pid
     where l.locktype = 'advisory' and l.granted and l.database = (select oid from pg_database where datname = current_database())
       and (l.classid::bigint << 32) + l.objid::bigint = $1`,
    [ADVISORY_LOCK],
  );
  const match = /^tickscope writer (\d+) (\S+) (.*)$/.exec(rows[0]?.name ?? '');
  return match ? { pid: Number(match[1]), since: match[2]!, host: match[3]! } : undefined;
}
