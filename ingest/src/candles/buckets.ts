import type { CandleInterval } from '../broker/broker.js';
import { DAY_MS, IST_OFFSET_MS } from '../sessions/ist.js';
import type { Span } from './span.js';

const MINUTE_MS = 60_000;
export const INTERVAL_MS: Readonly<Record<CandleInterval, number>> = {
  '1m': MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '1h': 60 * MINUTE_MS,
  '1d': DAY_MS,
};

/** The widths that are made of minutes and can be rebuilt from them. */
export const WIDE_INTERVALS = ['5m', '15m', '1h'] as const;

/** A request that can hold more buckets than this is refused. */
export const MAX_POSSIBLE_BUCKETS = 50_000;
/** How many candles an answer holds when the caller names no limit. */
export const DEFAULT_CANDLE_LIMIT = 5_000;

/** More candles asked for than one answer may hold. */
export class TooManyCandles extends Error {
  override name = 'TooManyCandles';
  constructor(interval: CandleInterval) {
    super(
      `The range can hold more than ${MAX_POSSIBLE_BUCKETS} candles of ${interval}: ask for a shorter range or a wider interval`,
    );
  }
}

/** 09:15 IST on 1970-01-01: buckets of a day are counted from there, special sessions included. */
const BUCKET_ORIGIN_MS = 9.25 * 60 * MINUTE_MS - IST_OFFSET_MS;

/** Start of the bucket of `interval` that holds `ms`. 1d starts at 00:00 IST. */
export function bucketStart(interval: CandleInterval, ms: number): number {
  const width = INTERVAL_MS[interval];
  const origin = interval === '1d' ? -IST_OFFSET_MS : BUCKET_ORIGIN_MS;
  return Math.floor((ms - origin) / width) * width + origin;
}

/** The smallest bucket boundary at or after `ms`. */
export function bucketCeiling(interval: CandleInterval, ms: number): number {
  const start = bucketStart(interval, ms);
  return start === ms ? ms : start + INTERVAL_MS[interval];
}

/** `span` widened to whole buckets. */
export function roundOut(interval: CandleInterval, span: Span): Span {
  return { from: bucketStart(interval, span.from), to: bucketCeiling(interval, span.to) };
}

/**
 * Starts of the buckets within `[from, to)` that hold session time, oldest first.
 * @param sessions continuous sessions, sorted, without overlaps
 */
export function* possibleBuckets(
  interval: CandleInterval,
  sessions: Iterable<Span>,
  from: number,
  to: number,
): Generator<number> {
  const width = INTERVAL_MS[interval];
  let next = Number.NEGATIVE_INFINITY;
  for (const session of sessions) {
    const end = Math.min(session.to, to);
    const first = Math.max(bucketStart(interval, Math.max(session.from, from)), next);
    for (let bucket = first; bucket < end; bucket += width) {
      next = bucket + width;
      if (bucket >= from) yield bucket;
    }
  }
}

/** @throws TooManyCandles when `[from, to)` can hold more than `MAX_POSSIBLE_BUCKETS` buckets. */
export function checkPossibleBuckets(
  interval: CandleInterval,
  sessions: Iterable<Span>,
  from: number,
  to: number,
): void {
  let count = 0;
  for (const _bucket of possibleBuckets(interval, sessions, from, to)) {
    if (++count > MAX_POSSIBLE_BUCKETS) throw new TooManyCandles(interval);
  }
}
