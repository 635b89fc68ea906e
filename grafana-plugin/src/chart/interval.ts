import type { Bar } from './bar';

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60 * SECOND_MS;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

const UNITS_MS: Readonly<Record<string, number>> = {
  s: SECOND_MS,
  m: MINUTE_MS,
  h: HOUR_MS,
  d: DAY_MS,
  w: 7 * DAY_MS,
};

/** Milliseconds of `1m`, `4h`, `1d`; undefined for anything else. */
export function parseInterval(text: string | undefined): number | undefined {
  const match = /^(\d+)\s*([smhdw])$/.exec(text?.trim() ?? '');
  if (!match) return undefined;
  return Number(match[1]) * (UNITS_MS[match[2] ?? ''] ?? 0) || undefined;
}

/** The bucket width that was named, else the commonest distance of neighbouring bars; 0 when there are none. */
export function intervalOf(named: string | undefined, bars: readonly Bar[]): number {
  const known = parseInterval(named);
  if (known) return known;
  const counts = new Map<number, number>();
  let best = 0;
  for (let i = 1; i < bars.length; i++) {
    const distance = (bars[i] as Bar).time - (bars[i - 1] as Bar).time;
    const count = (counts.get(distance) ?? 0) + 1;
    counts.set(distance, count);
    const most = counts.get(best) ?? 0;
    if (count > most || (count === most && distance < best)) best = distance;
  }
  return best;
}

/** `5m`, `1h`, `1d`: how people write a bucket width. */
export function intervalText(ms: number): string {
  for (const [unit, size] of Object.entries(UNITS_MS).reverse()) {
    if (unit !== 'w' && ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return ms > 0 ? `${ms} ms` : '';
}
