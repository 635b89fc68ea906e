import type { CandleInterval } from '../broker/broker.js';
import { istDate } from '../sessions/ist.js';
import { duration, intersect, overlaps, type Span, subtract, union } from './span.js';

/**
 * Complete session time over elapsed session time, 0 to 1; for 1d complete days over ended ones.
 * Null when nothing elapsed yet.
 * @param elapsedTo epoch milliseconds up to which `gaps` can speak
 */
export function completenessOf(
  interval: CandleInterval,
  sessions: readonly Span[],
  gaps: readonly Span[],
  elapsedTo: number,
): number | null {
  const missing = union(gaps);
  if (interval === '1d') {
    const days = new Map<string, Span>();
    for (const { from, to } of sessions) {
      const day = istDate(from);
      days.set(day, { from: Math.min(from, days.get(day)?.from ?? from), to });
    }
    const ended = [...days.values()].filter(({ to }) => to <= elapsedTo);
    if (ended.length === 0) return null;
    return ended.filter(({ from, to }) => !overlaps(missing, from, to)).length / ended.length;
  }
  const elapsed = intersect(sessions, [{ from: Number.NEGATIVE_INFINITY, to: elapsedTo }]);
  const total = duration(elapsed);
  return total === 0 ? null : duration(subtract(elapsed, missing)) / total;
}
