import type { Logger } from 'pino';
import type { BatchQueue } from '../batch/batch-queue.js';
import type { InstrumentSlots } from '../batch/instrument-slots.js';
import type { TickBatch } from '../batch/tick-batch.js';
import type { TickPipeline } from '../batch/tick-pipeline.js';
import type { Clock } from '../clock.js';
import type { Metrics } from '../metrics.js';
import type { Flush, FlushComposer } from './flush.js';
import { observeLatency } from './latency.js';
import type { FlushTimes, WriterSession } from './writer-session.js';

/*
 * Takes what waits and commits it, one flush at a time.
 *
 *     idle      Nothing waits, or less than BATCH_MAX_TICKS for less than BATCH_MAX_DELAY_MS: a timer runs.
 *     flushing  A flush is under way. What comes meanwhile is drafted, and the next flush takes all of it up to a cap:
 *               under load batches grow by themselves. The socket never waits: when the queue is full the pipeline drops.
 *     retrying  The flush failed. It stays whole; after a wait with backoff the connection is opened anew, the database
 *               is asked whether the commit took place after all, and if not it is written again, unchanged.
 *
 * A second timer looks every BEAT_MS for what makes a flush worth it without ticks: coverage that moved on, state tables
 * that lag behind.
 */

const BEAT_MS = 250;
const FIRST_RETRY_MS = 100;
const LONGEST_RETRY_MS = 5_000;

/** What a flush committed. */
export interface Commit {
  readonly batchId: number;
  readonly ticks: number;
  readonly books: number;
  /** Epoch milliseconds. */
  readonly committedAt: number;
  /** The rows themselves (those with the flag STORED), oldest first. They are used again: read them within the call. */
  readonly batches: readonly TickBatch[];
  /** What the rows' slots mean. */
  readonly slots: InstrumentSlots;
}

export interface WriterOptions {
  readonly pipeline: TickPipeline;
  readonly queue: BatchQueue;
  readonly slots: InstrumentSlots;
  readonly composer: FlushComposer;
  readonly session: WriterSession;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Flush when so many ticks wait, or the oldest has waited so long. */
  readonly maxTicks: number;
  readonly maxDelayMs: number;
  /** Most rows of one flush. */
  readonly flushTicks: number;
  /** A flush that takes longer is given up and tried again on another connection. */
  readonly flushTimeoutMs: number;
  /** How long `stop` tries to reach a database that is away. */
  readonly stopWithinMs: number;
  readonly onCommit: (commit: Commit) => void;
}

export class Writer {
  readonly #o: WriterOptions;
  #running = false;
  #stopBy = Number.POSITIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #beat: NodeJS.Timeout | undefined;
  #flushing: Promise<void> | undefined;
  #pause: { timer: NodeJS.Timeout; end: () => void } | undefined;
  #failures = 0;
  #lost = 0;
  #underWay = 0;

  constructor(options: WriterOptions) {
    this.#o = options;
  }

  /** False while a flush is being retried. */
  get isHealthy(): boolean {
    return this.#failures === 0;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#beat = setInterval(() => this.#look(), BEAT_MS);
    this.wake();
  }

  /** Commits what was received and closes the connection. Resolves with the number of ticks that could not be written. */
  async stop(): Promise<number> {
    if (!this.#running) return this.#lost;
    this.#running = false;
    this.#stopBy = performance.now() + this.#o.stopWithinMs;
    clearInterval(this.#beat);
    clearTimeout(this.#timer);
    this.#pause?.end();
    await this.#flushing;
    while (performance.now() < this.#stopBy) {
      await this.#flush(true);
      if (this.#o.queue.isEmpty && this.#o.composer.drafted === 0) break;
    }
    this.#lost += this.waiting;
    if (this.#lost > 0) {
      this.#o.log.error(
        { ticks: this.#lost },
        'Stopped before these ticks could be written: the database is away',
      );
      this.#o.session.abandon();
    } else await this.#o.session.close().catch(() => undefined);
    return this.#lost;
  }

  /** Ticks received and not on their way. */
  get waiting(): number {
    return this.#o.queue.ticks + this.#o.composer.drafted;
  }

  /** Ticks received and not committed. */
  get uncommitted(): number {
    return this.waiting + this.#underWay;
  }

  /** Something was received. */
  wake(): void {
    if (!this.#running) return;
    if (this.#flushing) {
      this.#draftAhead();
      return;
    }
    const { queue, maxTicks, maxDelayMs } = this.#o;
    if (this.waiting >= maxTicks) this.#begin();
    else if (this.#timer === undefined && (!queue.isEmpty || this.waiting > 0)) {
      this.#timer = setTimeout(() => this.#begin(), maxDelayMs);
    }
  }

  /** Encodes full batches for the next flush while the present one is under way. */
  #draftAhead(): void {
    const { queue, composer, flushTicks } = this.#o;
    const room = flushTicks - composer.drafted;
    if (room >= queue.batchTicks) for (const batch of queue.take(room)) composer.add(batch);
  }

  #look(): void {
    if (!this.#running || this.#flushing) return;
    this.#o.pipeline.advance();
    if (!this.#o.queue.isEmpty || this.#o.composer.isStateDue(this.#o.clock.now())) this.#begin();
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#flushing || !this.#running) return;
    this.#flushing = this.#flush(false)
      .catch((error: unknown) => this.#o.log.error({ err: error }, 'A flush could not be prepared'))
      .finally(() => {
        this.#flushing = undefined;
        this.wake();
      });
  }

  async #flush(last: boolean): Promise<void> {
    const { pipeline, queue, composer, clock, metrics, flushTicks } = this.#o;
    for (const batch of pipeline.cut(Math.max(queue.batchTicks, flushTicks - composer.drafted))) {
      composer.add(batch);
    }
    const flush = composer.compose(clock.now(), last);
    this.#underWay = flush.ticks.rows;
    metrics.queueTicks.set(this.uncommitted);
    const began = performance.now();
    const times = await this.#commit(flush);
    // Before anybody is told: a listener that asks what is uncommitted must not count this flush.
    this.#underWay = 0;
    if (times) this.#committed(flush, times, performance.now() - began);
    else this.#lost += flush.ticks.rows;
    queue.giveBack(flush.batches);
    metrics.queueTicks.set(this.uncommitted);
  }

  /** Writes until it is committed; undefined when `stop` could wait no longer. */
  async #commit(flush: Flush): Promise<FlushTimes | undefined> {
    const { session, log, metrics } = this.#o;
    let attempted = false;
    for (;;) {
      try {
        if (attempted && (await this.#within(session.isCommitted(flush.id))))
          return { insertMs: 0, stateMs: 0, commitMs: 0 };
        attempted = true;
        const times = await this.#within(session.write(flush));
        if (this.#failures > 0) log.info({ attempts: this.#failures }, 'The database takes ticks again');
        this.#failures = 0;
        metrics.dbUp.set(1);
        return times;
      } catch (error) {
        session.abandon();
        metrics.dbUp.set(0);
        const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** this.#failures++);
        log.warn({ err: error, waitMs, ticks: flush.ticks.rows }, 'A flush failed and will be tried again');
        if (performance.now() + waitMs > this.#stopBy) return undefined;
        await this.#wait(waitMs);
        if (performance.now() > this.#stopBy) return undefined;
      }
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

  #wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const end = () => {
        clearTimeout(timer);
        this.#pause = undefined;
        resolve();
      };
      const timer = setTimeout(end, ms);
      this.#pause = { timer, end };
    });
  }

  #committed(flush: Flush, times: FlushTimes, flushMs: number): void {
    const { metrics, clock } = this.#o;
    const committedAt = clock.now();
    metrics.flushSeconds.observe(flushMs / 1000);
    if (flush.state) this.#o.composer.stateTook(times.stateMs);
    if (flush.ticks.rows > 0) {
      metrics.ticksWritten.inc(flush.ticks.rows);
      observeLatency(metrics.tickToCommit, flush.batches, committedAt);
      const stage = (name: string, ms: number) => metrics.stageSeconds.observe({ stage: name }, ms / 1000);
      stage('decode', sum(flush, 'decodeMs'));
      stage('classify', sum(flush, 'classifyMs'));
      stage('depth', flush.bookMs);
      stage('encode', flush.encodeMs);
      stage('insert', times.insertMs - times.stateMs);
      stage('state', times.stateMs);
      stage('commit', times.commitMs);
    }
    try {
      this.#o.onCommit({
        batchId: flush.id,
        ticks: flush.ticks.rows,
        books: flush.books.rows,
        committedAt,
        batches: flush.batches,
        slots: this.#o.slots,
      });
    } catch (error) {
      this.#o.log.error({ err: error }, 'A listener to commits failed');
    }
  }
}

function sum(flush: Flush, part: 'decodeMs' | 'classifyMs'): number {
  return flush.batches.reduce((ms, batch) => ms + batch[part], 0);
}
