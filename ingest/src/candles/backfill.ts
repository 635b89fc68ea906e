import type { CandleInterval } from '../broker/broker.js';
import type { CandleService } from './candle-service.js';
import { PRIORITY } from './healer.js';

export interface BackfillRequest {
  readonly instruments: ReadonlyArray<{ readonly token: number; readonly label: string }>;
  readonly interval: CandleInterval;
  /** Epoch milliseconds, `[from, to)`. */
  readonly from: number;
  readonly to: number;
  /** Default `PRIORITY.background`. */
  readonly priority?: number;
  /** After each instrument, in whatever order they end. */
  readonly onProgress?: (done: number, total: number, label: string) => void;
  /** Stops before the next instrument. */
  readonly signal?: AbortSignal;
}

export interface BackfillResult {
  readonly instruments: number;
  /** Candles stored. */
  readonly stored: number;
  /** `NSE:INFY: sentence`. */
  readonly failures: readonly string[];
}

/** Instruments whose holes are looked up at a time; their requests share one lane. */
const AT_A_TIME = 4;

/**
 * Fetches what is missing for many instruments. Ended half-way it goes on from there the next time: what is
 * covered is not asked for again.
 */
export async function backfill(service: CandleService, request: BackfillRequest): Promise<BackfillResult> {
  const { instruments, interval, from, to, priority = PRIORITY.background, onProgress, signal } = request;
  const lane = service.newLane();
  const queue = instruments.values();
  const failures: string[] = [];
  let done = 0;
  let stored = 0;
  const worker = async () => {
    for (const { token, label } of queue) {
      if (signal?.aborted) return;
      try {
        const healed = await service.healRange({ token, interval, from, to, lane, priority });
        stored += healed.stored;
        failures.push(...healed.failures.map((failure) => `${label}: ${failure}`));
      } catch (error) {
        failures.push(`${label}: ${error instanceof Error ? error.message : String(error)}`);
      }
      onProgress?.(++done, instruments.length, label);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
  return { instruments: done, stored, failures };
}
