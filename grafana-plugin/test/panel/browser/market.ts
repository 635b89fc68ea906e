import type { Shown } from './harness';

export const MINUTE = 60_000;
/** 2026-11-20 09:15 IST. */
export const OPEN = Date.UTC(2026, 10, 20, 3, 45);

/** A price path that is the same in each run. */
export function priceAt(minute: number): number {
  return 1500 + 8 * Math.sin(minute / 17) + 3 * Math.sin(minute / 5) + (minute % 7) * 0.2;
}

export interface Path {
  from: number;
  to: number;
  /** Minutes without a candle. */
  without?: (minute: number) => boolean;
  source?: (minute: number) => string;
  complete?: (minute: number) => boolean;
  gaps?: { from: number; to: number; reason: string }[];
  name?: string;
  scale?: number;
}

/** A frame as our data source gives it, one candle a minute from `OPEN`. */
export function tickscopeFrame(path: Path): Shown['frames'][number] {
  const minutes = Array.from({ length: path.to - path.from }, (_, i) => path.from + i).filter(
    (minute) => !path.without?.(minute),
  );
  const at = (offset: number) => minutes.map((minute) => priceAt(minute + offset) * (path.scale ?? 1));
  const [open, close] = [at(-1), at(0)];
  const number = (name: string, values: (number | null)[], config: object = {}) => ({
    name,
    type: 'number',
    values,
    config,
  });
  const name = path.name ?? 'NSE:INFY';
  return {
    name: `${name} 1m`,
    refId: 'A',
    fields: [
      { name: 'time', type: 'time', values: minutes.map((minute) => OPEN + minute * MINUTE), config: {} },
      number('open', open, { decimals: 2 }),
      number(
        'high',
        open.map((value, i) => Math.max(value, close[i] as number) + 1),
        { decimals: 2 },
      ),
      number(
        'low',
        open.map((value, i) => Math.min(value, close[i] as number) - 1),
        { decimals: 2 },
      ),
      number('close', close, { decimals: 2 }),
      number(
        'volume',
        minutes.map((minute) => 10_000 + (minute % 13) * 500),
        { unit: 'short' },
      ),
      number(
        'open_interest',
        minutes.map((minute) => 1_000_000 + minute * 100),
        { unit: 'short' },
      ),
      {
        name: 'source',
        type: 'string',
        values: minutes.map((minute) => path.source?.(minute) ?? 'ticks'),
        config: {},
      },
      {
        name: 'complete',
        type: 'boolean',
        values: minutes.map((minute) => path.complete?.(minute) ?? true),
        config: {},
      },
    ],
    meta: {
      custom: {
        tickscope: { instrument: name, interval: '1m', origin: 'simulator:1', gaps: path.gaps ?? [] },
      },
    },
  };
}

/** The range of minutes as a dashboard's. */
export const range = (from: number, to: number) => ({ from: OPEN + from * MINUTE, to: OPEN + to * MINUTE });
