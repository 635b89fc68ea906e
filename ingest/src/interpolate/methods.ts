import type { VixRegime } from '../vix/minute.js';

/*
 * What is put into a hole, by its length. Longer than LONGEST_MS nothing is: that is the broker's to fill, by the minute.
 */

const LINEAR_BELOW_MS = 500;
const LAST_KNOWN_UP_TO_MS = 2_000;
export const LONGEST_MS = 5_000;
const LINEAR_STEP_MS = 100;
const STEP_MS = 500;
/** A range of the last minute's prices from here on is much, as a fraction of the price. */
const MUCH_MOVED = 0.005;
const MINUTE_MS = 60_000;

export type Method = 'linear' | 'last_known' | 'vwap' | 'missing' | 'zero';

/** A known tick at the edge of a hole. Price in rupees, epoch milliseconds. */
export interface Edge {
  readonly at: number;
  readonly price: number;
  /** The day's cumulative volume; null for an index. */
  readonly volume: number | null;
}

export interface TickHole {
  /** When the connection was heard last, and again; epoch milliseconds. */
  readonly from: number;
  readonly to: number;
  /** The instrument's own last tick before `from`, and its first from `to` on. */
  readonly before: Edge;
  readonly after: Edge;
  /** Of the minute before: price weighted by volume (rupees; null without trades), its volume, its lowest and highest. */
  readonly minute: {
    readonly vwap: number | null;
    readonly volume: number | null;
    readonly low: number;
    readonly high: number;
  };
  /** Rupees; prices lie on it. */
  readonly tickSize: number;
}

/** What else tells how far a guess may be trusted. */
export interface Condition {
  /** Of India VIX at the time; null when it is not known. */
  readonly regime: VixRegime | null;
  /** Milliseconds to the nearer end of the session. */
  readonly toSessionEdgeMs: number;
}

export interface InterpolatedRow {
  /** Epoch milliseconds. */
  readonly time: number;
  /** Rupees; null where nothing is claimed. */
  readonly price: number | null;
  /** Traded since the row before; null for an index and where nothing is claimed. */
  readonly volume: number | null;
  readonly method: Method;
  /** 0 to 1. */
  readonly confidence: number;
}

/** Rows for the inside of `hole`; none when there is no room for one, or too much. */
export function interpolate(hole: TickHole, condition: Condition): InterpolatedRow[] {
  const lengthMs = hole.to - hole.from;
  if (!(lengthMs > 0) || lengthMs > LONGEST_MS) return [];
  const method = methodFor(hole, condition);
  const confidence = confidenceOf(method, lengthMs, hole, condition);
  if (method === 'missing') return [{ time: hole.from, price: null, volume: null, method, confidence }];
  const stepMs = method === 'linear' ? LINEAR_STEP_MS : STEP_MS;
  return instants(hole.from, hole.to, stepMs).map((time) => ({
    time,
    price: onTick(priceAt(time, method, hole), hole.tickSize),
    volume: volumeOf(method, stepMs, hole),
    method,
    confidence,
  }));
}

/**
 * Zero fill, only ever on request: as if nothing had happened in a hole that is marked missing. The last price goes on,
 * volume is zero.
 */
export function zeroFill(
  hole: { readonly from: number; readonly to: number; readonly lastPrice: number; readonly isIndex: boolean },
  marketFactor: number,
): InterpolatedRow[] {
  const confidence = rounded(baseConfidence('zero', hole.to - hole.from) * marketFactor);
  return instants(hole.from, hole.to, STEP_MS).map((time) => ({
    time,
    price: hole.lastPrice,
    volume: hole.isIndex ? null : 0,
    method: 'zero',
    confidence,
  }));
}

function methodFor(hole: TickHole, condition: Condition): Method {
  const lengthMs = hole.to - hole.from;
  if (lengthMs < LINEAR_BELOW_MS) return 'linear';
  if (lengthMs > LAST_KNOWN_UP_TO_MS) return 'missing';
  return isVolatile(hole, condition) && hole.minute.vwap !== null ? 'vwap' : 'last_known';
}

function isVolatile({ minute, before }: TickHole, { regime }: Condition): boolean {
  return regime === 'HIGH' || regime === 'EXTREME' || minute.high - minute.low >= MUCH_MOVED * before.price;
}

/** Base by method and length, times the market's condition, times the time of the session. */
function confidenceOf(method: Method, lengthMs: number, hole: TickHole, condition: Condition): number {
  const calm = isVolatile(hole, { ...condition, regime: null }) ? 0.85 : 1;
  const market = Math.min(calm, marketFactor(condition.regime));
  return rounded(baseConfidence(method, lengthMs) * market * timeFactor(condition.toSessionEdgeMs));
}

/** The shorter the hole, the nearer to the upper end of its method's range. */
export function baseConfidence(method: Method, lengthMs: number): number {
  const within = (longest: number, shortest: number, from: number, to: number) => {
    const part = Math.min(1, Math.max(0, (lengthMs - from) / (to - from)));
    return shortest + (longest - shortest) * part;
  };
  switch (method) {
    case 'linear':
      return within(0.8, 1, 0, LINEAR_BELOW_MS);
    case 'last_known':
    case 'vwap':
      return within(0.5, 0.7, LINEAR_BELOW_MS, LAST_KNOWN_UP_TO_MS);
    case 'zero':
      return within(0.2, 0.4, LAST_KNOWN_UP_TO_MS, LONGEST_MS);
    case 'missing':
      return 0;
  }
}

/** The wilder the market, the less a guess is worth. */
export function marketFactor(regime: VixRegime | null): number {
  switch (regime) {
    case 'EXTREME':
      return 0.7;
    case 'HIGH':
      return 0.85;
    case null:
      return 0.95;
    default:
      return 1;
  }
}

/** Prices jump after the open and before the close. */
function timeFactor(toSessionEdgeMs: number): number {
  return toSessionEdgeMs < 15 * MINUTE_MS ? 0.9 : 1;
}

function instants(from: number, to: number, stepMs: number): number[] {
  const inside: number[] = [];
  for (let time = from + stepMs; time < to; time += stepMs) inside.push(time);
  return inside;
}

function priceAt(time: number, method: Method, { before, after, minute }: TickHole): number {
  if (method === 'vwap') return minute.vwap!;
  if (method !== 'linear' || after.at <= before.at) return before.price;
  return before.price + ((after.price - before.price) * (time - before.at)) / (after.at - before.at);
}

function volumeOf(method: Method, stepMs: number, { before, after, minute }: TickHole): number | null {
  if (before.volume === null || after.volume === null) return null;
  if (method === 'last_known') return 0;
  if (method === 'vwap') return Math.round(((minute.volume ?? 0) * stepMs) / MINUTE_MS);
  const spanMs = after.at - before.at;
  return spanMs > 0 ? Math.floor((Math.max(0, after.volume - before.volume) * stepMs) / spanMs) : 0;
}

/** Without the dust of the division. */
function onTick(price: number, tickSize: number): number {
  const step = tickSize > 0 ? tickSize : 0.05;
  return Math.round(Math.round(price / step) * step * 10_000) / 10_000;
}

const rounded = (confidence: number) => Math.round(confidence * 1_000) / 1_000;
