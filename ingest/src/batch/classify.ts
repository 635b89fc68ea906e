import { FULL_PACKET_BYTES } from '../decode/columns.js';
import { istDayNumber } from '../sessions/ist.js';
import type { FeedCoverage } from './coverage.js';
import { type InstrumentSlots, NO_SLOT, NONE } from './instrument-slots.js';
import { hasPossiblePrices, isPossibleTime, type RejectReason } from './plausible.js';
import { heard } from './rhythm.js';
import {
  BOOK_CHANGED,
  FIRST_EVER,
  FROM_EXCHANGE,
  FROM_RECEIPT,
  FROM_TRADE,
  IN_SESSION,
  STORED,
  type TickBatch,
  TRADE,
} from './tick-batch.js';

/** What became of a packet. Everything from `STORED_PACKET` on is a sign of life of the connection. */
export const REJECTED = 0;
export const STORED_PACKET = 1;
export const DUPLICATE = 2;
/** Of an instrument that another connection carries. */
export const GUEST = 3;

/** A connection slot, as the classifier sees it. */
export interface FeedState {
  readonly number: number;
  readonly coverage: FeedCoverage;
  /** Newest exchange time (epoch seconds) of the frame under way; the classifier raises it. */
  frameSecond: number;
  /** The same of its packets that were refused for their time. */
  refusedSecond: number;
}

const FULL = FULL_PACKET_BYTES;
const INDEX_FULL = 32;
const QUOTE = 44;
const LTP = 8;
const MINUTE_MS = 60_000;
const MINUTE_S = 60;
/** A subscription begins in the default mode; a packet without times later than this means that it stays so. */
const MODE_TAKES_MS = 2_000;
/** After a minute's end by this much a candle may have been read as complete (LIVE_SETTLE). */
const SETTLE_MS = 3_000;

/**
 * Decides for each packet what it says beyond its fields (rules 3, 5, 8 to 10, 13, 14), in place: results go into the
 * batch's columns, what the instrument's next packet is measured against into its slot. No object a packet.
 *
 * An instrument is *live* when its last full packet came in the feed's present epoch: nothing was missed since. Its
 * first full packet of an epoch is a snapshot.
 */
export class Classifier {
  /** Ticks that came out of volume order or after their minute was settled. */
  late = 0;
  /** `seq` of the next tick. */
  nextSeq: number;
  #time = 0;
  #source = FROM_RECEIPT;
  #trade = false;
  #delta = 0;
  #unplaced = 0;
  #widens = false;
  #day = NONE;
  #firstEver = false;
  #overtaken = false;

  constructor(
    readonly slots: InstrumentSlots,
    firstSeq: number,
    private readonly reject: (batch: TickBatch, row: number, reason: RejectReason) => void,
  ) {
    this.nextSeq = firstSeq;
  }

  /** Classifies row `row` of `batch`; `batch.slot[row]` is its instrument, NO_SLOT when unknown. */
  classify(batch: TickBatch, row: number, feed: FeedState): number {
    const { slots } = this;
    const packets = batch.packets;
    const receivedAt = packets.receivedAt[row]!;
    const slot = slots.find(packets.token[row]!, receivedAt);
    batch.slot[row] = slot;
    batch.flags[row] = 0;
    if (slot === NO_SLOT) return this.#rejected(batch, row, 'unknown_instrument');

    const length = packets.packetLength[row]!;
    const index = slots.isIndex[slot] === 1;
    if (index ? length === FULL || length === QUOTE : length !== FULL && length !== QUOTE && length !== LTP) {
      return this.#rejected(batch, row, 'unknown_packet');
    }
    const moment = feed.coverage.exchangeTime(receivedAt);
    const second = packets.exchangeTime[row]!;
    const tradeSecond = packets.lastTradeTime[row]!;
    if (!isPossibleTime(second, moment) || !isPossibleTime(tradeSecond, moment)) {
      if (second > feed.refusedSecond) feed.refusedSecond = second;
      return this.#rejected(batch, row, 'impossible_time');
    }
    const carried = slots.feed[slot] === feed.number;
    const timed = second > 0 && (length === FULL || length === INDEX_FULL);
    if (timed && second > feed.frameSecond) feed.frameSecond = second;
    if (!hasPossiblePrices(batch, row)) {
      // A contract that never traded has no price. That is no tick, but it is an answer.
      if (timed && carried && tradeSecond === 0 && packets.volume[row] === 0)
        this.#neverTraded(slot, row, batch, feed);
      return this.#rejected(batch, row, 'impossible_price');
    }
    if (!carried) return GUEST;
    heard(slots, slot, receivedAt, moment, feed.coverage.epoch);

    const same = slots.isLastPacket(slot, batch.words, row, length);
    this.#firstEver = slots.packetLength[slot] === 0 && slots.fullTradeTime[slot] === NONE;
    if (same && !timed) return DUPLICATE;
    const snapshot = slots.epoch[slot] !== feed.coverage.epoch;
    const held = snapshot && timed ? this.#heldUntil(slot, feed) : Number.NaN;
    const knownSecond = slots.fullTradeTime[slot]!;
    if (timed && snapshot) this.#arrive(slot, row, batch, feed);
    if (same) {
      if (timed) slots.fullAt[slot] = moment;
      return DUPLICATE;
    }

    this.#time = moment;
    this.#source = FROM_RECEIPT;
    this.#trade = false;
    this.#delta = Number.NaN;
    this.#unplaced = Number.NaN;
    this.#widens = false;
    this.#day = NONE;
    this.#overtaken = false;
    if (timed) {
      this.#time = second * 1000;
      this.#source = FROM_EXCHANGE;
      if (index) this.#indexPacket(slot, snapshot);
      else this.#fullPacket(batch, row, slot, feed, snapshot, held, knownSecond);
      slots.fullAt[slot] = moment;
    } else {
      this.#untimedPacket(batch, row, slot, feed, length, index);
    }
    this.#finish(batch, row, slot, feed, timed, index);
    return STORED_PACKET;
  }

  #rejected(batch: TickBatch, row: number, reason: RejectReason): number {
    this.reject(batch, row, reason);
    return REJECTED;
  }

  /** Rule 14: tells coverage that the instrument is heard again, and since when nothing traded if that is certain. */
  #arrive(slot: number, row: number, batch: TickBatch, feed: FeedState): void {
    const { slots } = this;
    const { packets } = batch;
    const unchanged =
      slots.isIndex[slot] === 0 &&
      slots.fullTradeTime[slot] === packets.lastTradeTime[row] &&
      slots.fullVolume[slot] === packets.volume[row];
    const since = unchanged ? this.#unclaimedSince(slot, feed) : Number.NaN;
    const receivedAt = packets.receivedAt[row]!;
    slots.epoch[slot] = feed.coverage.epoch;
    feed.coverage.arrived(slots.token[slot]!, receivedAt, packets.exchangeTime[row]!, since);
  }

  #neverTraded(slot: number, row: number, batch: TickBatch, feed: FeedState): void {
    const { slots } = this;
    if (slots.epoch[slot] !== feed.coverage.epoch) this.#arrive(slot, row, batch, feed);
    const receivedAt = batch.packets.receivedAt[row]!;
    const moment = feed.coverage.exchangeTime(receivedAt);
    if (slots.volumeDay[slot] === NONE) this.#remember(slot, 0, 0, moment);
    slots.fullAt[slot] = moment;
    heard(slots, slot, receivedAt, moment, feed.coverage.epoch);
  }

  /**
   * Since when nothing is claimed of an instrument that has not moved: the end of the row in which its last full packet
   * came; without a row, as the connection was gone before one began, the packet since which it stands as it does.
   */
  #unclaimedSince(slot: number, feed: FeedState): number {
    const { fullAt, unmovedSince, fullTradeTime } = this.slots;
    const held = this.#heldUntil(slot, feed);
    if (!Number.isNaN(held)) return Math.floor(Math.min(fullAt[slot]!, held));
    // Whatever the clocks were taken for when that packet came, its last trade was before.
    const traded = (fullTradeTime[slot]! + 1) * 1000;
    return Math.floor(Math.min(fullAt[slot]!, Math.max(unmovedSince[slot]!, traded)));
  }

  /** End of the coverage row in which the instrument's last full packet came; NaN when it came in none. */
  #heldUntil(slot: number, feed: FeedState): number {
    const { closedEpoch, closedTo } = feed.coverage;
    return this.slots.epoch[slot] === closedEpoch && closedEpoch !== NONE ? closedTo : Number.NaN;
  }

  #fullPacket(
    batch: TickBatch,
    row: number,
    slot: number,
    feed: FeedState,
    snapshot: boolean,
    held: number,
    knownSecond: number,
  ): void {
    const { slots } = this;
    const { packets } = batch;
    const volume = packets.volume[row]!;
    const tradeSecond = packets.lastTradeTime[row]!;
    const knownDay = slots.volumeDay[slot]!;
    const day = tradeSecond > 0 ? istDayNumber(tradeSecond * 1000) : NONE;
    this.#delta = 0;
    const moment = feed.coverage.exchangeTime(packets.receivedAt[row]!);
    if (day === NONE || day < knownDay || day < istDayNumber(packets.exchangeTime[row]! * 1000)) {
      // The last trade is on an earlier date: price and depth only.
      if (day >= knownDay) this.#remember(slot, volume, tradeSecond, moment);
      return;
    }
    this.#day = day;
    const highest = day === knownDay ? slots.volume[slot]! : 0;
    const added = volume - highest;
    if (added < 0) {
      if (!snapshot) this.#outOfOrder(slot, feed, tradeSecond);
      return;
    }
    if (snapshot) {
      if (added > 0) {
        this.#delta = Number.NaN;
        this.#unplaced = added;
      }
      // Seldom: it happened while we listened and reached us only now.
      this.#trade = knownSecond !== NONE && tradeSecond > knownSecond && tradeSecond * 1000 < held;
    } else {
      this.#delta = added;
      this.#trade = added > 0 || tradeSecond > slots.fullTradeTime[slot]!;
      this.#widens = this.#trade && slots.extremesDay[slot] === day;
    }
    if (this.#trade) this.#tradedAt(tradeSecond);
    slots.volumeDay[slot] = day;
    slots.volume[slot] = volume;
    this.#remember(slot, volume, tradeSecond, moment);
  }

  #remember(slot: number, volume: number, tradeSecond: number, moment: number): void {
    const { slots } = this;
    if (slots.fullVolume[slot] === volume && slots.fullTradeTime[slot] === tradeSecond) return;
    slots.fullVolume[slot] = volume;
    slots.fullTradeTime[slot] = tradeSecond;
    slots.unmovedSince[slot] = moment;
  }

  /** An overtaken packet: its trade is one, its volume is counted already, in a minute that may be another. */
  #outOfOrder(slot: number, feed: FeedState, tradeSecond: number): void {
    this.late++;
    this.#overtaken = true;
    this.#trade = true;
    this.#tradedAt(tradeSecond);
    const other = this.slots.fullTradeTime[slot]!;
    const first = Math.min(tradeSecond, other > 0 ? other : tradeSecond);
    const last = Math.max(tradeSecond, other);
    feed.coverage.late(
      this.slots.token[slot]!,
      (first - (first % MINUTE_S)) * 1000,
      (last - (last % MINUTE_S) + MINUTE_S) * 1000,
    );
  }

  #tradedAt(second: number): void {
    this.#time = second * 1000;
    this.#source = FROM_TRADE;
  }

  /** An index has no volume and no trades of its own: every packet of a session is one, but for snapshots. */
  #indexPacket(slot: number, snapshot: boolean): void {
    if (!this.slots.isOpen(slot, this.#time)) return;
    this.#day = istDayNumber(this.#time);
    this.#trade = !snapshot;
    this.#widens = !snapshot && this.slots.extremesDay[slot] === this.#day;
  }

  /** ltp and quote modes, and the default mode's packets before `full` takes. They have no time, so they cover nothing. */
  #untimedPacket(
    batch: TickBatch,
    row: number,
    slot: number,
    feed: FeedState,
    length: number,
    index: boolean,
  ): void {
    const { slots } = this;
    const { packets } = batch;
    const { coverage } = feed;
    const receivedAt = packets.receivedAt[row]!;
    const token = slots.token[slot]!;
    if (slots.epoch[slot] === coverage.epoch) {
      // It had times until now: from its last full packet on nothing is certain.
      slots.epoch[slot] = NONE;
      coverage.untimed(token, receivedAt, slots.fullAt[slot]!);
    }
    const open = slots.isOpen(slot, this.#time);
    const first = slots.untimedEpoch[slot] !== coverage.epoch;
    if (first) {
      if (receivedAt - Math.max(slots.subscribedAt[slot]!, coverage.epochAt) < MODE_TAKES_MS) return;
      slots.untimedEpoch[slot] = coverage.epoch;
      coverage.untimed(token, receivedAt);
    } else if (open) {
      this.#trade = index || (length === LTP && packets.ltp[row] !== slots.lastPrice[slot]);
    }
    if (length !== QUOTE || !open) return;
    const day = istDayNumber(this.#time);
    const volume = packets.volume[row]!;
    const known = slots.volume[slot]!;
    const newDay = slots.volumeDay[slot] !== day;
    if (newDay && (first || volume === known)) {
      // No time says whose volume it is: it may be yesterday's until it moves while we listen, in a session.
      slots.volume[slot] = volume;
      return;
    }
    const added = newDay && volume < known ? volume : Math.max(0, volume - known);
    this.#day = day;
    this.#trade = !first && added > 0;
    if (this.#trade) this.#delta = added;
    else if (added > 0) this.#unplaced = added;
    if (newDay && added < volume) this.#unplaced = volume - added;
    slots.volumeDay[slot] = day;
    slots.volume[slot] = newDay ? volume : Math.max(volume, known);
    if (added > 0) slots.fullTradeTime[slot] = NONE;
  }

  #finish(
    batch: TickBatch,
    row: number,
    slot: number,
    feed: FeedState,
    timed: boolean,
    index: boolean,
  ): void {
    const { slots } = this;
    const { packets } = batch;
    const ltp = packets.ltp[row]!;
    const time = this.#time;
    const open = slots.isOpen(slot, time);
    let high = ltp;
    let low = ltp;
    const dayHigh = packets.dayHigh[row]!;
    const dayLow = packets.dayLow[row]!;
    if (this.#day !== NONE && this.#source !== FROM_RECEIPT) {
      if (
        this.#widens &&
        open &&
        slots.lastInSession[slot] === 1 &&
        sameMinute(time, slots.lastTime[slot]!)
      ) {
        if (dayHigh > slots.dayHigh[slot]! && dayHigh > high) high = dayHigh;
        if (dayLow > 0 && dayLow < slots.dayLow[slot]! && dayLow < low) low = dayLow;
      }
      slots.extremesDay[slot] = this.#day;
      slots.dayHigh[slot] = dayHigh;
      slots.dayLow[slot] = dayLow;
    }
    const receivedAt = packets.receivedAt[row]!;
    if (this.#trade && open && timed && !this.#overtaken) this.#markIfSettled(slot, feed, time, receivedAt);

    batch.time[row] = time;
    batch.timeSource[row] = this.#source;
    batch.volumeDelta[row] = index ? Number.NaN : this.#delta;
    batch.volumeUnplaced[row] = this.#unplaced;
    batch.high[row] = high;
    batch.low[row] = low;
    batch.tradingDay[row] = this.#day;
    const seq = this.nextSeq++;
    batch.seq[row] = seq;
    let flags = STORED;
    if (this.#trade) flags |= TRADE;
    if (open) flags |= IN_SESSION;
    if (this.#firstEver) flags |= FIRST_EVER;
    if (slots.keepPacket(slot, batch.words, row, packets.packetLength[row]!)) flags |= BOOK_CHANGED;
    batch.flags[row] = flags;
    batch.stored++;

    slots.lastPrice[slot] = ltp;
    slots.lastTime[slot] = time;
    slots.lastInSession[slot] = open ? 1 : 0;
    slots.lastSeq[slot] = seq;
    slots.lastReceivedAt[slot] = receivedAt;
  }

  /** A trade in a minute that may have been read as complete: that minute is not, any more. */
  #markIfSettled(slot: number, feed: FeedState, time: number, receivedAt: number): void {
    const minute = time - (time % MINUTE_MS);
    const end = minute + MINUTE_MS;
    if (receivedAt <= end + SETTLE_MS || feed.coverage.claimedTo < end) return;
    this.late++;
    feed.coverage.late(this.slots.token[slot]!, minute, end);
  }
}

function sameMinute(a: number, b: number): boolean {
  return Math.floor(a / MINUTE_MS) === Math.floor(b / MINUTE_MS);
}
