import type { Bar, CandleSeries, Gap } from './bar';
import { DAY_MS } from './interval';
import { lengthText, prospectText, reasonText } from './reasons';

/** A candle is settled so long after its end: late packets of it are committed by then. */
const LIVE_SETTLE_MS = 3_000;

/** What must be told about a candle. */
export interface Honesty {
  inProgress: boolean;
  /** Over, and not complete. */
  incomplete: boolean;
  /** `broker` and `mixed` are healed; `previous` repeats a close where nothing traded. */
  origin: 'plain' | 'broker' | 'mixed' | 'previous';
}

const ORIGINS: Readonly<Record<string, Honesty['origin']>> = {
  broker: 'broker',
  mixed: 'mixed',
  previous: 'previous',
};

/**
 * @param now epoch milliseconds
 * @param isLast whether it is the newest bar of its series
 */
export function honestyOf(
  bar: Bar,
  series: Pick<CandleSeries, 'intervalMs'>,
  now: number,
  isLast: boolean,
): Honesty {
  const end = bar.time + series.intervalMs;
  // A frame that says nothing of completeness can still have a last candle whose time is not over.
  const inProgress =
    series.intervalMs > 0 &&
    bar.time <= now &&
    (bar.complete === false ? now < end + LIVE_SETTLE_MS : bar.complete === null && isLast && now < end);
  return {
    inProgress,
    incomplete: bar.complete === false && !inProgress,
    // The broker's day candle is the official one: it replaces ours by rule, it heals nothing.
    origin:
      bar.source === 'broker' && series.intervalMs >= DAY_MS
        ? 'plain'
        : (ORIGINS[bar.source ?? ''] ?? 'plain'),
  };
}

/** Whether there is nothing to tell. */
export function isPlain(honesty: Honesty): boolean {
  return !honesty.inProgress && !honesty.incomplete && honesty.origin === 'plain';
}

/** The holes that a bar overlaps. */
export function gapsOf(bar: { time: number }, intervalMs: number, gaps: readonly Gap[]): Gap[] {
  const end = bar.time + Math.max(1, intervalMs);
  return gaps.filter((gap) => gap.from < end && gap.to > bar.time);
}

/** Sentences about a candle that is not plain, for the hover text. */
export function honestySentences(honesty: Honesty, intervalMs: number, overlaps: boolean): string[] {
  const sentences: string[] = [];
  if (honesty.inProgress) sentences.push('In progress: this candle still changes.');
  if (honesty.origin === 'broker') sentences.push('Healed: from the broker’s history, not heard live.');
  if (honesty.origin === 'mixed') sentences.push('Healed in part: ticks and the broker’s history together.');
  if (honesty.origin === 'previous') sentences.push('Nothing traded: the last close repeated.');
  if (honesty.incomplete && overlaps) sentences.push('Incomplete: it overlaps a hole.');
  if (honesty.incomplete && !overlaps) {
    sentences.push(
      intervalMs >= DAY_MS
        ? 'Not final: made of ticks; the official day candle replaces it.'
        : 'Incomplete: a part of it was not heard.',
    );
  }
  return sentences;
}

/**
 * A hole in words: when, how long, why, what next.
 * @param clock prints an instant in the dashboard's zone
 */
export function gapSentence(gap: Gap, clock: (ms: number) => string): string {
  const prospect = prospectText(gap.reason);
  const span = `${clock(gap.from)} – ${clock(gap.to)} (${lengthText(gap.to - gap.from)})`;
  return `Hole ${span}: ${reasonText(gap.reason)}.${prospect ? ` ${prospect}` : ''}`;
}
