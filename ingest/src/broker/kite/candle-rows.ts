import { isIndexToken } from '../../instruments/instrument.js';
import type { BrokerCandle, CandleRequest } from '../broker.js';
import { parseKiteTime } from './intervals.js';

export interface ParsedCandles {
  /** Oldest first, one a time, within the range asked for. */
  readonly candles: BrokerCandle[];
  /** Rows that are no candle: wrong shape, or a high that is not the highest. */
  readonly malformed: number;
}

/**
 * Reads the rows of Kite's history, `[time, open, high, low, close, volume, oi?]`; undefined when `answer`
 * is not such an answer at all. Rows outside `[from, to)` are left out: the broker may round a range.
 */
export function parseCandleRows(
  answer: unknown,
  { brokerToken, from, to }: Pick<CandleRequest, 'brokerToken' | 'from' | 'to'>,
): ParsedCandles | undefined {
  const rows =
    typeof answer === 'object' && answer !== null && 'candles' in answer ? answer.candles : undefined;
  if (!Array.isArray(rows)) return undefined;
  const hasOpenInterest = !isIndexToken(brokerToken);
  const byTime = new Map<number, BrokerCandle>();
  let malformed = 0;
  for (const row of rows) {
    const candle = parseRow(row, hasOpenInterest);
    if (!candle) malformed++;
    else if (candle.time >= from && candle.time < to) byTime.set(candle.time, candle);
  }
  return { candles: [...byTime.values()].sort((a, b) => a.time - b.time), malformed };
}

function parseRow(row: unknown, hasOpenInterest: boolean): BrokerCandle | undefined {
  if (!Array.isArray(row) || row.length < 6) return undefined;
  const [at, open, high, low, close, volume, openInterest] = row as unknown[];
  const time = parseKiteTime(at);
  if (Number.isNaN(time)) return undefined;
  if (!isPrice(open) || !isPrice(high) || !isPrice(low) || !isPrice(close) || !isCount(volume))
    return undefined;
  if (openInterest !== undefined && openInterest !== null && !isCount(openInterest)) return undefined;
  if (high < Math.max(open, close, low) || low > Math.min(open, close)) return undefined;
  return {
    time,
    open,
    high,
    low,
    close,
    volume,
    openInterest: hasOpenInterest ? (openInterest ?? null) : null,
  };
}

function isPrice(value: unknown): value is number {
  return typeof value === 'number' && Number.isFinite(value) && value > 0;
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
