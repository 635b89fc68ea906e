import type { InstrumentSlots } from '../batch/instrument-slots.js';
import { BOOK_CHANGED, STORED, TickBatch } from '../batch/tick-batch.js';
import { FULL_PACKET_BYTES } from '../decode/columns.js';
import { CopyBuffer } from './copy-buffer.js';
import { DayStates } from './day-states.js';
import { encodeBook, encodeTick, viewOf } from './encode-ticks.js';

const FIRST_CAPACITY = 1024;

/**
 * What quotes_latest, depth_latest and day_state must say after the ticks that were handed over: the last row of each
 * instrument by slot. Not what was received last: a crash must find these tables no further than the ticks.
 */
export class LatestState {
  readonly days = new DayStates();
  readonly quotes = new CopyBuffer();
  readonly books = new CopyBuffer();
  readonly dayRows = new CopyBuffer();
  #latest = new TickBatch(FIRST_CAPACITY);
  #dirty = new Uint8Array(FIRST_CAPACITY);
  #dirtyBook = new Uint8Array(FIRST_CAPACITY);
  /** Of the tick that brought the book: later ones may have left it as it was. */
  #bookTime = new Float64Array(FIRST_CAPACITY);
  #bookSeq = new Float64Array(FIRST_CAPACITY);
  #touched: number[] = [];
  #lastRow = new Int32Array(FIRST_CAPACITY).fill(-1);
  /** Least `time` of the ticks that are not in the tables yet, Infinity when all are. */
  foldFrom = Number.POSITIVE_INFINITY;
  lastSeq = 0;

  constructor(private readonly slots: InstrumentSlots) {}

  /** Instruments whose rows are not written yet. */
  get touched(): number {
    return this.#touched.length;
  }

  add(batch: TickBatch): void {
    if (this.#dirty.length < this.slots.length) this.#grow();
    for (let row = 0; row < batch.length; row++) {
      const flags = batch.flags[row]!;
      if ((flags & STORED) === 0) continue;
      const slot = batch.slot[row]!;
      this.days.add(this.slots, batch, row, this.#dirty[slot] === 1);
      if (this.#dirty[slot] === 0) {
        this.#dirty[slot] = 1;
        this.#touched.push(slot);
      }
      if ((flags & BOOK_CHANGED) !== 0) {
        this.#dirtyBook[slot] = 1;
        this.#bookTime[slot] = batch.time[row]!;
        this.#bookSeq[slot] = batch.seq[row]!;
      }
      const previous = this.#lastRow[slot]!;
      // A packet without a book comes after one with: that one's book is the latest.
      if (previous >= 0 && batch.packets.packetLength[row] !== FULL_PACKET_BYTES) {
        this.#latest.copyRow(slot, batch, previous);
      }
      this.#lastRow[slot] = row;
      if (batch.time[row]! < this.foldFrom) this.foldFrom = batch.time[row]!;
      this.lastSeq = batch.seq[row]!;
    }
    // Only an instrument's last row of the batch is copied.
    for (const slot of this.#touched) {
      const row = this.#lastRow[slot]!;
      if (row < 0) continue;
      this.#latest.copyRow(slot, batch, row);
      this.#lastRow[slot] = -1;
    }
  }

  /** Fills `quotes`, `books` and `dayRows` with everything touched since the last call. */
  encode(broker: Buffer): void {
    this.quotes.reset();
    this.books.reset();
    this.dayRows.reset();
    const view = viewOf(this.#latest);
    this.days.encodeEnded(this.dayRows);
    for (const slot of this.#touched) {
      encodeTick(this.quotes, this.#latest, slot, this.slots, broker, view);
      if (this.#dirtyBook[slot] === 1) {
        const [time, seq] = [this.#bookTime[slot], this.#bookSeq[slot]];
        encodeBook(this.books, this.#latest, slot, this.slots, view, time, seq);
      }
      this.days.encode(this.dayRows, this.slots, slot);
      this.#dirty[slot] = 0;
      this.#dirtyBook[slot] = 0;
    }
    this.#touched = [];
    this.foldFrom = Number.POSITIVE_INFINITY;
  }

  #grow(): void {
    const capacity = this.slots.capacity;
    const latest = new TickBatch(capacity);
    for (let slot = 0; slot < this.#dirty.length; slot++) latest.copyRow(slot, this.#latest, slot);
    this.#latest = latest;
    const dirty = new Uint8Array(capacity);
    dirty.set(this.#dirty);
    this.#dirty = dirty;
    const dirtyBook = new Uint8Array(capacity);
    dirtyBook.set(this.#dirtyBook);
    this.#dirtyBook = dirtyBook;
    const bookTime = new Float64Array(capacity);
    bookTime.set(this.#bookTime);
    this.#bookTime = bookTime;
    const bookSeq = new Float64Array(capacity);
    bookSeq.set(this.#bookSeq);
    this.#bookSeq = bookSeq;
    const lastRow = new Int32Array(capacity).fill(-1);
    lastRow.set(this.#lastRow);
    this.#lastRow = lastRow;
  }
}
