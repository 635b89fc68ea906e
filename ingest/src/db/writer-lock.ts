import { EventEmitter } from 'node:events';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
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

/** The one writer's place. Emits `taken` once when it was lost and another process has it now: whoever writes must stop. */
export interface WriterLock extends EventEmitter<{ taken: [WriterTaken] }> {
  /**
   * Resolves at once while the place is ours. After the session that holds it was lost (the database restarted, the
   * network broke) only when it has been won again; rejects when another process has it.
   */
  held(): Promise<void>;
  /** Gives the lock back. Safe to call twice; emits nothing. */
  release(): Promise<void>;
}

const ADVISORY_LOCK = 0x7772697465;
const PREFIX = 'tickscope writer';
const FIRST_AGAIN_MS = 100;
const LONGEST_AGAIN_MS = 2_000;
const WAIT_LOOK_MS = 500;
/** A holder whose machine lost its power or its network says no goodbye: the server notices within 40 s, not 2 hours. */
const NOTICE_SILENCE =
  'set tcp_keepalives_idle = 20; set tcp_keepalives_interval = 5; set tcp_keepalives_count = 4';

/**
 * Takes the one writer's place of this database, held by a session of its own so that a crash frees it. The session's
 * application name says who it is, so that the refused one can name it.
 * @param waiting when given, waits until the place is free, and is told once for whom @throws WriterTaken otherwise
 */
export async function takeWriterLock(
  db: Database,
  now: number,
  waiting?: (taken: WriterTaken) => void,
): Promise<WriterLock> {
  const since = `${new Date(now).toISOString().slice(0, 19)}Z`;
  const name = `${PREFIX} ${process.pid} ${since} ${hostname()}`.slice(0, 63);
  let client = await take(db, name);
  if (!client) {
    const taken = new WriterTaken(await holderOf(db));
    if (!waiting) throw taken;
    waiting(taken);
    while (!client) {
      await sleep(WAIT_LOOK_MS);
      // A database that restarts meanwhile is waited for as well.
      client = await take(db, name).catch(() => undefined);
    }
  }
  return new HeldLock(db, name, client);
}

class HeldLock extends EventEmitter<{ taken: [WriterTaken] }> implements WriterLock {
  #client: pg.Client | undefined;
  #held: Promise<void> = Promise.resolve();
  #released = false;

  constructor(
    private readonly db: Database,
    private readonly name: string,
    client: pg.Client,
  ) {
    super();
    this.#watch(client);
  }

  held(): Promise<void> {
    return this.#held;
  }

  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    await this.#client?.end().catch(() => undefined);
  }

  #watch(client: pg.Client): void {
    this.#client = client;
    const lost = () => {
      if (this.#client !== client) return;
      this.#client = undefined;
      if (this.#released) return;
      this.#held = this.#regain();
      // Who waits for it is told; nobody may be waiting.
      this.#held.catch(() => undefined);
    };
    client.once('end', lost);
    client.on('error', lost);
  }

  async #regain(): Promise<void> {
    for (let waitMs = FIRST_AGAIN_MS; !this.#released; waitMs = Math.min(LONGEST_AGAIN_MS, waitMs * 2)) {
      try {
        const client = await take(this.db, this.name);
        if (client) {
          this.#watch(client);
          return;
        }
        const other = await this.#other();
        if (other) {
          this.emit('taken', other);
          throw other;
        }
      } catch (error) {
        if (error instanceof WriterTaken) throw error;
        // The database does not answer yet.
      }
      await sleep(waitMs);
    }
    throw new Error('The writer’s place was given back.');
  }

  /** Who has the place; undefined when it is free, or when it is our own lost session, which is ended. */
  async #other(): Promise<WriterTaken | undefined> {
    const { rowCount } = await this.db.pool.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where application_name = $1',
      [this.name],
    );
    if (rowCount) return undefined;
    const holder = await holderOf(this.db);
    return holder && new WriterTaken(holder);
  }
}

/** A session that holds the lock; undefined when another does. */
async function take(db: Database, name: string): Promise<pg.Client | undefined> {
  const client = await db.connect(name);
  try {
    const { rows } = await client.query<{ taken: boolean }>('select pg_try_advisory_lock($1) as taken', [
      ADVISORY_LOCK,
    ]);
    if (rows[0]!.taken) {
      await client.query(NOTICE_SILENCE);
      return client;
    }
  } catch (error) {
    await client.end().catch(() => undefined);
    throw error;
  }
  await client.end();
  return undefined;
}

/** Who has the place; undefined when nobody has. */
export async function holderOf(db: Database): Promise<WriterHolder | undefined> {
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
