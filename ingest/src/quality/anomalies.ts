import type { BrokerCandle } from '../broker/broker.js';
import { INTERVAL_MS } from '../candles/buckets.js';
import { istClock } from '../candles/ist-clock.js';
import type { InstrumentType } from '../instruments/instrument.js';
import type { DayComparison, DifferingMinute, RecordedMinute } from './comparison.js';

export type AnomalyKind =
  | 'price_jump' // a minute that opens or closes far from the price before it
  | 'volume_mismatch' // minutes, or the day, with another volume than the broker's
  | 'missing_minutes' // the broker has trades where we claimed to have heard none
  | 'extra_minutes' // we have trades where the broker has none
  | 'clock_skew' // our minutes are the broker's of another minute, or packets came long after they were stamped
  | 'refused_minutes' // the broker's rows that were not believed
  | 'no_day_candle' // the broker has minutes and no day candle
  | 'corporate_action' // the broker's history has changed its scale
  | 'not_compared'; // the broker gave no history of the day

/** What stands in `anomaly_flags`. `at`: the first or worst minute, ISO 8601 UTC. */
export interface Anomaly {
  readonly kind: AnomalyKind;
  readonly count?: number;
  readonly at?: string;
  /** A sentence. */
  readonly detail: string;
}

export interface AnomalyInput {
  readonly instrumentType: InstrumentType;
  readonly found: DayComparison;
  readonly ours: readonly RecordedMinute[];
  readonly theirs: readonly BrokerCandle[];
  readonly refused: number;
  /** Broker's day candle, and the day's volume as the feed told it; null without volume. */
  readonly dayVolume: { readonly ours: number | null; readonly theirs: number | null };
  /** Seconds from the exchange's stamp to receipt, in the middle; null without ticks. */
  readonly receiptSeconds: number | null;
  /** A move of so much from one minute to the next, as a fraction, is a jump. */
  readonly jumpShare: number;
  readonly volumeShare: number;
}

/** Moves of minutes further apart are not held against each other. */
const NEXT_MS = 3_600_000;
/** Packets that come this long after their stamp are late by a clock, not by the network. */
const MOST_RECEIPT_SECONDS = 5;
/** So many minutes that match the broker's neighbour are no coincidence, when they are half of those that differ. */
const TELLING_SHIFTS = 3;

export function anomaliesOf(input: AnomalyInput): Anomaly[] {
  const { found, refused } = input;
  const flags: Anomaly[] = [...priceJump(input), ...volumeMismatch(input), ...clockSkew(input)];
  const [firstMissing] = found.missing;
  if (firstMissing) {
    flags.push({
      kind: 'missing_minutes',
      count: found.missing.length,
      at: iso(firstMissing.theirs.time),
      detail: `${found.missing.length} minutes that the broker has, from ${istClock(firstMissing.theirs.time)}.`,
    });
  }
  const [firstExtra] = found.extra;
  if (firstExtra) {
    flags.push({
      kind: 'extra_minutes',
      count: found.extra.length,
      at: iso(firstExtra.time),
      detail: `${found.extra.length} minutes that the broker does not have, from ${istClock(firstExtra.time)}; they are kept.`,
    });
  }
  if (refused > 0) {
    flags.push({
      kind: 'refused_minutes',
      count: refused,
      detail: `${refused} rows of the broker cannot be true.`,
    });
  }
  return flags;
}

/** Options may move by any factor. */
function* priceJump({ instrumentType, ours, theirs, jumpShare }: AnomalyInput): Generator<Anomaly> {
  if (instrumentType === 'CE' || instrumentType === 'PE') return;
  const jumps = jumpsOf(ours, jumpShare);
  const [worst] = jumps.toSorted((a, b) => b.share - a.share);
  if (!worst) return;
  const confirmed = new Set(jumpsOf(theirs, jumpShare).map(({ time }) => time));
  yield {
    kind: 'price_jump',
    count: jumps.length,
    at: iso(worst.time),
    detail: `${(worst.share * 100).toFixed(1)} % at ${istClock(worst.time)}, which the broker ${confirmed.has(worst.time) ? 'has too' : 'does not have'}.`,
  };
}

function jumpsOf(
  minutes: ReadonlyArray<{ time: number; open: number; close: number }>,
  most: number,
): Array<{ time: number; share: number }> {
  return minutes.flatMap(({ time, open, close }, i) => {
    const before = minutes[i - 1];
    const near = before && time - before.time <= NEXT_MS ? Math.abs(open / before.close - 1) : 0;
    const share = Math.max(near, Math.abs(close / open - 1));
    return share >= most ? [{ time, share }] : [];
  });
}

function* volumeMismatch({ found, dayVolume, volumeShare }: AnomalyInput): Generator<Anomaly> {
  const minutes = found.differing.filter(({ fields }) => fields.includes('volume'));
  const { ours, theirs } = dayVolume;
  const day = ours !== null && theirs !== null && Math.abs(ours - theirs) > theirs * volumeShare;
  if (minutes.length === 0 && !day) return;
  const sentences = [
    ...(minutes.length > 0 ? [`${minutes.length} minutes have another volume than the broker's.`] : []),
    ...(day ? [`The day's volume was ${ours} here and ${theirs} there.`] : []),
  ];
  yield {
    kind: 'volume_mismatch',
    count: minutes.length,
    ...(minutes[0] && { at: iso(minutes[0].theirs.time) }),
    detail: sentences.join(' '),
  };
}

function* clockSkew({ found, theirs, receiptSeconds }: AnomalyInput): Generator<Anomaly> {
  const prices = found.differing.filter(({ fields }) => fields.some((field) => field !== 'volume'));
  const byTime = new Map(theirs.map((minute) => [minute.time, minute]));
  for (const shift of [1, -1]) {
    const moved = prices.filter(({ ours }) => {
      const other = byTime.get(ours!.time + shift * INTERVAL_MS['1m']);
      return other && samePrices(ours!, other);
    });
    if (moved.length < TELLING_SHIFTS || moved.length * 2 < prices.length) continue;
    yield {
      kind: 'clock_skew',
      count: moved.length,
      at: iso(moved[0]!.theirs.time),
      detail: `${moved.length} minutes are the broker's of the minute ${shift > 0 ? 'after' : 'before'}.`,
    };
    return;
  }
  if (receiptSeconds !== null && Math.abs(receiptSeconds) > MOST_RECEIPT_SECONDS) {
    yield {
      kind: 'clock_skew',
      detail: `Packets came ${receiptSeconds.toFixed(1)} s after the exchange's stamp, in the middle.`,
    };
  }
}

function samePrices(a: NonNullable<DifferingMinute['ours']>, b: BrokerCandle): boolean {
  return a.open === b.open && a.high === b.high && a.low === b.low && a.close === b.close;
}

const iso = (ms: number) => new Date(ms).toISOString();
