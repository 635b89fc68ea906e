import type { InstrumentSlots } from '../batch/instrument-slots.js';
import { BOOK_CHANGED, IN_SESSION, STORED, TickBatch, TRADE } from '../batch/tick-batch.js';
import { DEPTH_BYTES, DEPTH_OFFSET, FULL_PACKET_BYTES } from '../decode/columns.js';
import type { CopyBuffer } from './copy-buffer.js';

/** The order in which `encodeTick` writes the columns. */
export const TICK_COLUMNS =
  'time, seq, instrument_token, last_trade_time, exchange_time, ltp, high, low, last_qty, volume, volume_delta, ' +
  'volume_unplaced, open_interest, average_price, day_open, day_high, day_low, previous_close, bid_price, ask_price, ' +
  'bid_qty, ask_qty, total_bid_qty, total_ask_qty, is_trade, in_session, time_source, broker, received_at';
/** The order in which `encodeBook` writes the columns. */
export const BOOK_COLUMNS = 'time, seq, instrument_token, book';

const TICK_FIELDS = 29;
/** 25 fields of at most 12 bytes, three of 5, the broker's name. */
const TICK_BYTES = 2 + 25 * 12 + 3 * 5 + 4 + 64;
const BOOK_FIELDS = 4;
const BOOK_BYTES = 2 + 3 * 12 + 4 + DEPTH_BYTES;
const FULL = FULL_PACKET_BYTES;
const QUOTE = 44;
const LTP = 8;
const ASK_OFFSET = DEPTH_OFFSET + DEPTH_BYTES / 2;

/** Writes the stored rows of `batch`. @param broker at most 64 bytes */
export function encodeTicks(out: CopyBuffer, batch: TickBatch, slots: InstrumentSlots, broker: Buffer): void {
  const { flags, length } = batch;
  const view = viewOf(batch);
  for (let row = 0; row < length; row++) {
    if ((flags[row]! & STORED) !== 0) encodeTick(out, batch, row, slots, broker, view);
  }
}

/** Writes the books of the rows whose book is another one than before. */
export function encodeBooks(out: CopyBuffer, batch: TickBatch, slots: InstrumentSlots): void {
  const { flags, length } = batch;
  const view = viewOf(batch);
  for (let row = 0; row < length; row++) {
    if ((flags[row]! & BOOK_CHANGED) !== 0) encodeBook(out, batch, row, slots, view);
  }
}

/** The packets of a batch, to read what the columns do not have. */
export function viewOf(batch: TickBatch): DataView {
  return new DataView(batch.words.buffer, batch.words.byteOffset);
}

/** One tick as tick_data and quotes_latest have it. @param view of the batch's packets */
export function encodeTick(
  out: CopyBuffer,
  batch: TickBatch,
  row: number,
  slots: InstrumentSlots,
  broker: Buffer,
  view: DataView,
): void {
  const { packets } = batch;
  const slot = batch.slot[row]!;
  const divisor = slots.divisor[slot]!;
  const length = packets.packetLength[row]!;
  const flags = batch.flags[row]!;
  const index = slots.isIndex[slot] === 1;
  const traded = length === FULL || length === QUOTE;
  out.row(TICK_FIELDS, TICK_BYTES);
  out.timestamp(batch.time[row]!);
  out.int8(batch.seq[row]!);
  out.int8(slots.token[slot]!);
  second(out, packets.lastTradeTime[row]!);
  second(out, packets.exchangeTime[row]!);
  out.float8(packets.ltp[row]! / divisor);
  out.float8(batch.high[row]! / divisor);
  out.float8(batch.low[row]! / divisor);
  if (traded && !index) {
    out.int8(packets.lastQuantity[row]!);
    out.int8(packets.volume[row]!);
    out.int8(batch.volumeDelta[row]!);
    out.int8(batch.volumeUnplaced[row]!);
  } else {
    out.null();
    out.null();
    out.int8(batch.volumeDelta[row]!);
    out.null();
  }
  if (length === FULL && slots.hasOpenInterest[slot] === 1) out.int8(packets.openInterest[row]!);
  else out.null();
  price(out, packets.averagePrice[row]!, divisor);
  price(out, packets.dayOpen[row]!, divisor);
  price(out, packets.dayHigh[row]!, divisor);
  price(out, packets.dayLow[row]!, divisor);
  price(out, packets.previousClose[row]!, divisor);
  if (length === FULL) {
    const at = row * FULL_PACKET_BYTES;
    const bids = view.getUint32(at + DEPTH_OFFSET);
    const asks = view.getUint32(at + ASK_OFFSET);
    price(out, bids > 0 ? view.getInt32(at + DEPTH_OFFSET + 4) : 0, divisor);
    price(out, asks > 0 ? view.getInt32(at + ASK_OFFSET + 4) : 0, divisor);
    out.int8(bids > 0 ? bids : Number.NaN);
    out.int8(asks > 0 ? asks : Number.NaN);
  } else {
    out.null();
    out.null();
    out.null();
    out.null();
  }
  if (traded && length > LTP) {
    out.int8(packets.totalBuyQuantity[row]!);
    out.int8(packets.totalSellQuantity[row]!);
  } else {
    out.null();
    out.null();
  }
  out.boolean((flags & TRADE) !== 0);
  out.boolean((flags & IN_SESSION) !== 0);
  out.byte(batch.timeSource[row]!);
  out.text(broker);
  out.timestamp(packets.receivedAt[row]!);
}

/** One book as depth_books and depth_latest have it. @param time of the tick that brought it, as is `seq` */
export function encodeBook(
  out: CopyBuffer,
  batch: TickBatch,
  row: number,
  slots: InstrumentSlots,
  view: DataView,
  time = batch.time[row]!,
  seq = batch.seq[row]!,
): void {
  out.row(BOOK_FIELDS, BOOK_BYTES);
  out.timestamp(time);
  out.int8(seq);
  out.int8(slots.token[batch.slot[row]!]!);
  out.bytes(view, TickBatch.bookAt(row), DEPTH_BYTES);
}

function second(out: CopyBuffer, epochSecond: number): void {
  if (epochSecond > 0) out.timestamp(epochSecond * 1000);
  else out.null();
}

function price(out: CopyBuffer, paise: number, divisor: number): void {
  if (paise > 0) out.float8(paise / divisor);
  else out.null();
}
