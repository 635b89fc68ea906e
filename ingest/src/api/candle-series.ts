import type { Candle } from '../candles/candle.js';
import { istDayNumber } from '../sessions/ist.js';

/** Open interest by candle and its change against the candle before; candles without any are left out. */
export function openInterestSeries(
  candles: readonly Candle[],
): Array<{ time: number; openInterest: number; change: number | null }> {
  let previous: number | null = null;
  return candles.flatMap(({ time, openInterest }) => {
    if (openInterest === null) return [];
    const change = previous === null ? null : openInterest - previous;
    previous = openInterest;
    return [{ time, openInterest, change }];
  });
}

/** Average price weighted by volume since the day's first candle (rupees) and that volume; anew each IST date. */
export function vwapSeries(
  candles: readonly Candle[],
): Array<{ time: number; vwap: number; price: number; volume: number }> {
  let day = Number.NaN;
  let turnover = 0;
  let volume = 0;
  return candles.flatMap((candle) => {
    if (candle.volume === null) return [];
    if (istDayNumber(candle.time) !== day) {
      day = istDayNumber(candle.time);
      turnover = 0;
      volume = 0;
    }
    turnover += (candle.vwap ?? (candle.high + candle.low + candle.close) / 3) * candle.volume;
    volume += candle.volume;
    return volume > 0 ? [{ time: candle.time, vwap: turnover / volume, price: candle.close, volume }] : [];
  });
}

/** Spread of log returns from candle to candle, and the largest move between two closes. */
export function returnStatistics(candles: readonly Candle[]): {
  volatility: number | null;
  largestMovePercent: number | null;
} {
  const returns: number[] = [];
  for (let i = 1; i < candles.length; i++) {
    const [before, now] = [candles[i - 1]!.close, candles[i]!.close];
    if (before > 0 && now > 0) returns.push(Math.log(now / before));
  }
  if (returns.length < 2) return { volatility: null, largestMovePercent: null };
  const mean = returns.reduce((sum, r) => sum + r, 0) / returns.length;
  const variance = returns.reduce((sum, r) => sum + (r - mean) ** 2, 0) / (returns.length - 1);
  const largest = returns.reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
  return { volatility: Math.sqrt(variance), largestMovePercent: (Math.exp(largest) - 1) * 100 };
}
