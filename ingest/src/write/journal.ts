import type { Logger } from 'pino';
import type { BatchQueue } from '../batch/batch-queue.js';
import type { TickPipeline } from '../batch/tick-pipeline.js';
import type { Clock } from '../clock.js';
import type { Metrics } from '../metrics.js';
import { type Spool, SpoolFull } from '../spool/spool.js';
import type { Committer } from './committer.js';
import type { Composed, FlushComposer } from './flush.js';

/*
 * Takes what was received, makes flushes of it, and puts each into the spool before the committer gets it. It never waits
 * for the database: a flush is made BATCH_MAX_DELAY_MS after the first tick in it, or when BATCH_MAX_TICKS wait.
 *
 * Without the spool (its disk is full or broken) flushes go to the committer all the same, as long as memory holds them;
 * they are appended later, in order, unless they have been committed by then. When neither disk nor memory has room,
 * nothing is taken any more: the queue fills, and the pipeline drops the newest and says so in coverage.
 */

/** How often it is looked for what makes a flush worth it without ticks: coverage that moved on. */
const BEAT_MS = 250;
/** What was received is in the spool after this at the latest, whatever BATCH_MAX_DELAY_MS says. */
const APPENDED_WITHIN_MS = 100;
/** After an append that failed. */
const APPEND_AGAIN_MS = 1_000;

export interface JournalOptions {
  readonly pipeline: TickPipeline;
  readonly queue: BatchQueue;
  readonly composer: FlushComposer;
  readonly committer: Committer;
  readonly spool: Spool | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly maxTicks: number;
  readonly maxDelayMs: number;
  /** Most rows of one flush. */
  readonly flushTicks: number;
  /** A flush could not be made: what was received is lost, and must not be covered by what follows. */
  readonly onFatal: (error: unknown) => void;
}

export class Journal {
  readonly #o: JournalOptions;
  #running = false;
  #timer: NodeJS.Timeout | undefined;
  #beat: NodeJS.Timeout | undefined;
  #work: Promise<void> | undefined;
  #appendAt = 0;
  #broken = false;
  #ticks = 0;

  constructor(options: JournalOptions) {
    this.#o = options;
  }

  /** Ticks on their way into the spool. */
  get ticks(): number {
    return this.#ticks;
  }

  start(): void {
    if (this.#running) return;
    this.#running = true;
    this.#beat = setInterval(() => this.#look(), BEAT_MS);
    this.wake();
  }

  /** Hands over everything that was received. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#running = false;
    clearInterval(this.#beat);
    clearTimeout(this.#timer);
    await this.#work;
    this.#appendAt = 0;
    await this.#turn();
    while (!this.#o.queue.isEmpty && !this.#isStuck) await this.#turn();
  }

  /** Something was received. */
  wake(): void {
    if (!this.#running || this.#work) return;
    const { queue, maxTicks, maxDelayMs } = this.#o;
    if (queue.ticks >= maxTicks) this.#begin();
    else if (this.#timer === undefined && !queue.isEmpty) {
      this.#timer = setTimeout(() => this.#begin(), Math.min(maxDelayMs, APPENDED_WITHIN_MS));
    }
  }

  /** Neither disk nor memory takes any more. */
  get #isStuck(): boolean {
    return this.#o.committer.isFull && (this.#o.spool === undefined || this.#broken);
  }

  #look(): void {
    const { pipeline, queue, committer, metrics } = this.#o;
    metrics.spoolBytes.set(committer.spooled.bytes);
    if (!this.#running || this.#work) return;
    pipeline.advance();
    if (!queue.isEmpty) this.#begin();
    else committer.wake();
  }

  #begin(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#work || !this.#running) return;
    this.#work = this.#turn()
      .catch((error: unknown) => {
        this.#running = false;
        clearInterval(this.#beat);
        this.#o.log.fatal({ err: error }, 'A flush could not be made');
        this.#o.onFatal(error);
      })
      .finally(() => {
        this.#work = undefined;
        // While nothing can be taken, the beat looks again.
        if (!this.#isStuck) this.wake();
      });
  }

  async #turn(): Promise<void> {
    const { pipeline, composer, committer, clock, metrics, flushTicks, queue } = this.#o;
    if (this.#isStuck) {
      await this.#appendLeft();
      if (this.#isStuck) return;
    }
    const batches = pipeline.cut(Math.max(queue.batchTicks, flushTicks));
    if (batches.every((batch) => batch.isEmpty)) {
      queue.giveBack(batches);
      committer.wake();
      return;
    }
    const composed = composer.compose(batches, clock.now());
    this.#ticks = composed.flush.tickRows;
    metrics.queueTicks.set(queue.ticks + this.#ticks + committer.ticks);
    const spooled = await this.#append(composed);
    this.#ticks = 0;
    committer.take(composed, spooled);
  }

  async #append({ flush, record }: Composed): Promise<boolean> {
    const { spool, clock } = this.#o;
    if (!spool) return false;
    await this.#appendLeft();
    if (this.#o.committer.unspooled.length > 0 || clock.now() < this.#appendAt) return false;
    return this.#tryAppend(spool, flush.id, record);
  }

  /** Older flushes first: the spool is read back in order, up to the first that is missing. */
  async #appendLeft(): Promise<void> {
    const { spool, committer, clock } = this.#o;
    if (!spool || clock.now() < this.#appendAt) return;
    for (const { id, record, done } of committer.unspooled) {
      if (!(await this.#tryAppend(spool, id, record))) return;
      done();
    }
  }

  async #tryAppend(spool: Spool, id: number, record: Buffer): Promise<boolean> {
    const { log, metrics, clock } = this.#o;
    try {
      await spool.append(id, record);
      if (this.#broken) log.info('The spool takes ticks again');
      this.#broken = false;
      return true;
    } catch (error) {
      metrics.spoolErrors.inc();
      if (!this.#broken) {
        log.error(
          { err: error },
          error instanceof SpoolFull
            ? 'The spool is full: until the database takes ticks, they wait in memory, as far as it holds them'
            : 'The spool cannot be written: until it can, a crash loses what the database has not taken',
        );
      }
      this.#broken = true;
      this.#appendAt = clock.now() + APPEND_AGAIN_MS;
      return false;
    }
  }
}
