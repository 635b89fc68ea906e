import type { Histogram } from 'prom-client';
import { STORED, type TickBatch } from '../batch/tick-batch.js';

/** How many ticks were received when: ticks of one frame share their receipt (epoch milliseconds). */
export type Receipts = ReadonlyMap<number, number>;

export function receiptsOf(batches: readonly TickBatch[]): Receipts {
  const counts = new Map<number, number>();
  for (const batch of batches) {
    const { receivedAt } = batch.packets;
    let at = Number.NaN;
    let ticks = 0;
    for (let row = 0; row < batch.length; row++) {
      if ((batch.flags[row]! & STORED) === 0) continue;
      if (receivedAt[row] !== at) {
        if (ticks > 0) counts.set(at, (counts.get(at) ?? 0) + ticks);
        at = receivedAt[row]!;
        ticks = 0;
      }
      ticks++;
    }
    if (ticks > 0) counts.set(at, (counts.get(at) ?? 0) + ticks);
  }
  return counts;
}

/** Observes receipt-to-commit of every tick. */
export function observeLatency(histogram: Histogram, receipts: Receipts, committedAt: number): void {
  for (const [receivedAt, ticks] of receipts)
    observeMany(histogram, Math.max(0, committedAt - receivedAt) / 1000, ticks);
}

interface Cell {
  readonly bucketValues: Record<string, number>;
  sum: number;
  count: number;
}

/**
 * `times` observations of one value. prom-client has no such call; its cells are plain objects, and where they are not
 * what we know (another version), it is called so many times.
 */
export function observeMany(histogram: Histogram, value: number, times: number): void {
  if (times <= 0) return;
  histogram.observe(value);
  const cell = cellOf(histogram);
  const bounds = cell && Object.keys(cell.bucketValues).map(Number);
  const bucket = bounds?.filter((bound) => value <= bound).sort((a, b) => a - b)[0];
  if (!cell) {
    for (let i = 1; i < times; i++) histogram.observe(value);
    return;
  }
  cell.sum += value * (times - 1);
  cell.count += times - 1;
  if (bucket !== undefined) cell.bucketValues[String(bucket)]! += times - 1;
}

/** The cell of the observations without labels. */
function cellOf(histogram: Histogram): Cell | undefined {
  const cells: unknown = Reflect.get(histogram, 'hashMap');
  if (typeof cells !== 'object' || cells === null) return undefined;
  const cell: unknown = Object.values(cells)[0];
  if (typeof cell !== 'object' || cell === null || Object.keys(cells).length !== 1) return undefined;
  const { bucketValues, sum, count } = cell as Partial<Cell>;
  const known = typeof bucketValues === 'object' && typeof sum === 'number' && typeof count === 'number';
  return known ? (cell as Cell) : undefined;
}
