import type { InstrumentSlots } from '../batch/instrument-slots.js';
import { STORED, type TickBatch } from '../batch/tick-batch.js';
import { TruthChanges } from '../batch/truth.js';
import { CopyBuffer } from './copy-buffer.js';
import { encodeBooks, encodeTicks } from './encode-ticks.js';
import { encodeFlush, type Flush, rowsOf } from './flush-record.js';
import type { LatestState } from './latest-state.js';
import { staleMinutes } from './stale.js';

/** A flush as it was just made. */
export interface Composed {
  readonly flush: Flush;
  /** The same as the spool keeps it; `flush` is a view of it. */
  readonly record: Buffer;
  /** What it was made of. The taker gives them back to the queue. */
  readonly batches: readonly TickBatch[];
  readonly encodeMs: number;
  readonly bookMs: number;
}

/** The state tables' rows of this instant. */
export interface StateRows {
  readonly latest: LatestState;
  /** Every tick up to this `seq` is in them. */
  readonly seq: number;
}

/** With so few instruments touched the state tables are written with every commit. */
const FEW = 64;
const STATE_EVERY_MS = 1_000;
/** Nor do they take more than this part of the writer's time. */
const STATE_SHARE = 0.1;

/** Turns batches into flushes, and keeps what the state tables must say after them. */
export class FlushComposer {
  readonly #ticks = new CopyBuffer();
  readonly #books = new CopyBuffer();
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

  /** @param now epoch milliseconds */
  compose(batches: readonly TickBatch[], now: number): Composed {
    const began = performance.now();
    this.#ticks.reset();
    this.#books.reset();
    const truth = new TruthChanges();
    let bookMs = 0;
    for (const batch of batches) {
      const at = performance.now();
      encodeBooks(this.#books, batch, this.slots);
      bookMs += performance.now() - at;
      encodeTicks(this.#ticks, batch, this.slots, this.broker);
      this.latest.add(batch);
      truth.append(batch.truth);
    }
    const [firstTime, lastTime] = timesOf(batches);
    const composed = {
      id: this.#nextId++,
      composedAt: now,
      tickRows: this.#ticks.rows,
      bookRows: this.#books.rows,
      ticks: this.#ticks.rowBytes,
      books: this.#books.rowBytes,
      truth,
      stale: staleMinutes(batches, this.slots, now),
      firstTime,
      lastTime,
    };
    const record = encodeFlush(composed);
    const flush = { ...composed, ...rowsOf(record) };
    return { flush, record, batches, encodeMs: performance.now() - began - bookMs, bookMs };
  }

  /** True when instruments wait to be written to the state tables and their turn has come. */
  isStateDue(now: number): boolean {
    return this.latest.touched > 0 && (now - this.#stateAt >= this.#stateEveryMs || now < this.#stateAt);
  }

  /**
   * The state tables' rows when they are to be written now, undefined when not. They hold everything composed: only for
   * a commit after which nothing composed is left. @param last in any case
   */
  state(now: number, last: boolean): StateRows | undefined {
    const { touched } = this.latest;
    if (touched === 0 || (!last && touched > FEW && !this.isStateDue(now))) return undefined;
    this.latest.encode(this.broker);
    this.#stateAt = now;
    this.#stateSeq = Math.max(this.#stateSeq, this.latest.lastSeq);
    return { latest: this.latest, seq: this.#stateSeq };
  }

  /** How long writing the state tables took: under load they come more seldom. */
  stateTook(ms: number): void {
    this.#stateEveryMs = Math.max(STATE_EVERY_MS, ms / STATE_SHARE);
  }

  /** Every tick up to this `seq` is in the state tables, or will be with the state that was given out last. */
  get stateSeq(): number {
    return this.#stateSeq;
  }

  /** The others have a `time` at or after this; Infinity when there is none. */
  get foldFrom(): number {
    return this.latest.foldFrom;
  }
}

function timesOf(batches: readonly TickBatch[]): [number | null, number | null] {
  let first = Number.POSITIVE_INFINITY;
  let last = Number.NEGATIVE_INFINITY;
  for (const batch of batches) {
    for (let row = 0; row < batch.length; row++) {
      if ((batch.flags[row]! & STORED) === 0) continue;
      const time = batch.time[row]!;
      if (time < first) first = time;
      if (time > last) last = time;
    }
  }
  return last < first ? [null, null] : [first, last];
}
