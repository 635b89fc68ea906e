import type { FrameLike } from '../../src/chart/frame';

/** 2026-11-20 09:15 IST, a Friday. */
export const OPEN = Date.UTC(2026, 10, 20, 3, 45);
export const MINUTE = 60_000;

/** A frame of plain columns. */
export function frame(columns: Record<string, unknown[]>, more: Partial<FrameLike> = {}): FrameLike {
  const fields = Object.entries(columns).map(([name, values]) => ({
    name,
    type: typeOf(name, values),
    values,
  }));
  return { length: fields[0]?.values.length ?? 0, fields, refId: 'A', ...more };
}

function typeOf(name: string, values: unknown[]): string {
  if (name === 'time') return 'time';
  const first = values.find((value) => value !== null);
  return typeof first === 'string' ? 'string' : typeof first === 'boolean' ? 'boolean' : 'number';
}

/** Candles one a minute from `OPEN`, closing at the given prices. */
export function closes(
  prices: readonly number[],
  more: Record<string, unknown[]> = {},
  meta?: Record<string, unknown>,
): FrameLike {
  const columns = {
    time: prices.map((_, i) => OPEN + i * MINUTE),
    open: prices.map((price, i) => prices[i - 1] ?? price),
    high: prices.map((price, i) => Math.max(price, prices[i - 1] ?? price) + 1),
    low: prices.map((price, i) => Math.min(price, prices[i - 1] ?? price) - 1),
    close: [...prices],
    ...more,
  };
  return frame(columns, meta ? { meta: { custom: { tickscope: meta } } } : {});
}
