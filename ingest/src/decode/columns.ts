/** Longest packet body of the protocol: a full quote with five levels of depth a side. */
export const FULL_PACKET_BYTES = 184;
/** Where depth lies in a full packet: ten entries of quantity int32, price int32, orders int16, padding int16. */
export const DEPTH_OFFSET = 64;
export const DEPTH_BYTES = 120;

/**
 * Decoded packets as columns: one typed array a field, one row a packet, filled from the front.
 * Allocated once and reused, so that a tick costs no object. Prices are the packet's own integers
 * (see `priceDivisor`), times whole seconds since the epoch, 0 where the packet has none.
 */
export class TickColumns {
  length = 0;
  /** The broker's token. */
  readonly token: Uint32Array;
  /** Epoch milliseconds at which the frame was read from the socket. */
  readonly receivedAt: Float64Array;
  /** Body length: 8 ltp, 28 index quote, 32 index full, 44 quote, 184 full. Tells which columns mean anything. */
  readonly packetLength: Uint8Array;
  readonly ltp: Int32Array;
  readonly lastQuantity: Uint32Array;
  readonly averagePrice: Int32Array;
  readonly volume: Uint32Array;
  readonly totalBuyQuantity: Uint32Array;
  readonly totalSellQuantity: Uint32Array;
  readonly dayOpen: Int32Array;
  readonly dayHigh: Int32Array;
  readonly dayLow: Int32Array;
  readonly previousClose: Int32Array;
  readonly lastTradeTime: Uint32Array;
  readonly openInterest: Uint32Array;
  readonly openInterestDayHigh: Uint32Array;
  readonly openInterestDayLow: Uint32Array;
  readonly exchangeTime: Uint32Array;
  /** The packet bodies, `FULL_PACKET_BYTES` apart. Depth of row i starts at `i * FULL_PACKET_BYTES + DEPTH_OFFSET`. */
  readonly packets: Buffer;

  constructor(readonly capacity: number) {
    this.token = new Uint32Array(capacity);
    this.receivedAt = new Float64Array(capacity);
    this.packetLength = new Uint8Array(capacity);
    this.ltp = new Int32Array(capacity);
    this.lastQuantity = new Uint32Array(capacity);
    this.averagePrice = new Int32Array(capacity);
    this.volume = new Uint32Array(capacity);
    this.totalBuyQuantity = new Uint32Array(capacity);
    this.totalSellQuantity = new Uint32Array(capacity);
    this.dayOpen = new Int32Array(capacity);
    this.dayHigh = new Int32Array(capacity);
    this.dayLow = new Int32Array(capacity);
    this.previousClose = new Int32Array(capacity);
    this.lastTradeTime = new Uint32Array(capacity);
    this.openInterest = new Uint32Array(capacity);
    this.openInterestDayHigh = new Uint32Array(capacity);
    this.openInterestDayLow = new Uint32Array(capacity);
    this.exchangeTime = new Uint32Array(capacity);
    this.packets = Buffer.alloc(capacity * FULL_PACKET_BYTES);
  }
}
