import type { Logger } from 'pino';
import type { InstrumentSlots } from '../batch/instrument-slots.js';
import type { TickBatch } from '../batch/tick-batch.js';
import type { Clock } from '../clock.js';
import type { Metrics } from '../metrics.js';
import type { Spool } from '../spool/spool.js';
import type { Composed, FlushComposer } from './flush.js';
import { decodeFlush, type Flush } from './flush-record.js';
import { observeLatency, type Receipts, receiptsOf } from './latency.js';
import { lateMinutes } from './stale.js';
import { WriterFenced, type WriterSession, type WrittenTimes } from './writer-session.js';

/*
 * Brings flushes into the database, in order, each once. Several that wait are one transaction.
 *
 *     idle        Nothing waits.
 *     committing  A group of flushes is under way. What comes meanwhile waits, and the next group takes all of it up to a
 *                 cap: under load groups grow by themselves.
 *     retrying    The group failed. It stays as it is; after a wait with backoff the connection is opened anew, the
 *                 database is asked whether the commit took place after all, and if not the group is written again.
 *
 * Of what waits long only the oldest part is held in memory: the rest is read back from the spool when its turn comes.
 */

const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;
/** What the spool has takes this part of the memory for flushes that wait; the rest is for what it does not take. */
const SPOOLED_SHARE = 1 / 4;
/** Most flushes of one transaction. */
const GROUP = 200;

/** What a transaction committed. */
export interface Commit {
  readonly batchId: number;
  readonly ticks: number;
  readonly books: number;
  /** Epoch milliseconds. */
  readonly committedAt: number;
  /**
   * The rows themselves (those with the flag STORED), oldest first. They are used again: read them within the call.
   * Undefined when they are not in memory any more, because the database was away for long: whoever follows ticks must
   * read what is stored.
   */
  readonly batches: readonly TickBatch[] | undefined;
  /** What the rows' slots mean. */
  readonly slots: InstrumentSlots;
}

/** A flush on its way. */
interface Waiting {
  readonly id: number;
  readonly tickRows: number;
  readonly bytes: number;
  readonly receipts: Receipts;
  readonly decodeMs: number;
  readonly classifyMs: number;
  readonly encodeMs: number;
  readonly bookMs: number;
  record: Buffer | undefined;
  flush: Flush | undefined;
  batches: readonly TickBatch[] | undefined;
  spooled: boolean;
}

export interface CommitterOptions {
  readonly composer: FlushComposer;
  readonly session: WriterSession;
  readonly slots: InstrumentSlots;
  readonly spool: Spool | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Most rows of one transaction, but for a single flush that has more. */
  readonly flushTicks: number;
  /** A transaction that takes longer is given up and tried again on another connection. */
  readonly flushTimeoutMs: number;
  /** Records of flushes that wait, in memory, together. */
  readonly heldBytes: number;
  /** Batches of flushes that wait, which are kept for listeners; beyond, the feed needs them. */
  readonly heldBatches: number;
  readonly giveBack: (batches: readonly TickBatch[]) => void;
  readonly onCommit: (commit: Commit) => void;
  /** Another process has become the writer. */
  readonly onFenced: (error: WriterFenced) => void;
}

export class Committer {
  readonly #o: CommitterOptions;
  readonly #waiting: Waiting[] = [];
  #underWay: readonly Waiting[] = [];
  #running = true;
  #work: Promise<void> | undefined;
  #pause: (() => void) | undefined;
  #stopBy = Number.POSITIVE_INFINITY;
  #failures = 0;
  #heldBytes = 0;

  constructor(options: CommitterOptions) {
    this.#o = options;
  }

  /** False while a transaction is being retried. */
  get isHealthy(): boolean {
    return this.#failures === 0;
  }

  /** Ticks that were handed over and are not committed. */
  get ticks(): number {
    return rows(this.#waiting) + rows(this.#underWay);
  }

  /** What is in the spool and not committed. */
  get spooled(): { flushes: number; bytes: number } {
    let flushes = 0;
    let bytes = 0;
    for (const list of [this.#underWay, this.#waiting]) {
      for (const flush of list) {
        if (!flush.spooled) continue;
        flushes++;
        bytes += flush.bytes;
      }
    }
    return { flushes, bytes };
  }

  /** Flushes that wait and are not in the spool, oldest first. */
  get unspooled(): readonly { readonly id: number; readonly record: Buffer; done(): void }[] {
    return [...this.#underWay, ...this.#waiting]
      .filter((flush) => !flush.spooled)
      .map((flush) => ({
        id: flush.id,
        record: flush.record!,
        done: () => {
          flush.spooled = true;
        },
      }));
  }

  /** True when no more can be held in memory: nothing may be handed over that is not in the spool. */
  get isFull(): boolean {
    return this.#heldBytes > this.#o.heldBytes;
  }

  /** Takes a flush; it is committed after those before it. @param spooled whether the spool has it */
  take({ flush, record, batches, encodeMs, bookMs }: Composed, spooled: boolean): void {
    this.#heldBytes += record.length;
    this.#waiting.push({
      id: flush.id,
      tickRows: flush.tickRows,
      bytes: record.length,
      receipts: receiptsOf(batches),
      decodeMs: sum(batches, 'decodeMs'),
      classifyMs: sum(batches, 'classifyMs'),
      encodeMs,
      bookMs,
      record,
      flush,
      batches,
      spooled,
    });
    if (this.#waiting.reduce((n, { batches }) => n + (batches?.length ?? 0), 0) > this.#o.heldBatches) {
      this.#letGoOfBatches();
    }
    this.#letGoOfRecords();
    this.wake();
  }

  /** Something waits, or the state tables are due. */
  wake(): void {
    if (!this.#running || this.#work) return;
    if (this.#waiting.length === 0 && !this.#o.composer.isStateDue(this.#o.clock.now())) return;
    this.#work = this.#run(false).finally(() => {
      this.#work = undefined;
      this.wake();
    });
  }

  /** Commits what waits, for at most so long. @returns ticks that neither the database nor the spool has */
  async stop(withinMs: number): Promise<number> {
    if (this.#running) {
      this.#running = false;
      this.#stopBy = performance.now() + withinMs;
      this.#pause?.();
      await this.#work;
      if (performance.now() < this.#stopBy) await this.#run(true);
    }
    const left = rows(this.#waiting);
    const lost = rows(this.#waiting.filter(({ spooled }) => !spooled));
    const { log, session } = this.#o;
    if (left > lost)
      log.warn({ ticks: left - lost }, 'These ticks stay in the spool: the next start brings them in');
    if (lost > 0)
      log.error({ ticks: lost }, 'Stopped before these ticks could be written: the database is away');
    if (left > 0) session.abandon();
    else await session.close().catch(() => undefined);
    return lost;
  }

  async #run(last: boolean): Promise<void> {
    const { composer, clock } = this.#o;
    do {
      const group = this.#group();
      this.#underWay = group;
      let done = false;
      try {
        done = await this.#commit(group, last);
      } finally {
        this.#underWay = [];
        if (!done) this.#waiting.unshift(...group);
      }
      if (!done) return;
    } while (this.#waiting.length > 0 || (last ? false : composer.isStateDue(clock.now())));
  }

  #group(): Waiting[] {
    let ticks = 0;
    let count = 0;
    for (const { tickRows } of this.#waiting) {
      if (count > 0 && (ticks + tickRows > this.#o.flushTicks || count === GROUP)) break;
      ticks += tickRows;
      count++;
    }
    return this.#waiting.splice(0, count);
  }

  /** Writes until it is committed; false when `stop` could wait no longer, or somebody else is the writer. */
  async #commit(group: readonly Waiting[], last: boolean): Promise<boolean> {
    const { session, composer, clock, log, metrics } = this.#o;
    const flushes = await this.#flushesOf(group);
    if (!flushes) return false;
    const state = this.#waiting.length === 0 ? composer.state(clock.now(), last) : undefined;
    const { stateSeq, foldFrom } = composer;
    const write = { flushes, state, stateSeq, foldFrom, late: lateMinutes(flushes, clock.now()) };
    if (flushes.length === 0 && !state) return true;
    const id = group.at(-1)?.id;
    const began = performance.now();
    let attempted = false;
    for (;;) {
      try {
        let times: WrittenTimes | undefined;
        if (!attempted || id === undefined || !(await this.#within(session.isCommitted(id)))) {
          attempted = true;
          times = await this.#within(session.write(write));
        }
        if (this.#failures > 0) log.info({ attempts: this.#failures }, 'The database takes ticks again');
        this.#failures = 0;
        metrics.dbUp.set(1);
        this.#committed(group, flushes, times, performance.now() - began);
        return true;
      } catch (error) {
        session.abandon();
        if (error instanceof WriterFenced) {
          this.#running = false;
          this.#o.onFenced(error);
          return false;
        }
        metrics.dbUp.set(0);
        const waitMs = this.#failed();
        log.warn({ err: error, waitMs, ticks: rows(group) }, 'A flush failed and will be tried again');
        if (!(await this.#mayTryAgain(waitMs))) return false;
      }
    }
  }

  /** Reads back from the spool what memory let go of, until it can be read; undefined when `stop` could wait no longer. */
  async #flushesOf(group: readonly Waiting[]): Promise<Flush[] | undefined> {
    const { spool, log, metrics } = this.#o;
    for (;;) {
      try {
        const flushes: Flush[] = [];
        for (const { id, flush, record } of group) {
          flushes.push(flush ?? decodeFlush(record ?? (await spool!.read(id))));
        }
        return flushes;
      } catch (error) {
        metrics.spoolErrors.inc();
        const waitMs = this.#failed();
        log.error(
          { err: error, waitMs, ticks: rows(group) },
          'The spool cannot be read back, will try again',
        );
        if (!(await this.#mayTryAgain(waitMs))) return undefined;
      }
    }
  }

  #committed(
    group: readonly Waiting[],
    flushes: readonly Flush[],
    times: WrittenTimes | undefined,
    tookMs: number,
  ): void {
    const { metrics, clock, spool, composer, log } = this.#o;
    const committedAt = clock.now();
    this.#underWay = [];
    metrics.flushSeconds.observe(tookMs / 1000);
    if (times && times.stateMs > 0) composer.stateTook(times.stateMs);
    const ticks = rows(group);
    if (ticks > 0) {
      metrics.ticksWritten.inc(ticks);
      for (const { receipts } of group) observeLatency(metrics.tickToCommit, receipts, committedAt);
      const stage = (name: string, ms: number) => metrics.stageSeconds.observe({ stage: name }, ms / 1000);
      stage('decode', total(group, 'decodeMs'));
      stage('classify', total(group, 'classifyMs'));
      stage('depth', total(group, 'bookMs'));
      stage('encode', total(group, 'encodeMs'));
      if (times) {
        stage('insert', times.insertMs - times.stateMs);
        stage('state', times.stateMs);
        stage('commit', times.commitMs);
      }
    }
    const last = group.at(-1);
    if (last) {
      spool
        ?.trim(last.id)
        .catch((error: unknown) => log.error({ err: error }, 'The spool could not be trimmed'));
      this.#tell(group, flushes, committedAt, last.id);
    }
    for (const waiting of group) {
      if (waiting.record) this.#heldBytes -= waiting.bytes;
      if (waiting.batches) this.#o.giveBack(waiting.batches);
    }
  }

  #tell(group: readonly Waiting[], flushes: readonly Flush[], committedAt: number, batchId: number): void {
    const held = group.every(({ batches }) => batches !== undefined);
    try {
      this.#o.onCommit({
        batchId,
        ticks: rows(group),
        books: flushes.reduce((n, { bookRows }) => n + bookRows, 0),
        committedAt,
        slots: this.#o.slots,
        batches: held ? group.flatMap(({ batches }) => batches ?? []) : undefined,
      });
    } catch (error) {
      this.#o.log.error({ err: error }, 'A listener to commits failed');
    }
  }

  /** The database does not keep up: the feed needs its batches again. */
  #letGoOfBatches(): void {
    for (const waiting of this.#waiting) {
      if (waiting.batches) this.#o.giveBack(waiting.batches);
      waiting.batches = undefined;
    }
  }

  /** The oldest stay: their turn comes first. What the spool does not have stays as well. */
  #letGoOfRecords(): void {
    const most = this.#o.heldBytes * SPOOLED_SHARE;
    for (let i = this.#waiting.length - 1; i >= 0 && this.#heldBytes > most; i--) {
      const waiting = this.#waiting[i]!;
      if (!waiting.spooled || !waiting.record) continue;
      waiting.record = undefined;
      waiting.flush = undefined;
      this.#heldBytes -= waiting.bytes;
    }
  }

  async #within<T>(work: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const limitMs = Math.min(this.#o.flushTimeoutMs, Math.max(0, this.#stopBy - performance.now()));
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`The database did not answer within ${limitMs} ms.`)),
        limitMs,
      );
    });
    try {
      return await Promise.race([work, late]);
    } finally {
      clearTimeout(timer);
      work.catch(() => undefined);
    }
  }

  /** Counts a failure. @returns how long to wait before the next attempt, in milliseconds */
  #failed(): number {
    return Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++);
  }

  /** Waits; false when `stop` can wait no longer. */
  async #mayTryAgain(waitMs: number): Promise<boolean> {
    if (performance.now() + waitMs > this.#stopBy) return false;
    await this.#wait(waitMs);
    return performance.now() <= this.#stopBy;
  }

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#pause = undefined;
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#pause = end;
    });
  }
}

function rows(flushes: readonly { readonly tickRows: number }[]): number {
  return flushes.reduce((n, { tickRows }) => n + tickRows, 0);
}

function sum(batches: readonly TickBatch[], part: 'decodeMs' | 'classifyMs'): number {
  return batches.reduce((ms, batch) => ms + batch[part], 0);
}

function total(group: readonly Waiting[], part: 'decodeMs' | 'classifyMs' | 'encodeMs' | 'bookMs'): number {
  return group.reduce((ms, flush) => ms + flush[part], 0);
}
