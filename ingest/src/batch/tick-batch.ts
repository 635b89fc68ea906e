import { DEPTH_BYTES, DEPTH_OFFSET, FULL_PACKET_BYTES, TickColumns } from '../decode/columns.js';
import { PACKET_WORDS } from './instrument-slots.js';
import { TruthChanges } from './truth.js';

/** Bits of `TickBatch.flags`. */
export const STORED = 1;
export const TRADE = 2;
export const IN_SESSION = 4;
/** The book differs from the instrument's previous one. */
export const BOOK_CHANGED = 8;
/** Written into a bucket that nothing can have been computed from: no stale mark is due. */
export const FIRST_EVER = 16;

/** Values of `TickBatch.timeSource`: the ASCII codes that are stored. */
export const FROM_TRADE = 0x74; // t
export const FROM_EXCHANGE = 0x65; // e
export const FROM_RECEIPT = 0x72; // r

/**
 * Packets and what they were classified as, row by row, with everything that becomes true when they are committed.
 * Reused; rows without the flag STORED are not written.
 */
export class TickBatch {
  readonly packets: TickColumns;
  /** The packets' bytes as words, `PACKET_WORDS` a row, in the machine's byte order: for comparing and copying only. */
  readonly words: Int32Array;
  readonly flags: Uint8Array;
  readonly slot: Int32Array;
  readonly seq: Float64Array;
  /** Epoch milliseconds. */
  readonly time: Float64Array;
  readonly timeSource: Uint8Array;
  /** NaN is null. */
  readonly volumeDelta: Float64Array;
  readonly volumeUnplaced: Float64Array;
  readonly high: Int32Array;
  readonly low: Int32Array;
  /** Number of the IST date that the day fields belong to, -1 when they belong to none. */
  readonly tradingDay: Int32Array;
  /** How many rows are to be stored. */
  stored = 0;
  /** What its packets cost so far. */
  decodeMs = 0;
  classifyMs = 0;
  truth = new TruthChanges();

  constructor(readonly capacity: number) {
    this.packets = new TickColumns(capacity);
    const { buffer, byteOffset } = this.packets.packets;
    this.words = new Int32Array(buffer, byteOffset, capacity * PACKET_WORDS);
    this.flags = new Uint8Array(capacity);
    this.slot = new Int32Array(capacity);
    this.seq = new Float64Array(capacity);
    this.time = new Float64Array(capacity);
    this.timeSource = new Uint8Array(capacity);
    this.volumeDelta = new Float64Array(capacity);
    this.volumeUnplaced = new Float64Array(capacity);
    this.high = new Int32Array(capacity);
    this.low = new Int32Array(capacity);
    this.tradingDay = new Int32Array(capacity);
  }

  get length(): number {
    return this.packets.length;
  }

  get isEmpty(): boolean {
    return this.stored === 0 && this.truth.isEmpty;
  }

  clear(): void {
    this.packets.length = 0;
    this.stored = 0;
    this.decodeMs = 0;
    this.classifyMs = 0;
    this.truth = new TruthChanges();
  }

  /** Where row `row`'s book begins in `packets.packets`; it is DEPTH_BYTES long. */
  static bookAt(row: number): number {
    return row * FULL_PACKET_BYTES + DEPTH_OFFSET;
  }

  /** Makes row `to` here what row `row` of `from` is; its book stays when the packet has none. */
  copyRow(to: number, from: TickBatch, row: number): void {
    const a = this.packets;
    const b = from.packets;
    a.token[to] = b.token[row]!;
    a.receivedAt[to] = b.receivedAt[row]!;
    a.packetLength[to] = b.packetLength[row]!;
    a.ltp[to] = b.ltp[row]!;
    a.lastQuantity[to] = b.lastQuantity[row]!;
    a.averagePrice[to] = b.averagePrice[row]!;
    a.volume[to] = b.volume[row]!;
    a.totalBuyQuantity[to] = b.totalBuyQuantity[row]!;
    a.totalSellQuantity[to] = b.totalSellQuantity[row]!;
    a.dayOpen[to] = b.dayOpen[row]!;
    a.dayHigh[to] = b.dayHigh[row]!;
    a.dayLow[to] = b.dayLow[row]!;
    a.previousClose[to] = b.previousClose[row]!;
    a.lastTradeTime[to] = b.lastTradeTime[row]!;
    a.openInterest[to] = b.openInterest[row]!;
    a.exchangeTime[to] = b.exchangeTime[row]!;
    if (b.packetLength[row] === FULL_PACKET_BYTES) this.#copyBook(to, from, row);
    this.flags[to] = from.flags[row]!;
    this.slot[to] = from.slot[row]!;
    this.seq[to] = from.seq[row]!;
    this.time[to] = from.time[row]!;
    this.timeSource[to] = from.timeSource[row]!;
    this.volumeDelta[to] = from.volumeDelta[row]!;
    this.volumeUnplaced[to] = from.volumeUnplaced[row]!;
    this.high[to] = from.high[row]!;
    this.low[to] = from.low[row]!;
    this.tradingDay[to] = from.tradingDay[row]!;
  }

  #copyBook(to: number, from: TickBatch, row: number): void {
    const words = DEPTH_BYTES / 4;
    const source = row * PACKET_WORDS + DEPTH_OFFSET / 4;
    const target = to * PACKET_WORDS + DEPTH_OFFSET / 4;
    for (let i = 0; i < words; i++) this.words[target + i] = from.words[source + i]!;
  }
}
