/** What has been loaded of one instrument and interval: candles by bucket and the holes between them. */
export const INTERVALS = { '1m': 60_000, '5m': 300_000, '15m': 900_000, '1h': 3_600_000, '1d': 86_400_000 };

/** Buckets are counted from 09:15 IST, days from 00:00 IST (contract, rule 6). */
const ORIGIN_MS = { '1d': -19_800_000 };
const INTRADAY_ORIGIN_MS = 9.25 * 3_600_000 - 19_800_000;

export function bucketOf(ms, interval) {
  const origin = ORIGIN_MS[interval] ?? INTRADAY_ORIGIN_MS;
  return Math.floor((ms - origin) / INTERVALS[interval]) * INTERVALS[interval] + origin;
}

export class LoadedCandles {
  candles = new Map();
  gaps = [];

  constructor(interval) {
    this.interval = interval;
  }

  /** Takes an answer for `[from, to)`: what it says replaces what was known there. */
  merge({ candles, gaps }, from, to) {
    for (const candle of candles) {
      const time = Date.parse(candle.time);
      this.candles.set(time, { ...candle, time });
    }
    const outside = this.gaps.flatMap((gap) => [
      ...(gap.from < from ? [{ ...gap, to: Math.min(gap.to, from) }] : []),
      ...(gap.to > to ? [{ ...gap, from: Math.max(gap.from, to) }] : []),
    ]);
    const inside = gaps.map((gap) => ({
      from: Date.parse(gap.from),
      to: Date.parse(gap.to),
      reason: gap.reason,
    }));
    this.gaps = joined([...outside, ...inside].sort((a, b) => a.from - b.from));
  }

  /** Oldest first. */
  get sorted() {
    return [...this.candles.values()].sort((a, b) => a.time - b.time);
  }

  get oldest() {
    return this.candles.size === 0 ? undefined : Math.min(...this.candles.keys());
  }

  get newest() {
    return this.candles.size === 0 ? undefined : Math.max(...this.candles.keys());
  }

  gapAt(ms) {
    const end = ms + INTERVALS[this.interval];
    return this.gaps.find((gap) => gap.from < end && gap.to > ms);
  }
}

function joined(gaps) {
  const result = [];
  for (const gap of gaps) {
    const last = result.at(-1);
    if (last && last.to === gap.from && last.reason === gap.reason) last.to = gap.to;
    else result.push({ ...gap });
  }
  return result;
}
