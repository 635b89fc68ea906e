import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import copyStreams from 'pg-copy-streams';
import type { CopyBuffer } from './copy-buffer.js';
import type { Flush } from './flush.js';
import { instant } from './instants.js';
import type { LatestState } from './latest-state.js';
import {
  COPY_BOOKS,
  COPY_STAGED_BOOKS,
  COPY_STAGED_DAYS,
  COPY_STAGED_QUOTES,
  COPY_TICKS,
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

/** How long the parts of a flush took, in milliseconds. */
export interface FlushTimes {
  readonly insertMs: number;
  /** Of that, the state tables. */
  readonly stateMs: number;
  readonly commitMs: number;
}

/** The writer's connection: writes flushes, each in one transaction, and comes back after it was lost. */
export class WriterSession {
  #client: pg.Client | undefined;
  #backend: Backend | undefined;

  constructor(private readonly connect: Connect) {}

  /**
   * Writes a flush and commits it. When it rejects, nobody knows whether the commit took place: ask `isCommitted` before
   * writing it again.
   */
  async write(flush: Flush): Promise<FlushTimes> {
    const client = await this.#open();
    const began = performance.now();
    await client.query('begin');
    await copy(client, COPY_TICKS, flush.ticks);
    await copy(client, COPY_BOOKS, flush.books);
    const copied = performance.now();
    if (flush.state) await writeState(client, flush.state);
    const stateMs = performance.now() - copied;
    await writeTruth(client, flush.truth, flush.stale);
    await client.query(UPDATE_WRITER_STATE, [flush.stateSeq, instant(flush.foldFrom), flush.id]);
    const inserted = performance.now();
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
    const client = await this.connect(APPLICATION);
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

async function copy(client: pg.Client, statement: string, rows: CopyBuffer): Promise<void> {
  if (rows.rows === 0) return;
  await pipeline(Readable.from([rows.finish()]), client.query(copyStreams.from(statement)));
}
