import type { CandleInterval } from '../broker/broker.js';
import type { Instrument } from '../instruments/instrument.js';

/** A request for candles. Times are epoch milliseconds. */
export interface CandleQuery {
  readonly instrument: Instrument;
  readonly interval: CandleInterval;
  /** Inclusive; rounded down to its bucket. */
  readonly from: number;
  /** Exclusive. */
  readonly to: number;
  /** `previous` gives buckets in which nothing traded the last close. Default `none`. */
  readonly fill?: 'none' | 'previous';
  /** Whether what is missing is fetched from the broker. Default true. */
  readonly backfill?: boolean;
  /** The newest so many. Default `DEFAULT_CANDLE_LIMIT`. */
  readonly limit?: number;
  /** How long to wait for the broker before answering with what there is. Default `DEFAULT_WAIT_MS`. */
  readonly waitMs?: number;
}

export const DEFAULT_WAIT_MS = 3_000;

/**
 * A candle as served. Prices in rupees; `time` is the bucket's start in epoch milliseconds; what an
 * instrument does not have is null. `source` is `ticks`, `broker` or `mixed`, or `previous` for a bucket in
 * which nothing traded, made only when asked for.
 */
export interface Candle {
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number | null;
  readonly openInterest: number | null;
  readonly trades: number | null;
  readonly vwap: number | null;
  readonly source: string;
  readonly complete: boolean;
}

/** `[from, to)` in epoch milliseconds and why nothing is known about it (see `candle_gaps`). */
export interface CandleGap {
  readonly from: number;
  readonly to: number;
  readonly reason: string;
}

export interface CandleAnswer {
  /** Oldest first. */
  readonly candles: readonly Candle[];
  readonly gaps: readonly CandleGap[];
  /** Complete session seconds over those elapsed (1d: days); null when none elapsed. */
  readonly completeness: number | null;
  /** Candles that the broker gave for this request. */
  readonly backfilled: number;
  /** Sentences. */
  readonly warnings: readonly string[];
}
