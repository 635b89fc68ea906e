import type { InstrumentSlots } from '../batch/instrument-slots.js';
import type { TickBatch } from '../batch/tick-batch.js';
import { type TokenSpan, TruthChanges } from '../batch/truth.js';
import { CopyBuffer } from './copy-buffer.js';
import { encodeBooks, encodeTicks } from './encode-ticks.js';
import type { LatestState } from './latest-state.js';
import { staleMinutes } from './stale.js';

/** One transaction: ticks and books, what they make true, and the state tables when it is their turn. */
export interface Flush {
  readonly id: number;
  readonly batches: readonly TickBatch[];
  readonly ticks: CopyBuffer;
  readonly books: CopyBuffer;
  readonly truth: TruthChanges;
  readonly stale: readonly TokenSpan[];
  /** The state tables' new rows; undefined when they are not due. */
  readonly state: LatestState | undefined;
  /** Every tick up to this `seq` is in the state tables after the commit. */
  readonly stateSeq: number;
  /** The others have a `time` at or after this. */
  readonly foldFrom: number;
  readonly encodeMs: number;
  readonly bookMs: number;
}

/** With so few instruments touched the state tables are written at every flush. */
const FEW = 64;
const STATE_EVERY_MS = 1_000;
/** Nor do they take more than this part of the writer's time. */
const STATE_SHARE = 0.1;

/** A flush in the making. */
class Draft {
  readonly batches: TickBatch[] = [];
  readonly ticks = new CopyBuffer();
  readonly books = new CopyBuffer();
  truth = new TruthChanges();
  encodeMs = 0;
  bookMs = 0;

  clear(): void {
    this.batches.length = 0;
    this.ticks.reset();
    this.books.reset();
    this.truth = new TruthChanges();
    this.encodeMs = 0;
    this.bookMs = 0;
  }
}

/**
 * Turns batches into flushes. While one flush is on its way to the database, the next is already drafted: under load the
 * database does not wait for the encoder. A flush stands until the one after the next is begun.
 */
export class FlushComposer {
  #draft = new Draft();
  #other = new Draft();
  #stateAt = Number.NEGATIVE_INFINITY;
  #stateEveryMs = STATE_EVERY_MS;
  #nextId: number;
  #stateSeq: number;

  /** @param broker name of the broker in tick_data */
  constructor(
    private readonly slots: InstrumentSlots,
    private readonly latest: LatestState,
    private readonly broker: Buffer,
    lastId: number,
    stateSeq: number,
  ) {
    this.#nextId = lastId + 1;
    this.#stateSeq = stateSeq;
  }

  /** True when instruments wait to be written to the state tables and their turn has come. */
  isStateDue(now: number): boolean {
    return this.latest.touched > 0 && (now - this.#stateAt >= this.#stateEveryMs || now < this.#stateAt);
  }

  /** How long writing the state tables took: under load they come more seldom. */
  stateTook(ms: number): void {
    this.#stateEveryMs = Math.max(STATE_EVERY_MS, ms / STATE_SHARE);
  }

  /** Rows that are drafted and not composed. */
  get drafted(): number {
    return this.#draft.ticks.rows;
  }

  /** Takes a batch into the next flush. */
  add(batch: TickBatch): void {
    const draft = this.#draft;
    const began = performance.now();
    encodeBooks(draft.books, batch, this.slots);
    const booked = performance.now();
    encodeTicks(draft.ticks, batch, this.slots, this.broker);
    this.latest.add(batch);
    draft.truth.append(batch.truth);
    draft.batches.push(batch);
    draft.bookMs += booked - began;
    draft.encodeMs += performance.now() - booked;
  }

  /** What was added since the last flush. @param now epoch milliseconds @param last writes the state tables in any case */
  compose(now: number, last: boolean): Flush {
    const draft = this.#draft;
    this.#draft = this.#other;
    this.#draft.clear();
    this.#other = draft;
    const began = performance.now();
    const { touched } = this.latest;
    const writesState = touched > 0 && (last || touched <= FEW || this.isStateDue(now));
    if (writesState) {
      this.latest.encode(this.broker);
      this.#stateAt = now;
      this.#stateSeq = Math.max(this.#stateSeq, this.latest.lastSeq);
    }
    return {
      id: this.#nextId++,
      batches: draft.batches,
      ticks: draft.ticks,
      books: draft.books,
      truth: draft.truth,
      stale: staleMinutes(draft.batches, this.slots, now),
      state: writesState ? this.latest : undefined,
      stateSeq: this.#stateSeq,
      foldFrom: this.latest.foldFrom,
      encodeMs: draft.encodeMs + performance.now() - began,
      bookMs: draft.bookMs,
    };
  }
}
