import { TickBatch } from './tick-batch.js';

/** A flush holds a batch until it is committed: at 50,000 ticks a second and 200 ms a commit ten of them. */
const KEPT_SPARE = 12;

/**
 * Batches on their way from the socket to the database: one is being filled, full ones wait, written ones come back.
 * Bounded by the number of batches. Those that only a backlog needed are given up after it; a few are kept, so that
 * nothing is allocated while the database keeps up.
 */
export class BatchQueue {
  #current: TickBatch;
  readonly #waiting: TickBatch[] = [];
  readonly #spare: TickBatch[] = [];
  #made = 1;
  readonly #most: number;

  /** @param maxTicks rows that may wait, rounded up to whole batches and at least two of them */
  constructor(
    readonly batchTicks: number,
    maxTicks: number,
  ) {
    // One to fill, one under way to the database, the rest waits.
    this.#most = Math.max(1, Math.ceil(maxTicks / batchTicks)) + 1;
    this.#current = new TickBatch(batchTicks);
  }

  /** The batch being filled. */
  get current(): TickBatch {
    return this.#current;
  }

  /** Rows that may still come in. */
  get room(): number {
    const spare = this.#spare.length + this.#most - this.#made;
    return this.batchTicks - this.#current.length + spare * this.batchTicks;
  }

  /** Rows to be stored that wait. */
  get ticks(): number {
    return this.#waiting.reduce((ticks, batch) => ticks + batch.stored, this.#current.stored);
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0 && this.#current.isEmpty;
  }

  /** Puts the current batch to those that wait and begins another; false when there is none left. */
  seal(): boolean {
    const next = this.#spare.pop() ?? this.#make();
    if (!next) return false;
    this.#waiting.push(this.#current);
    this.#current = next;
    return true;
  }

  /** What is to be written next, oldest first, at most about `maxTicks` rows. The taker gives them back. */
  take(maxTicks: number): TickBatch[] {
    const taken: TickBatch[] = [];
    let rows = 0;
    while (this.#waiting.length > 0 && rows + this.#waiting[0]!.length <= maxTicks) {
      const batch = this.#waiting.shift()!;
      rows += batch.length;
      taken.push(batch);
    }
    if (this.#waiting.length > 0 && taken.length === 0) taken.push(this.#waiting.shift()!);
    return taken;
  }

  giveBack(batches: readonly TickBatch[]): void {
    for (const batch of batches) {
      if (this.#spare.length === KEPT_SPARE) {
        this.#made--;
        continue;
      }
      batch.clear();
      this.#spare.push(batch);
    }
  }

  #make(): TickBatch | undefined {
    if (this.#made >= this.#most) return undefined;
    this.#made++;
    return new TickBatch(this.batchTicks);
  }
}
