import { bucketStart, INTERVAL_MS } from './buckets.js';
import type { HistoryFetch } from './heal-plan.js';
import { emptyBuckets, type JudgedHistory } from './history-answer.js';
import { istClock } from './ist-clock.js';
import { intersect, overlaps, type Span, union } from './span.js';
import { MOVED_OVER_HOLE, TRADED_MINUTES, VALUED_MINUTES, VOLUME_OVER_HOLE } from './sql/contradictions.js';
import { type Queryable, type SqlClock, timestamp } from './sql-clock.js';

/** Time for which the broker says that nothing traded although the feed told of trades (rule 15). */
export interface Contradiction {
  readonly spans: readonly Span[];
  readonly message: string;
}

/**
 * Holds the empty parts of an answer against the ticks.
 *
 *     trades   a trade whose own time lies in a bucket without a candle, or volume that rose over a hole that came back
 *              wholly empty, by more than the trade after it
 *     index    a value in a bucket without a candle, or another value after such a hole than before it
 */
export async function contradictionOf(
  clock: SqlClock,
  instrument: { readonly token: number; readonly isIndex: boolean },
  fetch: HistoryFetch,
  judged: JudgedHistory,
  sessions: readonly Span[],
): Promise<Contradiction | undefined> {
  const empty = emptyBuckets(fetch, judged, sessions);
  if (empty.length === 0 || fetch.interval === '1d') return undefined;
  const width = INTERVAL_MS[fetch.interval];
  const { token, isIndex } = instrument;

  return clock.read(async (db) => {
    const heard = await db.query<{ minute: number }>(isIndex ? VALUED_MINUTES : TRADED_MINUTES, [
      token,
      timestamp(empty[0]!.from),
      timestamp(empty.at(-1)!.to),
    ]);
    const contradicted: Span[] = [];
    for (const { minute } of heard.rows) {
      if (!overlaps(empty, minute, minute + INTERVAL_MS['1m'])) continue;
      const from = bucketStart(fetch.interval, minute);
      contradicted.push({ from, to: from + width });
    }
    for (const hole of intersect(fetch.spans, sessions)) {
      if (!empty.some((span) => span.from === hole.from && span.to === hole.to)) continue;
      // Before the open others may have traded: there the first volume proves nothing.
      if (sessions.some((session) => session.from === hole.from)) continue;
      if (await (isIndex ? moved : rose)(db, token, hole)) contradicted.push(hole);
    }
    const spans = union(contradicted);
    if (spans.length === 0) return undefined;
    const told = isIndex ? 'told of values' : 'told of trades';
    return {
      spans,
      message: `The broker has no candle at ${istClock(spans[0]!.from)}, but the feed ${told} then; the time stays a gap.`,
    };
  });
}

async function rose(db: Queryable, token: number, hole: Span): Promise<boolean> {
  const { rows } = await db.query<{ volume: number }>(VOLUME_OVER_HOLE, [token, timestamp(hole.to)]);
  return (rows[0]?.volume ?? 0) > 0;
}

async function moved(db: Queryable, token: number, hole: Span): Promise<boolean> {
  const values = [token, timestamp(hole.from), timestamp(hole.to)];
  const { rows } = await db.query<{ moved: boolean | null }>(MOVED_OVER_HOLE, values);
  return rows[0]?.moved === true;
}
