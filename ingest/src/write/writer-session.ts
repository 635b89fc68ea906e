import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import copyStreams from 'pg-copy-streams';
import type { TokenSpan } from '../batch/truth.js';
import { TruthChanges } from '../batch/truth.js';
import { type CopyBuffer, copyOf } from './copy-buffer.js';
import type { StateRows } from './flush.js';
import type { Flush } from './flush-record.js';
import { instant } from './instants.js';
import type { LatestState } from './latest-state.js';
import {
  COPY_BOOKS,
  COPY_STAGED_BOOKS,
  COPY_STAGED_DAYS,
  COPY_STAGED_QUOTES,
  COPY_TICKS,
  INSERT_STALE,
  LAST_BATCH_ID,
  MERGE_BOOKS,
  MERGE_DAYS,
  MERGE_QUOTES,
  PREPARE_SESSION,
  UPDATE_WRITER_STATE,
} from './statements.js';
import { writeTruth } from './write-truth.js';

/** A database connection of one's own by application name, as `Database.connect` makes it. */
export type Connect = (applicationName: string) => Promise<pg.Client>;

interface Backend {
  readonly pid: number;
  readonly started: string;
}

const APPLICATION = 'tickscope ticks';
/** How long a backend of ours that was cut off may take to be gone. */
const GONE_WITHIN_MS = 10_000;
const LOOK_EVERY_MS = 50;

/** What one transaction writes. */
export interface Write {
  /** In order; none when only the state tables are due. */
  readonly flushes: readonly Flush[];
  /** The state tables' rows; undefined when they are not due. */
  readonly state: StateRows | undefined;
  /** Every tick up to this `seq` is in the state tables after the commit; undefined: as far as they are. */
  readonly stateSeq: number | undefined;
  /** The others have a `time` at or after this; without `stateSeq`: those of these flushes. */
  readonly foldFrom: number;
  /** Minutes of all instruments that were computed without these flushes, because they come late. */
  readonly late: { readonly from: number; readonly to: number } | undefined;
}

/** Another process has become this database's writer since: nothing of ours may be written any more. */
export class WriterFenced extends Error {
  override name = 'WriterFenced';
  constructor() {
    super('Another Tickscope has become the writer of this database.');
  }
}

/** How long the parts of a write took, in milliseconds. */
export interface WrittenTimes {
  readonly insertMs: number;
  /** Of that, the state tables. */
  readonly stateMs: number;
  readonly commitMs: number;
}

export interface WriterSessionOptions {
  readonly connect: Connect;
  /** Our turn as writer, as `becomeWriter` gave it: with a later one in the database we are fenced. */
  readonly epoch: number;
  /** Resolves while this process holds the writer's lock, and not before it has won it again. */
  readonly mayWrite: () => Promise<void>;
}

/** The writer's connection: writes flushes, each transaction whole, and comes back after it was lost. */
export class WriterSession {
  #client: pg.Client | undefined;
  #backend: Backend | undefined;

  constructor(private readonly o: WriterSessionOptions) {}

  /**
   * Writes and commits. When it rejects, nobody knows whether the commit took place: ask `isCommitted` before writing it
   * again. @throws WriterFenced
   */
  async write({ flushes, state, stateSeq, foldFrom, late }: Write): Promise<WrittenTimes> {
    const client = await this.#open();
    const began = performance.now();
    await client.query('begin');
    await copyRows(client, COPY_TICKS, flushes, 'ticks');
    await copyRows(client, COPY_BOOKS, flushes, 'books');
    const copied = performance.now();
    if (state) await writeState(client, state.latest);
    const stateMs = state ? performance.now() - copied : 0;
    await writeTruth(
      client,
      truthOf(flushes),
      flushes.flatMap(({ stale }): readonly TokenSpan[] => stale),
    );
    if (late) await client.query(INSERT_STALE, [[null], [instant(late.from)], [instant(late.to)]]);
    const { rowCount } = await client.query(UPDATE_WRITER_STATE, [
      stateSeq ?? null,
      instant(foldFrom),
      flushes.at(-1)?.id ?? null,
      this.o.epoch,
    ]);
    if (rowCount === 0) throw new WriterFenced();
    const inserted = performance.now();
    await this.o.mayWrite();
    await client.query('commit');
    return { insertMs: inserted - began, stateMs, commitMs: performance.now() - inserted };
  }

  /** Whether flush `id` is in the database. Waits until a connection that was cut off can no longer commit it. */
  async isCommitted(id: number): Promise<boolean> {
    const client = await this.#open();
    const { rows } = await client.query<{ last_batch_id: number }>(LAST_BATCH_ID);
    return (rows[0]?.last_batch_id ?? 0) >= id;
  }

  /** Gives the connection up, whatever it is doing. The next call opens another. */
  abandon(): void {
    const client = this.#client;
    this.#client = undefined;
    client?.end().catch(() => undefined);
    // A server that no longer answers would keep `end` waiting for ever.
    const stream =
      client && (client as pg.Client & { connection?: { stream?: { destroy(): void } } }).connection?.stream;
    stream?.destroy();
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.end();
  }

  async #open(): Promise<pg.Client> {
    if (this.#client) return this.#client;
    await this.o.mayWrite();
    const client = await this.o.connect(APPLICATION);
    try {
      if (this.#backend) await endBackend(client, this.#backend);
      await client.query(PREPARE_SESSION);
      const { rows } = await client.query<Backend>(
        'select pid, backend_start::text as started from pg_stat_activity where pid = pg_backend_pid()',
      );
      this.#backend = rows[0];
    } catch (error) {
      await client.end().catch(() => undefined);
      throw error;
    }
    this.#client = client;
    return client;
  }
}

async function writeState(client: pg.Client, { quotes, books, dayRows }: LatestState): Promise<void> {
  if (quotes.rows > 0) {
    await copy(client, COPY_STAGED_QUOTES, quotes);
    await client.query(MERGE_QUOTES);
  }
  if (books.rows > 0) {
    await copy(client, COPY_STAGED_BOOKS, books);
    await client.query(MERGE_BOOKS);
  }
  if (dayRows.rows > 0) {
    await copy(client, COPY_STAGED_DAYS, dayRows);
    await client.query(MERGE_DAYS);
  }
}

/** The server may still be at a commit that we sent before the connection broke: only when it is gone the answer holds. */
async function endBackend(client: pg.Client, backend: Backend): Promise<void> {
  const until = performance.now() + GONE_WITHIN_MS;
  for (;;) {
    const { rowCount } = await client.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where pid = $1 and backend_start::text = $2',
      [backend.pid, backend.started],
    );
    if (rowCount === 0) return;
    if (performance.now() > until)
      throw new Error(`The former database connection ${backend.pid} does not end.`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

/** What several flushes make true, one after the other. */
function truthOf(flushes: readonly Flush[]): TruthChanges {
  const truth = new TruthChanges();
  for (const flush of flushes) truth.append(flush.truth);
  return truth;
}

async function copyRows(
  client: pg.Client,
  statement: string,
  flushes: readonly Flush[],
  part: 'ticks' | 'books',
): Promise<void> {
  const rows = flushes.map((flush) => flush[part]).filter(({ length }) => length > 0);
  if (rows.length > 0) await pipeline(Readable.from(copyOf(rows)), client.query(copyStreams.from(statement)));
}

async function copy(client: pg.Client, statement: string, rows: CopyBuffer): Promise<void> {
  if (rows.rows === 0) return;
  await pipeline(Readable.from([rows.finish()]), client.query(copyStreams.from(statement)));
}
