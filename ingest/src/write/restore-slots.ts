import { type InstrumentSlots, NO_SLOT } from '../batch/instrument-slots.js';
import type { TradedInstruments } from '../batch/traded-instruments.js';
import { DEPTH_OFFSET, FULL_PACKET_BYTES } from '../decode/columns.js';
import { istDayNumber } from '../sessions/ist.js';
import type { StoredFeed, StoredQuote, StoredState } from './resume.js';

/** Puts what the database knows into slots, as if the last packets had just been received. */
export function restoreSlots(
  slots: InstrumentSlots,
  instruments: TradedInstruments,
  state: StoredState,
  now: number,
): void {
  const feedOf = new Map<number, StoredFeed>();
  for (const feed of state.feeds) for (const token of feed.tokens) feedOf.set(token, feed);
  for (const quote of state.quotes) {
    const brokerToken = instruments.brokerToken(quote.token);
    const slot = brokerToken === undefined ? NO_SLOT : slots.find(brokerToken, now);
    if (slot === NO_SLOT) continue;
    restoreQuote(slots, slot, quote);
    slots.fullAt[slot] = slots.unmovedSince[slot] = knownUntil(quote, feedOf.get(quote.token));
  }
  for (const { token, day, volume } of state.days) {
    const slot = slots.ofToken(token);
    if (slot === NO_SLOT || slots.isIndex[slot] || volume === null) continue;
    slots.volumeDay[slot] = day;
    slots.volume[slot] = volume;
  }
}

/**
 * Up to when everything about an instrument is known: its last packet, or the end of the row that it came in, if that is
 * earlier (a crash: what was committed last was not claimed yet).
 */
function knownUntil(quote: StoredQuote, feed: StoredFeed | undefined): number {
  const { receivedAt } = quote;
  if (!feed || feed.coveredTo === null || feed.coveredFrom === null) return receivedAt;
  const within = receivedAt >= feed.coveredFrom && (feed.endedAt === null || receivedAt <= feed.endedAt);
  return within ? Math.min(receivedAt, feed.coveredTo) : receivedAt;
}

function restoreQuote(slots: InstrumentSlots, slot: number, quote: StoredQuote): void {
  const divisor = slots.divisor[slot]!;
  const paise = (rupees: number | null) => Math.round((rupees ?? 0) * divisor);
  const bytes = Buffer.from(slots.packetWords.buffer, slot * FULL_PACKET_BYTES, FULL_PACKET_BYTES);
  const seconds = (ms: number | null) => Math.round((ms ?? 0) / 1000);
  bytes.writeUInt32BE(slots.brokerToken[slot]!, 0);
  bytes.writeInt32BE(paise(quote.ltp), 4);
  if (slots.isIndex[slot]) {
    bytes.writeInt32BE(paise(quote.dayHigh), 8);
    bytes.writeInt32BE(paise(quote.dayLow), 12);
    bytes.writeInt32BE(paise(quote.dayOpen), 16);
    bytes.writeInt32BE(paise(quote.previousClose), 20);
    bytes.writeInt32BE(paise(quote.ltp) - paise(quote.previousClose), 24);
    bytes.writeUInt32BE(seconds(quote.exchangeTime), 28);
    slots.packetLength[slot] = quote.exchangeTime === null ? 28 : 32;
    if (quote.exchangeTime !== null) slots.extremesDay[slot] = istDayNumber(quote.exchangeTime);
  } else {
    bytes.writeUInt32BE(quote.lastQuantity ?? 0, 8);
    bytes.writeInt32BE(paise(quote.averagePrice), 12);
    bytes.writeUInt32BE(quote.volume ?? 0, 16);
    bytes.writeUInt32BE(quote.totalBidQuantity ?? 0, 20);
    bytes.writeUInt32BE(quote.totalAskQuantity ?? 0, 24);
    bytes.writeInt32BE(paise(quote.dayOpen), 28);
    bytes.writeInt32BE(paise(quote.dayHigh), 32);
    bytes.writeInt32BE(paise(quote.dayLow), 36);
    bytes.writeInt32BE(paise(quote.previousClose), 40);
    bytes.writeUInt32BE(seconds(quote.lastTradeTime), 44);
    bytes.writeUInt32BE(quote.openInterest ?? 0, 48);
    bytes.writeUInt32BE(seconds(quote.exchangeTime), 60);
    quote.book?.copy(bytes, DEPTH_OFFSET);
    const full = quote.exchangeTime !== null;
    slots.packetLength[slot] = full ? FULL_PACKET_BYTES : quote.volume === null ? 8 : 44;
    if (full && quote.volume !== null) {
      slots.fullVolume[slot] = quote.volume;
      slots.fullTradeTime[slot] = seconds(quote.lastTradeTime);
    }
  }
  slots.rebuilt[slot] = 1;
  slots.lastPrice[slot] = paise(quote.ltp);
  slots.lastTime[slot] = quote.time;
  slots.lastInSession[slot] = quote.inSession ? 1 : 0;
  slots.lastSeq[slot] = quote.seq;
  slots.lastReceivedAt[slot] = quote.receivedAt;
}
