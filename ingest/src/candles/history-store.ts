import type { BrokerCandle, CandleInterval } from '../broker/broker.js';
import type { InstrumentType } from '../instruments/instrument.js';
import { bucketStart, INTERVAL_MS } from './buckets.js';
import type { RejectedCandle } from './history-answer.js';
import type { Span } from './span.js';
import { FORGET_FAILURES, RECORD_FAILURE } from './sql/failures.js';
import {
  EXTEND_COVERAGE,
  LOCK_HISTORY,
  MARK_PENDING_MERGES,
  STORE_MERGED_CANDLES,
  UPSERT_CANDLES,
} from './sql/history.js';
import { KEEP_REJECTS } from './sql/rejects.js';
import { type Queryable, type SqlClock, timestamp } from './sql-clock.js';

/** What one broker request gave an instrument. */
export interface StoredHistory {
  readonly token: number;
  readonly interval: CandleInterval;
  readonly candles: readonly BrokerCandle[];
  readonly covered: readonly Span[];
  /** What the answer could not settle, and the sentence why. */
  readonly failed?: { readonly spans: readonly Span[]; readonly message: string };
  /** Rows that were not believed. */
  readonly rejects: readonly RejectedCandle[];
  /** An index has no volume, and neither it nor a stock has open interest: null, whatever the broker's row says. */
  readonly instrumentType: InstrumentType;
  /** Epoch milliseconds. */
  readonly fetchedAt: number;
}

/** Stores candles, coverage and failures in one transaction: never one without the other. */
export async function storeHistory(clock: SqlClock, history: StoredHistory): Promise<void> {
  await clock.transaction((db) => writeHistory(db, history));
}

/** The same within the caller's transaction. */
export async function writeHistory(db: Queryable, history: StoredHistory): Promise<void> {
  const { token, interval, candles, covered, instrumentType } = history;
  const hasVolume = instrumentType !== 'INDEX';
  const hasOpenInterest = hasVolume && instrumentType !== 'EQ';
  await db.query(LOCK_HISTORY, [token, interval]);
  if (candles.length > 0) {
    await db.query(UPSERT_CANDLES, [
      token,
      interval,
      candles.map((c) => timestamp(c.time)),
      candles.map((c) => c.open),
      candles.map((c) => c.high),
      candles.map((c) => c.low),
      candles.map((c) => c.close),
      candles.map((c) => (hasVolume ? c.volume : null)),
      candles.map((c) => (hasOpenInterest ? c.openInterest : null)),
      timestamp(history.fetchedAt),
    ]);
    if (interval === '1m') await markPendingMerges(db, token, candles);
  }
  if (covered.length > 0) {
    const spans = [covered.map((s) => timestamp(s.from)), covered.map((s) => timestamp(s.to))];
    await db.query(EXTEND_COVERAGE, [token, interval, ...spans]);
    await db.query(FORGET_FAILURES, [token, interval, ...spans]);
  }
  if (history.rejects.length > 0) await keepRejects(db, history);
  for (const span of history.failed?.spans ?? []) {
    await recordFailure(db, token, interval, span, history.failed!.message, history.fetchedAt);
  }
}

async function keepRejects(
  db: Queryable,
  { token, interval, rejects, fetchedAt }: StoredHistory,
): Promise<void> {
  const column = (of: (candle: BrokerCandle) => number | null) => rejects.map(({ candle }) => of(candle));
  await db.query(KEEP_REJECTS, [
    timestamp(fetchedAt),
    token,
    interval,
    rejects.map(({ candle }) => timestamp(candle.time)),
    column((c) => c.open),
    column((c) => c.high),
    column((c) => c.low),
    column((c) => c.close),
    column((c) => c.volume),
    column((c) => c.openInterest),
    rejects.map(({ reason }) => reason),
  ]);
}

export async function recordFailure(
  db: Queryable,
  token: number,
  interval: CandleInterval,
  span: Span,
  message: string,
  now: number,
): Promise<void> {
  await db.query(RECORD_FAILURE, [
    token,
    interval,
    timestamp(span.from),
    timestamp(span.to),
    message,
    timestamp(now),
  ]);
}

/** One span a run of minutes closer than an hour: two holes a month apart must not mark what lies between. */
async function markPendingMerges(
  db: Queryable,
  token: number,
  minutes: readonly BrokerCandle[],
): Promise<void> {
  const runs: Array<{ from: number; to: number }> = [];
  for (const { time } of minutes) {
    const run = runs.at(-1);
    if (run && time - run.to < INTERVAL_MS['1h']) run.to = time + INTERVAL_MS['1m'];
    else runs.push({ from: time, to: time + INTERVAL_MS['1m'] });
  }
  await db.query(MARK_PENDING_MERGES, [
    token,
    runs.map((run) => timestamp(run.from)),
    runs.map((run) => timestamp(run.to)),
  ]);
}

/** Stores the wide candles around `span` that became complete. Until then they are computed when read. */
export async function storeMergedCandles(clock: SqlClock, token: number, span: Span): Promise<void> {
  await clock.transaction((db) =>
    db.query(STORE_MERGED_CANDLES, [token, timestamp(bucketStart('1h', span.from)), timestamp(span.to)]),
  );
}
