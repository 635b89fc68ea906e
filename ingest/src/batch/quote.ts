import { DEPTH_OFFSET, FULL_PACKET_BYTES } from '../decode/columns.js';
import { type InstrumentSlots, NO_SLOT } from './instrument-slots.js';

export interface DepthLevel {
  /** Rupees. */
  readonly price: number;
  readonly quantity: number;
  readonly orders: number;
}

/** The last known state of an instrument. Prices in rupees, instants in epoch milliseconds; null where it has none. */
export interface LatestQuote {
  readonly token: number;
  readonly seq: number;
  readonly time: number;
  readonly receivedAt: number;
  readonly lastTradeTime: number | null;
  readonly exchangeTime: number | null;
  readonly lastPrice: number;
  readonly lastQuantity: number | null;
  readonly averagePrice: number | null;
  readonly volume: number | null;
  readonly openInterest: number | null;
  readonly dayOpen: number | null;
  readonly dayHigh: number | null;
  readonly dayLow: number | null;
  readonly previousClose: number | null;
  readonly totalBidQuantity: number | null;
  readonly totalAskQuantity: number | null;
  /** Best first, levels without quantity left out; empty for indices and in ltp and quote modes. */
  readonly bids: readonly DepthLevel[];
  readonly asks: readonly DepthLevel[];
}

const LEVELS = 5;
const LEVEL_BYTES = 12;

/** Reads an instrument's last stored packet; undefined when none came yet. */
export function latestQuote(slots: InstrumentSlots, token: number): LatestQuote | undefined {
  const slot = slots.ofToken(token);
  if (slot === NO_SLOT || slots.packetLength[slot] === 0) return undefined;
  const length = slots.packetLength[slot]!;
  const view = new DataView(
    slots.packetWords.buffer,
    slots.packetWords.byteOffset + slot * FULL_PACKET_BYTES,
    FULL_PACKET_BYTES,
  );
  const divisor = slots.divisor[slot]!;
  const rupees = (paise: number) => (paise > 0 ? paise / divisor : null);
  const count = (offset: number, from: number) => (length >= from ? view.getUint32(offset) : null);
  const price = (offset: number, from: number) => (length >= from ? rupees(view.getInt32(offset)) : null);
  const instant = (offset: number, from: number) => {
    const seconds = length >= from ? view.getUint32(offset) : 0;
    return seconds > 0 ? seconds * 1000 : null;
  };
  const common = {
    token,
    seq: slots.lastSeq[slot]!,
    time: slots.lastTime[slot]!,
    receivedAt: slots.lastReceivedAt[slot]!,
    lastPrice: view.getInt32(4) / divisor,
  };
  if (slots.isIndex[slot]) {
    return {
      ...common,
      lastTradeTime: null,
      exchangeTime: instant(28, 32),
      lastQuantity: null,
      averagePrice: null,
      volume: null,
      openInterest: null,
      dayOpen: price(16, 28),
      dayHigh: price(8, 28),
      dayLow: price(12, 28),
      previousClose: price(20, 28),
      totalBidQuantity: null,
      totalAskQuantity: null,
      bids: [],
      asks: [],
    };
  }
  const full = length === FULL_PACKET_BYTES;
  return {
    ...common,
    lastTradeTime: instant(44, 184),
    exchangeTime: instant(60, 184),
    lastQuantity: count(8, 44),
    averagePrice: price(12, 44),
    volume: count(16, 44),
    openInterest: full && slots.hasOpenInterest[slot] ? view.getUint32(48) : null,
    dayOpen: price(28, 44),
    dayHigh: price(32, 44),
    dayLow: price(36, 44),
    previousClose: price(40, 44),
    totalBidQuantity: count(20, 44),
    totalAskQuantity: count(24, 44),
    bids: full ? levels(view, 0, divisor) : [],
    asks: full ? levels(view, LEVELS, divisor) : [],
  };
}

function levels(view: DataView, first: number, divisor: number): DepthLevel[] {
  const found: DepthLevel[] = [];
  for (let level = first; level < first + LEVELS; level++) {
    const at = DEPTH_OFFSET + level * LEVEL_BYTES;
    const quantity = view.getUint32(at);
    if (quantity > 0) {
      found.push({ price: view.getInt32(at + 4) / divisor, quantity, orders: view.getUint16(at + 8) });
    }
  }
  return found;
}
