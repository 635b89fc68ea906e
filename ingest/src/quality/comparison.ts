import type { BrokerCandle } from '../broker/broker.js';
import { INTERVAL_MS, possibleBuckets } from '../candles/buckets.js';
import type { Candle } from '../candles/candle.js';
import { duration, intersect, overlaps, type Span, union } from '../candles/span.js';

const MINUTE_MS = INTERVAL_MS['1m'];
/** Where the dump names no tick size: a paisa. */
const SMALLEST_TICK = 0.01;

/** A minute as it was recorded. */
export type RecordedMinute = Pick<
  Candle,
  'time' | 'open' | 'high' | 'low' | 'close' | 'volume' | 'openInterest' | 'trades' | 'vwap' | 'source'
>;

export type DifferingField = 'open' | 'high' | 'low' | 'close' | 'volume' | 'missing';

/** A minute that is not as the broker has it. Without `ours` nothing was recorded: field `missing`. */
export interface DifferingMinute {
  readonly ours: RecordedMinute | undefined;
  readonly theirs: BrokerCandle;
  readonly fields: readonly DifferingField[];
}

export interface Tolerance {
  /** Rupees; prices further apart than half of it differ. */
  readonly tickSize: number;
  /** Share of the broker's volume by which ours may be off: snapshots at a minute's edges belong to one of two minutes. */
  readonly volumeShare: number;
}

/** Both sides of one instrument's day. Epoch milliseconds. */
export interface BothSides {
  /** Continuous sessions, sorted. */
  readonly sessions: readonly Span[];
  /** What was not heard and not healed. */
  readonly gaps: readonly Span[];
  /** What the database has now. */
  readonly ours: readonly RecordedMinute[];
  /** What it had before an earlier comparison replaced it, by time; undefined where it had nothing. */
  readonly replaced: ReadonlyMap<number, RecordedMinute | undefined>;
  readonly theirs: readonly BrokerCandle[];
  /** Time for which the broker's rows were not believed. */
  readonly refused: readonly Span[];
}

export interface DayComparison {
  readonly sessionMs: number;
  readonly gapMs: number;
  /** Minutes made of ticks, outside gaps, that both have. */
  readonly compared: number;
  /** Of those; the recorded minute is the one before any replacement. */
  readonly differing: readonly DifferingMinute[];
  /** The broker has trades where we claimed to have heard none. */
  readonly missing: readonly DifferingMinute[];
  /** We have trades where the broker has none. */
  readonly extra: readonly RecordedMinute[];
  /** What the database has now and the broker does not agree with: to be replaced by its rows. */
  readonly toReplace: readonly DifferingMinute[];
}

/**
 * Holds a day's minutes against the broker's. Only time that claims to be complete is judged: a gap is known to be
 * missing and says nothing of how right the rest is.
 */
export function compareDay(both: BothSides, tolerance: Tolerance): DayComparison {
  const { sessions, replaced } = both;
  const gaps = union(both.gaps);
  const refused = union(both.refused);
  const ours = new Map(both.ours.map((minute) => [minute.time, minute]));
  const theirs = new Map(both.theirs.map((minute) => [minute.time, minute]));
  const differing: DifferingMinute[] = [];
  const missing: DifferingMinute[] = [];
  const extra: RecordedMinute[] = [];
  const toReplace: DifferingMinute[] = [];
  let compared = 0;
  const from = sessions[0]?.from ?? 0;
  const to = sessions.at(-1)?.to ?? 0;
  for (const time of possibleBuckets('1m', sessions, from, to)) {
    if (overlaps(gaps, time, time + MINUTE_MS) || overlaps(refused, time, time + MINUTE_MS)) continue;
    const stored = ours.get(time);
    const recorded = replaced.has(time) ? replaced.get(time) : stored;
    const their = theirs.get(time);
    if (!their) {
      if (recorded?.source === 'ticks') extra.push(recorded);
      continue;
    }
    const now = differenceOf(stored, their, tolerance);
    if (now) toReplace.push(now);
    const then = differenceOf(recorded, their, tolerance);
    if (!recorded) {
      if (then) missing.push(then);
    } else if (recorded.source === 'ticks') {
      compared++;
      if (then) differing.push(then);
    }
  }
  return {
    sessionMs: duration(union(sessions)),
    gapMs: duration(intersect(gaps, union(sessions))),
    compared,
    differing,
    missing,
    extra,
    toReplace,
  };
}

/** Undefined when they agree. A broker's row without volume tells of no trade: nothing is missing then. */
export function differenceOf(
  ours: RecordedMinute | undefined,
  theirs: BrokerCandle,
  { tickSize, volumeShare }: Tolerance,
): DifferingMinute | undefined {
  if (!ours) {
    const isSilent = theirs.volume === 0 && theirs.high === theirs.low;
    return isSilent ? undefined : { ours, theirs, fields: ['missing'] };
  }
  const apart = Math.max(tickSize, SMALLEST_TICK) / 2;
  const fields: DifferingField[] = (['open', 'high', 'low', 'close'] as const).filter(
    (field) => Math.abs(ours[field] - theirs[field]) > apart,
  );
  // An index has no volume, whatever the broker's row says.
  if (ours.volume !== null && Math.abs(ours.volume - theirs.volume) > theirs.volume * volumeShare) {
    fields.push('volume');
  }
  return fields.length > 0 ? { ours, theirs, fields } : undefined;
}

export type Quality = 'excellent' | 'good' | 'poor';

/** From here on a day is called so, both shares counted. */
const EXCELLENT_FROM = 0.995;
const GOOD_FROM = 0.95;

export interface Shares {
  /** Of the session: heard or healed, and not contradicted by a minute that only the broker has. Null without a session. */
  readonly completeness: number | null;
  /** Of the minutes made of ticks: those that agree with the broker's. Null when there were none. */
  readonly accuracy: number | null;
}

export function sharesOf(found: {
  sessionMs: number;
  gapMs: number;
  compared: number;
  differing: number;
  missing: number;
  extra: number;
}): Shares {
  const { sessionMs, gapMs, missing, compared, differing, extra } = found;
  const judged = compared + extra;
  return {
    completeness:
      sessionMs > 0 ? Math.min(1, Math.max(0, 1 - (gapMs + missing * MINUTE_MS) / sessionMs)) : null,
    accuracy: judged > 0 ? (compared - differing) / judged : null,
  };
}

/** Undefined where there is nothing to go by. */
export function gradeOf({ completeness, accuracy }: Shares): Quality | undefined {
  const shares = [completeness, accuracy].filter((share) => share !== null);
  if (shares.length === 0) return undefined;
  const worst = Math.min(...shares);
  if (worst >= EXCELLENT_FROM) return 'excellent';
  return worst >= GOOD_FROM ? 'good' : 'poor';
}
