import type { BrokerCandle } from '../broker/broker.js';
import { type IstDate, istDate } from '../sessions/ist.js';
import { bucketStart, INTERVAL_MS } from './buckets.js';
import type { HistoryFetch } from './heal-plan.js';
import { istClock } from './ist-clock.js';
import { intersect, overlaps, type Span, subtract, union } from './span.js';

/** A row of the broker that is not believed. */
export interface RejectedCandle {
  readonly candle: BrokerCandle;
  readonly reason: string;
}

/** What is known of prices, to judge continuity by. */
export interface PriceBands {
  /** Lowest and highest possible price on an IST date; no entry: nothing is known. */
  readonly byDay: ReadonlyMap<IstDate, { readonly low: number; readonly high: number }>;
  /** How far a candle may open from the close before it on the same day, as a fraction; Infinity: any. */
  readonly mostJump: number;
}

/** Candles that are further apart are not held against each other. */
const NEXT_MS = 3_600_000;

/** What an answer of the broker is worth. */
export interface JudgedHistory {
  /** To be stored, oldest first. */
  readonly candles: readonly BrokerCandle[];
  /** Session time that the answer settles, whether with candles or with nothing, plus closed time between. */
  readonly covered: readonly Span[];
  /** Whole buckets whose row was bad: not covered. */
  readonly refused: readonly Span[];
  /** The bad rows as they came, each with what is wrong with it. */
  readonly rejects: readonly RejectedCandle[];
  /** One sentence about them. */
  readonly problem?: string;
}

/**
 * Keeps the rows of `rows` that `fetch` wants and that can be true; a bad row is dropped with the coverage of
 * its bucket, so that it stays a gap.
 */
export function judgeHistory(
  fetch: HistoryFetch,
  rows: readonly BrokerCandle[],
  sessions: readonly Span[],
  bands?: PriceBands,
): JudgedHistory {
  const width = INTERVAL_MS[fetch.interval];
  const kept = new Map<number, BrokerCandle>();
  const refused = new Map<number, string>();
  const rejects: RejectedCandle[] = [];
  let before: BrokerCandle | undefined;
  for (const row of rows) {
    const bucket = bucketStart(fetch.interval, row.time);
    // Rows between the holes, and auction trades outside continuous sessions, were not asked for.
    if (!overlaps(fetch.spans, bucket, bucket + width) || !overlaps(sessions, bucket, bucket + width))
      continue;
    const fault = faultOf(row, bucket) ?? (bands && jumpOf(row, before, bands));
    if (fault) {
      refused.set(bucket, fault);
      rejects.push({ candle: row, reason: fault });
      continue;
    }
    kept.set(bucket, row);
    before = row;
  }
  for (const bucket of refused.keys()) kept.delete(bucket);
  const refusedSpans = union([...refused.keys()].map((from) => ({ from, to: from + width })));
  const settled = subtract(intersect(fetch.spans, sessions), refusedSpans);
  const [first] = refused;
  return {
    candles: [...kept.values()].sort((a, b) => a.time - b.time),
    covered: bridgeClosedTime(settled, sessions),
    refused: refusedSpans,
    rejects,
    ...(first && {
      problem: `The broker's candle of ${istClock(first[0])} was refused: ${first[1]}${
        refused.size > 1 ? ` (and ${refused.size - 1} more)` : ''
      }.`,
    }),
  };
}

function faultOf({ time, open, high, low, close, volume }: BrokerCandle, bucket: number): string | undefined {
  if (time !== bucket) return 'its time is not the start of a bucket';
  if (![open, high, low, close].every((price) => Number.isFinite(price) && price > 0)) {
    return 'a price is not a positive number';
  }
  if (high < Math.max(open, low, close)) return 'its high is not the highest';
  if (low > Math.min(open, close)) return 'its low is not the lowest';
  if (!Number.isSafeInteger(volume) || volume < 0) return 'its volume is not a count';
  return undefined;
}

/** Within a day prices do not leave the exchange's bands, nor jump from one candle to the next. */
function jumpOf(row: BrokerCandle, before: BrokerCandle | undefined, bands: PriceBands): string | undefined {
  const day = istDate(row.time);
  const band = bands.byDay.get(day);
  if (band && (row.low < band.low || row.high > band.high)) return 'its prices lie outside the day’s band';
  if (!before || row.time - before.time > NEXT_MS || istDate(before.time) !== day) return undefined;
  const jump = Math.abs(row.open / before.close - 1);
  return jump > bands.mostJump ? 'it opens too far from the close before it' : undefined;
}

/** Joins spans over the closed hours between them, so that coverage is a row a fetch and not a row a day. */
function bridgeClosedTime(spans: readonly Span[], sessions: readonly Span[]): Span[] {
  const bridges: Span[] = [];
  for (let i = 1; i < sessions.length; i++) {
    const closed = { from: sessions[i - 1]!.to, to: sessions[i]!.from };
    if (overlaps(spans, closed.from - 1, closed.from) && overlaps(spans, closed.to, closed.to + 1)) {
      bridges.push(closed);
    }
  }
  return union([...spans, ...bridges]);
}

/** Buckets of `covered` that lie in sessions and have no candle in `candles`. */
export function emptyBuckets(
  fetch: HistoryFetch,
  { candles, covered }: JudgedHistory,
  sessions: readonly Span[],
): Span[] {
  const width = INTERVAL_MS[fetch.interval];
  const filled = candles.map(({ time }) => ({ from: time, to: time + width }));
  return subtract(intersect(covered, intersect(fetch.spans, sessions)), union(filled));
}
