import type { CandleInterval } from '../broker/broker.js';
import { INTERVAL_MS, possibleBuckets } from './buckets.js';
import type { Candle } from './candle.js';
import { intersect, overlaps, type Span, union } from './span.js';

export interface FillInput {
  readonly interval: CandleInterval;
  readonly from: number;
  readonly to: number;
  readonly candles: readonly Candle[];
  readonly gaps: readonly Span[];
  readonly sessions: readonly Span[];
  /** Session time from here on is not over yet. */
  readonly elapsedTo: number;
  /** The last close before `from`, if nothing is missing between. */
  readonly previousClose: number | undefined;
  /** Indices have no volume. */
  readonly hasVolume: boolean;
}

/**
 * `candles` with a row `source: 'previous'` for every bucket that is over, outside every gap and without a
 * trade, at the last close. After a gap the last close is not known: nothing is filled up to the next trade.
 */
export function fillPrevious(input: FillInput): Candle[] {
  const { interval, candles, sessions, elapsedTo } = input;
  const gaps = union(input.gaps);
  const width = INTERVAL_MS[interval];
  const byTime = new Map(candles.map((candle) => [candle.time, candle]));
  const filled: Candle[] = [];
  let close = input.previousClose;
  for (const time of possibleBuckets(interval, sessions, input.from, input.to)) {
    const candle = byTime.get(time);
    if (candle) {
      filled.push(candle);
      close = candle.close;
      continue;
    }
    const inSession = intersect(sessions, [{ from: time, to: time + width }]);
    if ((inSession.at(-1)?.to ?? time) > elapsedTo) break;
    if (overlaps(gaps, time, time + width)) close = undefined;
    else if (close !== undefined) filled.push(flat(time, close, input.hasVolume));
  }
  const last = filled.at(-1)?.time ?? Number.NEGATIVE_INFINITY;
  return [...filled, ...candles.filter((candle) => candle.time > last)];
}

function flat(time: number, close: number, hasVolume: boolean): Candle {
  return {
    time,
    open: close,
    high: close,
    low: close,
    close,
    volume: hasVolume ? 0 : null,
    openInterest: null,
    trades: 0,
    vwap: null,
    source: 'previous',
    complete: true,
  };
}
