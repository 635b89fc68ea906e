import type pg from 'pg';
import type { Logger } from 'pino';
import { BatchQueue } from '../batch/batch-queue.js';
import { InstrumentSlots, NO_SLOT } from '../batch/instrument-slots.js';
import { type LatestQuote, latestQuote } from '../batch/quote.js';
import { TickPipeline } from '../batch/tick-pipeline.js';
import { CurrentInstruments, type TradedInstruments } from '../batch/traded-instruments.js';
import { TradingDays } from '../batch/trading-day.js';
import type { Clock } from '../clock.js';
import type { FeedSink } from '../feed/feed.js';
import type { Metrics } from '../metrics.js';
import type { Calendar } from '../sessions/calendar.js';
import type { Spool } from '../spool/spool.js';
import { type Commit, Committer } from './committer.js';
import { FlushComposer } from './flush.js';
import { Journal } from './journal.js';
import { LatestState } from './latest-state.js';
import { replay } from './replay.js';
import { restoreSlots } from './restore-slots.js';
import { resume } from './resume.js';
import { BECOME_WRITER } from './statements.js';
import { WriterSession } from './writer-session.js';

export interface PipelineSettings {
  /** BATCH_MAX_TICKS: a flush begins when so many ticks wait. */
  readonly maxTicks?: number;
  /** BATCH_MAX_DELAY_MS: a flush begins when a tick has waited so long. */
  readonly maxDelayMs?: number;
  /** Ticks that may wait for the database; the newest are dropped beyond. */
  readonly queueTicks?: number;
  /** Most ticks of one flush. */
  readonly flushTicks?: number;
  /** Rows of one batch: the grain in which memory is taken. */
  readonly batchTicks?: number;
  readonly flushTimeoutMs?: number;
  readonly stopWithinMs?: number;
  /** Bytes of flushes that wait for the database in memory; beyond, they wait in the spool alone. */
  readonly heldBytes?: number;
}

const DEFAULTS: Required<PipelineSettings> = {
  maxTicks: 1_000,
  maxDelayMs: 50,
  queueTicks: 200_000,
  flushTicks: 20_000,
  batchTicks: 4_096,
  flushTimeoutMs: 60_000,
  stopWithinMs: 10_000,
  heldBytes: 64 * 1024 * 1024,
};

export interface PipelineOptions {
  /** A migrated database in which we are the one writer. */
  readonly db: { connect(applicationName: string): Promise<pg.Client> };
  readonly registry: TradedInstruments;
  readonly calendar: Calendar;
  /** Name of the broker in tick_data: `kite`, `simulator`. */
  readonly broker: string;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  /** Resolves while we are the one writer of the database; at once when left out. */
  readonly mayWrite?: () => Promise<void>;
  /**
   * Opens the spool of the database with this id, whose place it is. Without it what was received is in memory alone
   * until it is committed.
   */
  readonly openSpool?: (id: string) => Promise<Spool>;
  readonly settings?: PipelineSettings;
}

export interface PipelineStats {
  /** Ticks that wait for the database. */
  readonly queueTicks: number;
  readonly duplicates: number;
  readonly dropped: number;
  readonly late: number;
  /** Flushes that are in the spool and not committed. */
  readonly inSpool: number;
  /** False while the database does not take ticks. */
  readonly healthy: boolean;
}

/** What is heard of each instrument, and what is done about those of which nothing is. */
export type Hearing = Pick<TickPipeline, 'stale' | 'unanswered' | 'askedAgain'>;

/** From frames to committed ticks. */
export interface Pipeline {
  /** Where feeds deliver to. Valid after `start`. */
  readonly sink: FeedSink;
  /** Takes over what the last process left in the spool and in the database. Feeds may start afterwards. */
  start(): Promise<void>;
  /** Resolves when it cannot go on: another process writes to the database, or what was received could not be kept. */
  readonly failed: Promise<Error>;
  /**
   * Commits everything received; resolves with the number of ticks that are neither committed nor in the spool. Stop the
   * feeds first.
   */
  stop(): Promise<number>;
  /** The last known quote of our token, from memory: of ticks received, committed or not. */
  latest(token: number): LatestQuote | undefined;
  /** Called after every commit. Returns what undoes it. */
  onCommit(listener: (commit: Commit) => void): () => void;
  /** What is heard of each instrument; see `TickPipeline`. */
  readonly hearing: Hearing;
  /** After an instrument sync. */
  replaceRegistry(registry: TradedInstruments): void;
  stats(): PipelineStats;
}

export function createPipeline(options: PipelineOptions): Pipeline {
  const { db, calendar, clock, log, metrics } = options;
  const settings = { ...DEFAULTS, ...options.settings };
  const instruments = new CurrentInstruments(options.registry);
  const slots = new InstrumentSlots(instruments, new TradingDays(calendar, instruments));
  const queue = new BatchQueue(settings.batchTicks, settings.queueTicks);
  const listeners = new Set<(commit: Commit) => void>();
  let running:
    | { pipeline: TickPipeline; journal: Journal; committer: Committer; spool: Spool | undefined }
    | undefined;
  let fail: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((resolve) => {
    fail = resolve;
  });
  let stopping: Promise<number> | undefined;

  const becomeWriter = async () => {
    const client = await db.connect('tickscope turn');
    try {
      const { rows } = await client.query<{ epoch: number; last_batch_id: number; spool_id: string }>(
        BECOME_WRITER,
      );
      return rows[0]!;
    } finally {
      await client.end();
    }
  };

  const uncommitted = () => queue.ticks + (running ? running.journal.ticks + running.committer.ticks : 0);

  const open = async () => {
    const turn = await becomeWriter();
    const session = new WriterSession({
      connect: (name) => db.connect(name),
      epoch: turn.epoch,
      mayWrite: options.mayWrite ?? (() => Promise.resolve()),
    });
    const spool = await options.openSpool?.(turn.spool_id);
    if (spool) await replay(spool, session, turn.last_batch_id, clock, log);
    const client = await db.connect('tickscope resume');
    const state = await resume(client, clock.now()).finally(() => client.end());
    restoreSlots(slots, instruments, state, clock.now());
    const latest = new LatestState(slots);
    for (const { token, day, trades } of state.days) {
      const slot = slots.ofToken(token);
      if (slot !== NO_SLOT) latest.days.load(slot, day, trades);
    }
    const pipeline = new TickPipeline({
      slots,
      queue,
      clock,
      log,
      metrics,
      firstSeq: Math.max(state.lastSeq + 1, Math.floor(clock.now() * 1000)),
      wake: () => journal.wake(),
    });
    for (const { feed, tokens, cause, coveredTo } of state.feeds) {
      pipeline.coverage(feed).resume(tokens, cause, coveredTo);
    }
    const broker = Buffer.from(options.broker);
    const composer = new FlushComposer(slots, latest, broker, state.lastBatchId, state.lastSeq);
    const committer = new Committer({
      ...settings,
      composer,
      session,
      slots,
      spool,
      clock,
      log,
      metrics,
      heldBatches: Math.floor(settings.queueTicks / settings.batchTicks / 2),
      giveBack: (batches) => queue.giveBack(batches),
      onCommit: (commit) => {
        metrics.queueTicks.set(uncommitted());
        for (const listener of listeners) listener(commit);
      },
      onFenced: fail,
    });
    const journal = new Journal({
      ...settings,
      pipeline,
      queue,
      composer,
      committer,
      spool,
      clock,
      log,
      metrics,
      onFatal: (error) =>
        fail(
          new Error('What was received could not be kept: stopping, so that nothing is hidden.', {
            cause: error,
          }),
        ),
    });
    return { pipeline, journal, committer, spool };
  };

  const close = async () => {
    if (!running) return 0;
    const { journal, committer, spool } = running;
    await journal.stop();
    const lost = (await committer.stop(settings.stopWithinMs)) + queue.ticks;
    await spool?.close();
    return lost;
  };

  return {
    get sink() {
      if (!running) throw new Error('The pipeline has not been started.');
      return running.pipeline;
    },
    async start() {
      if (running) return;
      running = await open();
      running.journal.start();
    },
    failed,
    stop() {
      stopping ??= close();
      return stopping;
    },
    hearing: {
      stale: (at) => running?.pipeline.stale(at) ?? [],
      unanswered: (at, forMs) => running?.pipeline.unanswered(at, forMs) ?? [],
      askedAgain: (at, tokens) => running?.pipeline.askedAgain(at, tokens),
    },
    latest: (token) => latestQuote(slots, token),
    onCommit(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    replaceRegistry(registry) {
      instruments.replace(registry);
      slots.instrumentsChanged();
    },
    stats() {
      const { duplicates = 0, dropped = 0, late = 0 } = running?.pipeline.stats ?? {};
      return {
        queueTicks: uncommitted(),
        duplicates,
        dropped,
        late,
        inSpool: running?.committer.spooled.flushes ?? 0,
        healthy: running?.committer.isHealthy ?? false,
      };
    },
  };
}
