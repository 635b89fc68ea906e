/**
 * Kite's binary packets, written straight into a buffer. All integers are big-endian, prices in paise, times in whole
 * seconds since the epoch. The bodies of the shorter modes are the beginnings of the longer ones.
 * Source: Kite Connect v3, "WebSocket streaming"; the official client's parser.
 */

export const LTP_BYTES = 8;
export const QUOTE_BYTES = 44;
export const FULL_BYTES = 184;
export const INDEX_QUOTE_BYTES = 28;
export const INDEX_FULL_BYTES = 32;
export const DEPTH_AT = 64;
export const DEPTH_LEVELS = 5;
const DEPTH_ENTRY_BYTES = 12;
const EXCHANGE_TIME_AT = 60;

export type Mode = 'ltp' | 'quote' | 'full';

/** Five bids, best first, then five asks, best first. Prices in paise; all 0 where a level is empty. */
export interface Depth {
  readonly price: Int32Array;
  readonly quantity: Uint32Array;
  readonly orders: Uint16Array;
}

export function emptyDepth(): Depth {
  return {
    price: new Int32Array(2 * DEPTH_LEVELS),
    quantity: new Uint32Array(2 * DEPTH_LEVELS),
    orders: new Uint16Array(2 * DEPTH_LEVELS),
  };
}

/** What a packet says. Prices in paise, times in whole seconds since the epoch. */
export interface PacketFields {
  token: number;
  lastPrice: number;
  lastQuantity: number;
  averagePrice: number;
  /** Since the start of the day of the last trade. */
  volume: number;
  totalBuyQuantity: number;
  totalSellQuantity: number;
  dayOpen: number;
  dayHigh: number;
  dayLow: number;
  previousClose: number;
  lastTradeTime: number;
  openInterest: number;
  openInterestDayHigh: number;
  openInterestDayLow: number;
  exchangeTime: number;
  depth: Depth;
}

/** Length of the body that `mode` gets. */
export function packetBytes(mode: Mode, index: boolean): number {
  if (mode === 'ltp') return LTP_BYTES;
  if (index) return mode === 'full' ? INDEX_FULL_BYTES : INDEX_QUOTE_BYTES;
  return mode === 'full' ? FULL_BYTES : QUOTE_BYTES;
}

/** Writes a body of 184 bytes at `offset`; its first 44 are a quote packet, its first 8 an ltp packet. */
export function writeFullPacket(into: Buffer, offset: number, fields: PacketFields): number {
  into.writeUInt32BE(fields.token, offset);
  into.writeInt32BE(fields.lastPrice, offset + 4);
  into.writeUInt32BE(fields.lastQuantity, offset + 8);
  into.writeInt32BE(fields.averagePrice, offset + 12);
  into.writeUInt32BE(fields.volume, offset + 16);
  into.writeUInt32BE(fields.totalBuyQuantity, offset + 20);
  into.writeUInt32BE(fields.totalSellQuantity, offset + 24);
  into.writeInt32BE(fields.dayOpen, offset + 28);
  into.writeInt32BE(fields.dayHigh, offset + 32);
  into.writeInt32BE(fields.dayLow, offset + 36);
  into.writeInt32BE(fields.previousClose, offset + 40);
  into.writeUInt32BE(fields.lastTradeTime, offset + 44);
  into.writeUInt32BE(fields.openInterest, offset + 48);
  into.writeUInt32BE(fields.openInterestDayHigh, offset + 52);
  into.writeUInt32BE(fields.openInterestDayLow, offset + 56);
  into.writeUInt32BE(fields.exchangeTime, offset + EXCHANGE_TIME_AT);
  for (let level = 0; level < 2 * DEPTH_LEVELS; level++) writeDepthLevel(into, offset, level, fields.depth);
  return FULL_BYTES;
}

/** Writes an index body of 32 bytes at `offset`; its first 28 are a quote packet, its first 8 an ltp packet. */
export function writeIndexPacket(into: Buffer, offset: number, fields: PacketFields): number {
  into.writeUInt32BE(fields.token, offset);
  into.writeInt32BE(fields.lastPrice, offset + 4);
  into.writeInt32BE(fields.dayHigh, offset + 8);
  into.writeInt32BE(fields.dayLow, offset + 12);
  into.writeInt32BE(fields.dayOpen, offset + 16);
  into.writeInt32BE(fields.previousClose, offset + 20);
  into.writeInt32BE(fields.lastPrice - fields.previousClose, offset + 24);
  into.writeUInt32BE(fields.exchangeTime, offset + 28);
  return INDEX_FULL_BYTES;
}

/** Rewrites one level of depth (0 to 4 bids, 5 to 9 asks) of the full packet at `offset`. */
export function writeDepthLevel(into: Buffer, offset: number, level: number, depth: Depth): void {
  const at = offset + DEPTH_AT + level * DEPTH_ENTRY_BYTES;
  into.writeUInt32BE(depth.quantity[level]!, at);
  into.writeInt32BE(depth.price[level]!, at + 4);
  into.writeUInt16BE(depth.orders[level]!, at + 8);
  into.writeUInt16BE(0, at + 10);
}

/** Makes the full packet at `offset` one that moved nothing but depth: new time, one level a side, the totals. */
export function writeDepthMove(into: Buffer, offset: number, fields: PacketFields, level: number): void {
  into.writeUInt32BE(fields.totalBuyQuantity, offset + 20);
  into.writeUInt32BE(fields.totalSellQuantity, offset + 24);
  into.writeUInt32BE(fields.exchangeTime, offset + EXCHANGE_TIME_AT);
  writeDepthLevel(into, offset, level, fields.depth);
  writeDepthLevel(into, offset, DEPTH_LEVELS + level, fields.depth);
}

/** A frame of packets: `int16 count`, then `int16 length` and body each. */
export function frameOf(bodies: readonly Uint8Array[]): Buffer {
  const frame = Buffer.alloc(2 + bodies.reduce((bytes, body) => bytes + 2 + body.length, 0));
  frame.writeUInt16BE(bodies.length, 0);
  let at = 2;
  for (const body of bodies) {
    frame.writeUInt16BE(body.length, at);
    frame.set(body, at + 2);
    at += 2 + body.length;
  }
  return frame;
}
