import type { InstrumentSlots } from '../batch/instrument-slots.js';
import { FIRST_EVER, IN_SESSION, STORED, type TickBatch } from '../batch/tick-batch.js';
import type { TokenSpan } from '../batch/truth.js';
import { unite } from './write-truth.js';

const MINUTE_MS = 60_000;
/**
 * Aggregates are computed up to two minutes ago at most: a minute that ended this long before the flush may be below a
 * watermark, one that ended later cannot.
 */
const STALE_AFTER_MS = 60_000;

/** Minutes of `batches` that an aggregate may have been computed from already (rule 16). @param now epoch milliseconds */
export function staleMinutes(
  batches: readonly TickBatch[],
  slots: InstrumentSlots,
  now: number,
): TokenSpan[] {
  const before = Math.floor((now - STALE_AFTER_MS) / MINUTE_MS) * MINUTE_MS;
  const found: TokenSpan[] = [];
  for (const batch of batches) {
    for (let row = 0; row < batch.length; row++) {
      const time = batch.time[row]!;
      const flags = batch.flags[row]!;
      if (
        time >= before ||
        (flags & STORED) === 0 ||
        (flags & IN_SESSION) === 0 ||
        (flags & FIRST_EVER) !== 0
      ) {
        continue;
      }
      const from = time - (time % MINUTE_MS);
      found.push({ token: slots.token[batch.slot[row]!]!, from, to: from + MINUTE_MS });
    }
  }
  return found.length > 1 ? unite(found) : found;
}

/** A flush that waited this long for the database may hold minutes that were computed without it. */
const LATE_AFTER_MS = 30_000;

/**
 * The minutes of flushes that reach the database late: an aggregate may have been computed past them meanwhile. What was
 * older than that already when it was composed is in the flush's own `stale`. @param now epoch milliseconds
 */
export function lateMinutes(
  flushes: ReadonlyArray<{ composedAt: number; firstTime: number | null; lastTime: number | null }>,
  now: number,
): { from: number; to: number } | undefined {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const { composedAt, firstTime, lastTime } of flushes) {
    if (firstTime === null || lastTime === null || now - composedAt < LATE_AFTER_MS) continue;
    from = Math.min(from, Math.max(firstTime, composedAt - STALE_AFTER_MS - MINUTE_MS));
    to = Math.max(to, lastTime);
  }
  if (!(from <= to)) return undefined;
  return { from: from - (from % MINUTE_MS), to: to - (to % MINUTE_MS) + MINUTE_MS };
}
