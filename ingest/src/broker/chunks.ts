/** A stretch of time, `[from, to)` in epoch milliseconds. */
export interface TimeRange {
  readonly from: number;
  readonly to: number;
}

/**
 * Cuts `[from, to)` into pieces of at most `maxMs`, oldest first, without gap or overlap.
 * An empty or swapped range gives none.
 */
export function chunkRange(from: number, to: number, maxMs: number): TimeRange[] {
  if (!(maxMs > 0)) throw new RangeError('chunkRange: maxMs must be positive');
  const pieces: TimeRange[] = [];
  for (let at = from; at < to; at += maxMs) pieces.push({ from: at, to: Math.min(at + maxMs, to) });
  return pieces;
}
