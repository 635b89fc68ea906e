import { type InstrumentSlots, NONE } from '../batch/instrument-slots.js';
import { IN_SESSION, type TickBatch, TRADE } from '../batch/tick-batch.js';
import { FULL_PACKET_BYTES } from '../decode/columns.js';
import type { CopyBuffer } from './copy-buffer.js';

/** The order in which `DayStates.encode` writes the columns. */
export const DAY_COLUMNS =
  'instrument_token, trading_date, open, high, low, last, previous_close, average_price, volume, open_interest, ' +
  'trades, last_trade_time, updated_at';
const DAY_FIELDS = 13;
const DAY_BYTES = 2 + DAY_FIELDS * 12;
// Of a row's numbers: prices come first, then counts, then instants.
const FIELDS = 11;
const LAST = 3;
const LAST_PRICE_FIELD = 5;
const LAST_COUNT_FIELD = 8;
const QUOTE = 44;
const FULL = FULL_PACKET_BYTES;

interface DayRow {
  readonly token: number;
  readonly day: number;
  readonly values: readonly number[];
}

/**
 * The day of each instrument as far as it is committed, by slot: one row of day_state each. A day that is over before
 * it was written is kept aside.
 */
export class DayStates {
  #day = new Int32Array(0);
  #trades = new Float64Array(0);
  /** The other numbers of a row, NaN where null, `FIELDS` apart. */
  #values = new Float64Array(0);
  #ended: DayRow[] = [];

  /** Takes over what the database has. */
  load(slot: number, day: number, trades: number): void {
    this.#reserve(slot);
    this.#day[slot] = day;
    this.#trades[slot] = trades;
  }

  /** @param dirty the instrument's present day is not written yet */
  add(slots: InstrumentSlots, batch: TickBatch, row: number, dirty: boolean): void {
    const day = batch.tradingDay[row]!;
    const slot = batch.slot[row]!;
    this.#reserve(slot);
    if (day === NONE || day < this.#day[slot]!) return;
    if (day !== this.#day[slot]) {
      if (dirty && this.#isHeard(slot)) this.#ended.push(this.#rowOf(slots, slot));
      this.#day[slot] = day;
      this.#trades[slot] = 0;
      this.#values.fill(Number.NaN, slot * FIELDS, slot * FIELDS + FIELDS);
    }
    const flags = batch.flags[row]!;
    if ((flags & TRADE) !== 0 && (flags & IN_SESSION) !== 0) this.#trades[slot]!++;
    const { packets } = batch;
    const divisor = slots.divisor[slot]!;
    const length = packets.packetLength[row]!;
    const values = this.#values;
    let at = slot * FIELDS;
    values[at++] = rupees(packets.dayOpen[row]!, divisor);
    values[at++] = rupees(packets.dayHigh[row]!, divisor);
    values[at++] = rupees(packets.dayLow[row]!, divisor);
    values[at++] = packets.ltp[row]! / divisor;
    values[at++] = rupees(packets.previousClose[row]!, divisor);
    values[at++] = rupees(packets.averagePrice[row]!, divisor);
    values[at++] = length === FULL || length === QUOTE ? packets.volume[row]! : Number.NaN;
    values[at++] = length === FULL && slots.hasOpenInterest[slot] ? packets.openInterest[row]! : Number.NaN;
    values[at++] = this.#trades[slot]!;
    values[at++] = packets.lastTradeTime[row]! > 0 ? packets.lastTradeTime[row]! * 1000 : Number.NaN;
    values[at] = packets.receivedAt[row]!;
  }

  /** Days that ended before they were written: written with the next state, then forgotten. */
  encodeEnded(out: CopyBuffer): void {
    for (const row of this.#ended) encodeRow(out, row);
    this.#ended = [];
  }

  /** Writes the instrument's day, if it has one. */
  encode(out: CopyBuffer, slots: InstrumentSlots, slot: number): void {
    this.#reserve(slot);
    if (!this.#isHeard(slot)) return;
    encodeRow(out, this.#rowOf(slots, slot));
  }

  /** Whether this process has heard anything of the day; one that was loaded and is over is in the database as it is. */
  #isHeard(slot: number): boolean {
    return this.#day[slot] !== NONE && !Number.isNaN(this.#values[slot * FIELDS + LAST]!);
  }

  #rowOf(slots: InstrumentSlots, slot: number): DayRow {
    const values = [...this.#values.subarray(slot * FIELDS, slot * FIELDS + FIELDS)];
    return { token: slots.token[slot]!, day: this.#day[slot]!, values };
  }

  #reserve(slot: number): void {
    if (slot < this.#day.length) return;
    const capacity = Math.max(1024, this.#day.length * 2, slot + 1);
    const day = new Int32Array(capacity).fill(NONE);
    const trades = new Float64Array(capacity);
    const values = new Float64Array(capacity * FIELDS).fill(Number.NaN);
    day.set(this.#day);
    trades.set(this.#trades);
    values.set(this.#values);
    this.#day = day;
    this.#trades = trades;
    this.#values = values;
  }
}

function encodeRow(out: CopyBuffer, { token, day, values }: DayRow): void {
  out.row(DAY_FIELDS, DAY_BYTES);
  out.int8(token);
  out.date(day);
  for (let i = 0; i < FIELDS; i++) {
    const value = values[i]!;
    if (Number.isNaN(value)) out.null();
    else if (i <= LAST_PRICE_FIELD) out.float8(value);
    else if (i <= LAST_COUNT_FIELD) out.int8(value);
    else out.timestamp(value);
  }
}

function rupees(paise: number, divisor: number): number {
  return paise > 0 ? paise / divisor : Number.NaN;
}
