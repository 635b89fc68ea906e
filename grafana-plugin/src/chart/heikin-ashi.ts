import type { Bar } from './bar';

/** Open, high, low and close as a chart style draws them. */
export interface Shape {
  open: number;
  high: number;
  low: number;
  close: number;
}

/**
 * The Heikin-Ashi candle of a bar: close is the mean of its four prices, open the middle of the candle before
 * (of the first: of its own open and close).
 */
export function heikinAshi(bar: Bar, before: Shape | null): Shape {
  const close = (bar.open + bar.high + bar.low + bar.close) / 4;
  const open = before ? (before.open + before.close) / 2 : (bar.open + bar.close) / 2;
  return { open, close, high: Math.max(bar.high, open, close), low: Math.min(bar.low, open, close) };
}
