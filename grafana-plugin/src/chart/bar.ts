/** One candle as the chart draws it. Prices in the frame's unit; `null` where the frame says nothing. */
export interface Bar {
  /** Start of its bucket, epoch milliseconds. */
  time: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number | null;
  openInterest: number | null;
  /** Volume-weighted price within the bar. */
  vwap: number | null;
  /** `ticks`, `broker`, `mixed`, `previous`; null when the frame has no such field. */
  source: string | null;
  /** False: in progress or overlapping a hole. Null: the frame does not say. */
  complete: boolean | null;
  /** Further numeric fields, in the order of `CandleSeries.extras`. */
  extras: readonly (number | null)[];
}

/** A span that was not heard. Epoch milliseconds, `to` exclusive. */
export interface Gap {
  from: number;
  to: number;
  reason: string;
}

/** One instrument's candles and what is known about them. */
export interface CandleSeries {
  /** The same for the same series in the next answer. */
  key: string;
  name: string;
  /** Bucket width in milliseconds; 0 when a single bar leaves it unknown. */
  intervalMs: number;
  /** Oldest first, one a time. */
  bars: readonly Bar[];
  gaps: readonly Gap[];
  /** Names of the further numeric fields. */
  extras: readonly string[];
  /** Where the data come from (`live`, `simulator:1`), when the frame says it. */
  origin?: string;
  /** True when the frame tells what it did not hear: gaps and completeness can be trusted to be complete. */
  honest: boolean;
}

/** Whether two bars look the same on the chart. */
export function sameBar(a: Bar | null, b: Bar | null): boolean {
  if (a === b) return true;
  if (!a || !b) return false;
  return (
    a.time === b.time &&
    a.close === b.close &&
    a.high === b.high &&
    a.low === b.low &&
    a.open === b.open &&
    a.volume === b.volume &&
    a.openInterest === b.openInterest &&
    a.vwap === b.vwap &&
    a.source === b.source &&
    a.complete === b.complete &&
    a.extras.length === b.extras.length &&
    a.extras.every((value, i) => value === b.extras[i])
  );
}
