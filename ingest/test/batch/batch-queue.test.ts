import { expect, it } from 'vitest';
import { BatchQueue } from '../../src/batch/batch-queue.js';
import type { TickBatch } from '../../src/batch/tick-batch.js';

const ROWS = 8;

/** Seals until there is no batch left to fill. @returns all that there are, in the order in which they are filled */
function fill(queue: BatchQueue): TickBatch[] {
  const filled = [queue.current];
  while (queue.seal()) filled.push(queue.current);
  return filled;
}

it('has room for what was promised, again and again', () => {
  const queue = new BatchQueue(ROWS, 40 * ROWS);
  for (let backlog = 0; backlog < 3; backlog++) {
    expect(queue.room).toBe(41 * ROWS);
    expect(fill(queue)).toHaveLength(41);
    expect(queue.room).toBe(ROWS);
    queue.giveBack(queue.take(Number.POSITIVE_INFINITY));
  }
});

it('gives up what only a backlog needed, and makes nothing while the database keeps up', () => {
  const queue = new BatchQueue(ROWS, 40 * ROWS);
  const before = new Set(fill(queue));
  queue.giveBack(queue.take(Number.POSITIVE_INFINITY));
  expect(fill(queue).filter((batch) => before.has(batch))).toHaveLength(13);
  queue.giveBack(queue.take(Number.POSITIVE_INFINITY));

  const used = new Set<TickBatch>();
  for (let flush = 0; flush < 100; flush++) {
    queue.seal();
    used.add(queue.current);
    queue.giveBack(queue.take(Number.POSITIVE_INFINITY));
  }
  expect(used.size).toBeLessThanOrEqual(13);
});
