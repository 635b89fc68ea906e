import { DAY_MS, IST_OFFSET_MS } from '../../sessions/ist.js';
import type { CandleInterval } from '../broker.js';

/** Kite's name of each interval and the longest range of one request (Kite Connect v3, "Historical candle data"). */
export const KITE_INTERVALS = {
  '1m': { name: 'minute', maxRangeMs: 60 * DAY_MS },
  '5m': { name: '5minute', maxRangeMs: 100 * DAY_MS },
  '15m': { name: '15minute', maxRangeMs: 200 * DAY_MS },
  '1h': { name: '60minute', maxRangeMs: 400 * DAY_MS },
  '1d': { name: 'day', maxRangeMs: 2000 * DAY_MS },
} as const satisfies Record<CandleInterval, { name: string; maxRangeMs: number }>;

/** `2026-11-20 09:15:00`, the IST wall time of `ms`, as Kite takes it in `from` and `to`. */
export function kiteTime(ms: number): string {
  return new Date(ms + IST_OFFSET_MS).toISOString().slice(0, 19).replace('T', ' ');
}

const KITE_TIME = /^(\d{4}-\d{2}-\d{2})[ T](\d{2}:\d{2}:\d{2})(\+05:?30)?$/;

/**
 * Epoch milliseconds of a time of Kite, `2026-11-20T09:15:00+0530` or `2026-11-20 09:15:00` (IST); `NaN` for
 * anything else. The official client reads the second kind in the zone of the process.
 */
export function parseKiteTime(text: unknown): number {
  const match = typeof text === 'string' ? KITE_TIME.exec(text) : null;
  return match ? Date.parse(`${match[1]}T${match[2]}+05:30`) : Number.NaN;
}
