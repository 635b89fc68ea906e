import type { CandleInterval } from '../broker/broker.js';
import { DAY_MS, istDate } from '../sessions/ist.js';
import { bucketStart, INTERVAL_MS, roundOut, WIDE_INTERVALS } from './buckets.js';
import type { CandleGap } from './candle.js';
import { intersect, type Span, subtract, union } from './span.js';

/** One broker request: history of `[from, to)`, of which only the buckets in `spans` are kept. */
export interface HistoryFetch {
  readonly interval: CandleInterval;
  readonly from: number;
  readonly to: number;
  /** Whole buckets, sorted, without overlaps. */
  readonly spans: readonly Span[];
}

export interface HealTimes {
  /** Epoch milliseconds. */
  readonly now: number;
  /** How long after its end a candle of the broker is final. */
  readonly settleMs: number;
  /** How long after a day's last session the broker's day candle is final. */
  readonly daySettleMs: number;
  /** Holes younger than this are fetched as minutes, whatever the interval asked. */
  readonly healAsMinutesMs: number;
}

/** What is known about the instrument's hours around the gaps. */
export interface Hours {
  /** Continuous sessions, sorted. */
  readonly sessions: readonly Span[];
  /** For 1d: when the last session of any kind of each IST date is over. */
  readonly dayCloses?: ReadonlyMap<string, number>;
}

/** Gaps that no request can close: the broker has no history of expired contracts; what failed waits its turn. */
const NOT_FETCHED = new Set(['expired', 'broker_unavailable']);

/** The intervals that a fetch for a gap at `interval` may be made with. */
export function fetchIntervals(interval: CandleInterval): CandleInterval[] {
  return interval === '1d' || interval === '1m' ? [interval] : [interval, '1m'];
}

/**
 * The broker requests that close what can be closed of `gaps`: rounded out to whole buckets that are settled,
 * young ones as minutes, merged into as few requests as `maxRangeMs` allows.
 */
export function planFetches(
  interval: CandleInterval,
  gaps: readonly CandleGap[],
  hours: Hours,
  times: HealTimes,
  maxRangeMs: (interval: CandleInterval) => number,
): HistoryFetch[] {
  const holes = union(gaps.filter((gap) => !NOT_FETCHED.has(gap.reason)));
  if (holes.length === 0) return [];
  if (interval === '1d') return requests('1d', settledDays(holes, hours, times), maxRangeMs('1d'));
  if (!(WIDE_INTERVALS as readonly string[]).includes(interval)) {
    return requests(interval, settledBuckets(interval, holes, hours, times), maxRangeMs(interval));
  }
  const young = [
    {
      from: bucketStart(interval, times.now - times.healAsMinutesMs),
      to: Number.POSITIVE_INFINITY,
    },
  ];
  return [
    ...requests(
      interval,
      settledBuckets(interval, subtract(holes, young), hours, times),
      maxRangeMs(interval),
    ),
    ...requests('1m', settledBuckets('1m', intersect(holes, young), hours, times), maxRangeMs('1m')),
  ];
}

/** The whole buckets that `holes` touch and whose session time is over and settled. */
function settledBuckets(
  interval: CandleInterval,
  holes: readonly Span[],
  { sessions }: Hours,
  { now, settleMs }: HealTimes,
): Span[] {
  const settled = now - settleMs;
  const last = bucketStart(interval, settled);
  const open = intersect(sessions, [{ from: last, to: last + INTERVAL_MS[interval] }]);
  // The bucket that holds `settled` counts once the part of it that is in session is over.
  const limit =
    (open.at(-1)?.to ?? Number.POSITIVE_INFINITY) <= settled ? last + INTERVAL_MS[interval] : last;
  return union(
    holes.map((hole) => {
      const { from, to } = roundOut(interval, hole);
      return { from, to: Math.min(to, limit) };
    }),
  );
}

function settledDays(holes: readonly Span[], { dayCloses }: Hours, { now, daySettleMs }: HealTimes): Span[] {
  const days = new Set(
    holes.flatMap(({ from, to }) => {
      const starts: number[] = [];
      for (let day = bucketStart('1d', from); day < to; day += DAY_MS) starts.push(day);
      return starts;
    }),
  );
  const due = [...days].filter((day) => {
    const close = dayCloses?.get(istDate(day));
    return close !== undefined && close + daySettleMs <= now;
  });
  return union(due.map((from) => ({ from, to: from + DAY_MS })));
}

/** Packs `spans` into requests no longer than `maxRangeMs`; a longer span is cut at a bucket. Newest first. */
function requests(interval: CandleInterval, spans: readonly Span[], maxRangeMs: number): HistoryFetch[] {
  const width = INTERVAL_MS[interval];
  const longest = Math.max(width, Math.floor(maxRangeMs / width) * width);
  const fetches: Array<{ interval: CandleInterval; from: number; to: number; spans: Span[] }> = [];
  for (const span of spans) {
    for (let { from } = span; from < span.to; ) {
      let fetch = fetches.at(-1);
      if (!fetch || from >= fetch.from + longest) {
        fetch = { interval, from, to: from, spans: [] };
        fetches.push(fetch);
      }
      const to = Math.min(span.to, fetch.from + longest);
      fetch.spans.push({ from, to });
      fetch.to = to;
      from = to;
    }
  }
  return fetches.reverse();
}

/** `fetch` without what `others` bring; undefined when nothing is left. */
export function without(fetch: HistoryFetch, others: readonly Span[]): HistoryFetch | undefined {
  const spans = subtract(fetch.spans, union(others));
  if (spans.length === 0) return undefined;
  return { interval: fetch.interval, from: spans[0]!.from, to: spans.at(-1)!.to, spans };
}
