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
import { FlushComposer } from './flush.js';
import { LatestState } from './latest-state.js';
import { restoreSlots } from './restore-slots.js';
import { resume } from './resume.js';
import { type Commit, Writer } from './writer.js';
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
}

const DEFAULTS: Required<PipelineSettings> = {
  maxTicks: 1_000,
  maxDelayMs: 50,
  queueTicks: 200_000,
  flushTicks: 20_000,
  batchTicks: 4_096,
  flushTimeoutMs: 60_000,
  stopWithinMs: 10_000,
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
  readonly settings?: PipelineSettings;
}

export interface PipelineStats {
  /** Ticks that wait for the database. */
  readonly queueTicks: number;
  readonly duplicates: number;
  readonly dropped: number;
  readonly late: number;
  /** False while the database does not take ticks. */
  readonly healthy: boolean;
}

/** From frames to committed ticks. */
export interface Pipeline {
  /** Where feeds deliver to. Valid after `start`. */
  readonly sink: FeedSink;
  /** Takes over what the last process left in the database. Feeds may start afterwards. */
  start(): Promise<void>;
  /** Commits everything received; resolves with the number of ticks that could not be. Stop the feeds first. */
  stop(): Promise<number>;
  /** The last known quote of our token, from memory: of ticks received, committed or not. */
  latest(token: number): LatestQuote | undefined;
  /** Called after every commit. Returns what undoes it. */
  onCommit(listener: (commit: Commit) => void): () => void;
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
  let running: { pipeline: TickPipeline; writer: Writer } | undefined;
  let stopping: Promise<number> | undefined;

  const open = async () => {
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
      wake: () => writer.wake(),
    });
    for (const { feed, tokens, cause } of state.feeds) pipeline.coverage(feed).resume(tokens, cause);
    const writer = new Writer({
      ...settings,
      pipeline,
      queue,
      slots,
      composer: new FlushComposer(
        slots,
        latest,
        Buffer.from(options.broker),
        state.lastBatchId,
        state.lastSeq,
      ),
      session: new WriterSession((name) => db.connect(name)),
      clock,
      log,
      metrics,
      onCommit: (commit) => {
        for (const listener of listeners) listener(commit);
      },
    });
    return { pipeline, writer };
  };

  return {
    get sink() {
      if (!running) throw new Error('The pipeline has not been started.');
      return running.pipeline;
    },
    async start() {
      if (running) return;
      running = await open();
      running.writer.start();
    },
    stop() {
      stopping ??= running ? running.writer.stop() : Promise.resolve(0);
      return stopping;
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
        queueTicks: running?.writer.uncommitted ?? 0,
        duplicates,
        dropped,
        late,
        healthy: running?.writer.isHealthy ?? false,
      };
    },
  };
}
