import type { BaseProcess } from './base.js';
import type { Ohlc } from './candle.js';
import { mix, signed, unit, walk } from './noise.js';

/** The minutes of one day of an underlying: prices in paise, one entry a minute of the grid. */
export interface MinutePath {
  readonly open: Int32Array;
  readonly high: Int32Array;
  readonly low: Int32Array;
  readonly close: Int32Array;
  /** The minute that touches the day's high, and the one that touches its low. */
  readonly highMinute: number;
  readonly lowMinute: number;
}

const WALK_MINUTES = 256;

/**
 * A bridge from the day's open to its close over `length` minutes whose extremes are exactly the day's.
 * Above the straight line the walk is stretched to the high, below it to the low, so nothing is clipped flat.
 */
export function bridgePath(base: BaseProcess, day: number, length: number, within: Ohlc): MinutePath {
  const h = mix(mix(base.hash, day), 101);
  const deviation = new Float64Array(length + 1);
  const first = walk(h, 0, WALK_MINUTES);
  const last = walk(h, length, WALK_MINUTES);
  let top = 0;
  let bottom = 0;
  for (let i = 1; i < length; i++) {
    const d = walk(h, i, WALK_MINUTES) - first - ((last - first) * i) / length;
    deviation[i] = d;
    if (d > deviation[top]!) top = i;
    if (d < deviation[bottom]!) bottom = i;
  }
  const up = deviation[top]! || 1;
  const down = -deviation[bottom]! || 1;
  const edges = new Int32Array(length + 1);
  for (let i = 0; i <= length; i++) {
    const line = within.open + ((within.close - within.open) * i) / length;
    const d = deviation[i]!;
    edges[i] = base.round(
      d > 0 ? line + (d / up) * (within.high - line) : line + (d / down) * (line - within.low),
    );
  }
  const path = fillMinutes(base, h, edges, within);
  const highMinute = Math.min(top, length - 1);
  const lowMinute = Math.min(bottom, length - 1);
  path.high[highMinute] = within.high;
  path.low[lowMinute] = within.low;
  return { ...path, highMinute, lowMinute };
}

/** Where the price stands after the underlying's own sessions, while its derivatives still trade. */
export function tailClose(base: BaseProcess, day: number): number {
  const { close, high, low } = base.day(day).continuous;
  const drift = 0.2 * base.spec.dailyVolatility * signed(mix(mix(base.hash, day), 103));
  return Math.min(high, Math.max(low, base.round(close * (1 + drift))));
}

/** `path` followed by minutes up to `length` that end at `tailClose` and never leave the day's range. */
export function extendPath(base: BaseProcess, day: number, path: MinutePath, length: number): MinutePath {
  const { close, high, low } = base.day(day).continuous;
  const own = path.open.length;
  const extra = length - own;
  const end = tailClose(base, day);
  const edges = new Int32Array(extra + 1);
  for (let i = 0; i <= extra; i++) edges[i] = base.round(close + ((end - close) * i) / extra);
  const tail = fillMinutes(base, mix(mix(base.hash, day), 104), edges, {
    open: close,
    high,
    low,
    close: end,
  });
  const joined = (a: Int32Array, b: Int32Array) => {
    const all = new Int32Array(length);
    all.set(a);
    all.set(b, own);
    return all;
  };
  return {
    open: joined(path.open, tail.open),
    high: joined(path.high, tail.high),
    low: joined(path.low, tail.low),
    close: joined(path.close, tail.close),
    highMinute: path.highMinute,
    lowMinute: path.lowMinute,
  };
}

function fillMinutes(base: BaseProcess, hash: number, edges: Int32Array, within: Ohlc) {
  const length = edges.length - 1;
  const tick = base.spec.tickPaise;
  const swing = (0.6 * (within.high - within.low)) / Math.sqrt(length);
  const open = new Int32Array(length);
  const high = new Int32Array(length);
  const low = new Int32Array(length);
  const close = new Int32Array(length);
  for (let i = 0; i < length; i++) {
    const h = mix(hash, 1_000_000 + i);
    // A minute seldom opens where the last one closed: a candle that misses its first trade must show.
    const jump = i === 0 ? 0 : ((h >>> 8) % 3) - 1;
    const o = Math.min(within.high, Math.max(within.low, edges[i]! + jump * tick));
    const c = edges[i + 1]!;
    open[i] = o;
    close[i] = c;
    const above = Math.round((swing * unit(mix(h, 1))) / tick) * tick;
    const below = Math.round((swing * unit(mix(h, 2))) / tick) * tick;
    high[i] = Math.min(within.high, Math.max(o, c) + above);
    low[i] = Math.max(within.low, Math.min(o, c) - below);
  }
  return { open, high, low, close };
}
