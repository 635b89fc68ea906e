import { BatchQueue } from '../../src/batch/batch-queue.js';
import { InstrumentSlots } from '../../src/batch/instrument-slots.js';
import { IN_SESSION, STORED, type TickBatch, TRADE } from '../../src/batch/tick-batch.js';
import { TickPipeline } from '../../src/batch/tick-pipeline.js';
import { TradingDays } from '../../src/batch/trading-day.js';
import { TruthChanges } from '../../src/batch/truth.js';
import { createMetrics } from '../../src/metrics.js';
import { quiet } from '../fixtures/databases.js';
import { calendar, frame, instruments } from './market.js';

export const FEED = 'kite-1';

/** A tick as it would be stored; prices in paise, NaN as null. */
export interface Heard {
  token: number;
  seq: number;
  ltp: number;
  time: number;
  source: string;
  trade: boolean;
  open: boolean;
  delta: number | null;
  unplaced: number | null;
  high: number;
  low: number;
}

/** A pipeline whose batches are taken by the test instead of a writer. */
export function listening(
  options: { start?: number; queueTicks?: number; batchTicks?: number; extra?: number[] } = {},
) {
  const clock = { ms: options.start ?? 0, now: () => clock.ms };
  const known = instruments(options.extra);
  const slots = new InstrumentSlots(known, new TradingDays(calendar, known));
  const queue = new BatchQueue(options.batchTicks ?? 64, options.queueTicks ?? 100_000);
  const metrics = createMetrics();
  const pipeline = new TickPipeline({
    slots,
    queue,
    clock,
    log: quiet,
    metrics,
    firstSeq: 1,
    wake: () => undefined,
  });
  return {
    pipeline,
    slots,
    queue,
    metrics,
    clock,
    connect(at: number, tokens: number[]) {
      clock.ms = at;
      pipeline.connected(FEED, at, tokens);
    },
    /** Returns how many packets came from instruments in session. */
    hear(at: number, ...packets: Buffer[]) {
      clock.ms = at;
      return pipeline.frame(FEED, frame(...packets), at);
    },
    /** Everything received since the last call. */
    take(at = clock.ms) {
      clock.ms = at;
      const ticks: Heard[] = [];
      const truth = new TruthChanges();
      for (;;) {
        const batches = pipeline.cut(Number.POSITIVE_INFINITY);
        for (const batch of batches) {
          for (let row = 0; row < batch.length; row++) {
            if (batch.flags[row]! & STORED) ticks.push(heard(batch, row, slots));
          }
          truth.append(batch.truth);
        }
        queue.giveBack(batches);
        if (batches.length === 0) return { ticks, truth };
      }
    },
  };
}

function heard(batch: TickBatch, row: number, slots: InstrumentSlots): Heard {
  const orNull = (value: number) => (Number.isNaN(value) ? null : value);
  return {
    token: slots.token[batch.slot[row]!]!,
    seq: batch.seq[row]!,
    ltp: batch.packets.ltp[row]!,
    time: batch.time[row]!,
    source: String.fromCharCode(batch.timeSource[row]!),
    trade: (batch.flags[row]! & TRADE) !== 0,
    open: (batch.flags[row]! & IN_SESSION) !== 0,
    delta: orNull(batch.volumeDelta[row]!),
    unplaced: orNull(batch.volumeUnplaced[row]!),
    high: batch.high[row]!,
    low: batch.low[row]!,
  };
}
