import { DEPTH_OFFSET, FULL_PACKET_BYTES } from '../decode/columns.js';
import { isIndexToken, priceDivisor } from '../instruments/instrument.js';
import { istDayNumber } from '../sessions/ist.js';
import type { TradedInstruments } from './traded-instruments.js';
import { dayStart, type TradingDays } from './trading-day.js';

export const PACKET_WORDS = FULL_PACKET_BYTES / 4;
const DEPTH_WORD = DEPTH_OFFSET / 4;
const FIRST_CAPACITY = 4096;
/** How long an unknown token stays unknown before the instruments are asked again. */
const ASK_AGAIN_MS = 1000;

/** No such instrument. */
export const NO_SLOT = -1;
/** No day, no trade, no feed, no epoch: of the columns below. */
export const NONE = -1;

/**
 * What is known of each instrument, in columns by slot: a small number that a broker's token gets when it is first
 * seen. Times of day and session are in exchange time, prices in the packet's integers.
 */
export class InstrumentSlots {
  length = 0;
  capacity = FIRST_CAPACITY;
  brokerToken = new Uint32Array(FIRST_CAPACITY);
  /** Our token. */
  token = new Float64Array(FIRST_CAPACITY);
  divisor = new Float64Array(FIRST_CAPACITY);
  isIndex = new Uint8Array(FIRST_CAPACITY);
  /** Futures and options have open interest; cash has none. */
  hasOpenInterest = new Uint8Array(FIRST_CAPACITY);

  /** Number of the feed that carries the instrument; NONE when none does. */
  feed = new Int16Array(FIRST_CAPACITY).fill(NONE);
  /** The hole-free stretch in which its last full packet came (see `FeedState.epoch`). */
  epoch = new Int32Array(FIRST_CAPACITY).fill(NONE);
  /** The stretch in which it proved to be subscribed without times. */
  untimedEpoch = new Int32Array(FIRST_CAPACITY).fill(NONE);
  /** Epoch milliseconds (ours) at which it was last asked for on its connection. */
  subscribedAt = new Float64Array(FIRST_CAPACITY);

  /** IST date (number) that the cumulative volume belongs to. */
  volumeDay = new Int32Array(FIRST_CAPACITY).fill(NONE);
  /** Highest cumulative volume of that date. */
  volume = new Float64Array(FIRST_CAPACITY);
  /** Cumulative volume and last-trade time (epoch seconds) of the last full packet; NONE before the first. */
  fullVolume = new Float64Array(FIRST_CAPACITY).fill(NONE);
  fullTradeTime = new Float64Array(FIRST_CAPACITY).fill(NONE);
  /** When that packet was received, and the first one that had its volume and its last trade, in exchange time. */
  fullAt = new Float64Array(FIRST_CAPACITY);
  unmovedSince = new Float64Array(FIRST_CAPACITY);

  /** Day extremes of the last packet, and the date they belong to. */
  extremesDay = new Int32Array(FIRST_CAPACITY).fill(NONE);
  dayHigh = new Int32Array(FIRST_CAPACITY);
  dayLow = new Int32Array(FIRST_CAPACITY);

  /** Of the last stored tick. */
  lastPrice = new Int32Array(FIRST_CAPACITY);
  lastTime = new Float64Array(FIRST_CAPACITY);
  lastInSession = new Uint8Array(FIRST_CAPACITY);
  lastSeq = new Float64Array(FIRST_CAPACITY);
  lastReceivedAt = new Float64Array(FIRST_CAPACITY);
  /** The last stored packet, as 32-bit words, and its length in bytes; 0 before the first. */
  packetLength = new Uint8Array(FIRST_CAPACITY);
  packetWords = new Int32Array(FIRST_CAPACITY * PACKET_WORDS);
  /** 1 while that packet is one rebuilt from the database, where the day's extremes of open interest are not kept. */
  rebuilt = new Uint8Array(FIRST_CAPACITY);

  /** When its last packet came, by our clock, to a second (see `rhythm.ts`); 0 before the first. */
  heardAt = new Float64Array(FIRST_CAPACITY);
  /** The hole-free stretch in which that was. */
  heardEpoch = new Int32Array(FIRST_CAPACITY).fill(NONE);
  /** Its usual rhythm (see `rhythm.ts`), milliseconds: mean between two packets in session, and the longest lately. */
  usualMs = new Float64Array(FIRST_CAPACITY);
  longestMs = new Float64Array(FIRST_CAPACITY);
  /** What the rhythm rests on: intervals, and the session time that they fill. */
  intervals = new Uint32Array(FIRST_CAPACITY);
  intervalsMs = new Float64Array(FIRST_CAPACITY);

  // The stretch around the last instant asked about that is wholly inside or wholly outside a session.
  #stretchFrom = new Float64Array(FIRST_CAPACITY);
  #stretchTo = new Float64Array(FIRST_CAPACITY);
  #stretchOpen = new Uint8Array(FIRST_CAPACITY);

  readonly #byBrokerToken = new Map<number, number>();
  readonly #byToken = new Map<number, number>();
  readonly #unknown = new Map<number, number>();

  constructor(
    private readonly instruments: TradedInstruments,
    readonly days: TradingDays,
  ) {}

  /** The slot of a broker's token, made when the instruments know it; else NO_SLOT. */
  find(brokerToken: number, at: number): number {
    return this.#byBrokerToken.get(brokerToken) ?? this.#add(brokerToken, at);
  }

  /** The slot of our token, if it has been seen; else NO_SLOT. */
  ofToken(token: number): number {
    return this.#byToken.get(token) ?? NO_SLOT;
  }

  /** Whether the instrument is in continuous session at `ms`. */
  isOpen(slot: number, ms: number): boolean {
    if (ms < this.#stretchFrom[slot]! || ms >= this.#stretchTo[slot]!) this.#lookUp(slot, ms);
    return this.#stretchOpen[slot] === 1;
  }

  /** Since when the session (or the time without one) that holds `ms` has lasted; at most since midnight IST. */
  stretchSince(slot: number, ms: number): number {
    if (ms < this.#stretchFrom[slot]! || ms >= this.#stretchTo[slot]!) this.#lookUp(slot, ms);
    return this.#stretchFrom[slot]!;
  }

  /** Whether the packet at row `row` of `words`, `length` bytes long, is the last stored one of the instrument again. */
  isLastPacket(slot: number, words: Int32Array, row: number, length: number): boolean {
    if (this.packetLength[slot] !== length) return false;
    const kept = this.packetWords;
    const from = row * PACKET_WORDS;
    const to = slot * PACKET_WORDS;
    for (let i = length / 4 - 1; i >= 0; i--) {
      if (words[from + i] === kept[to + i]) continue;
      if (this.rebuilt[slot] === 0 || !isLostWord(i)) return false;
    }
    return true;
  }

  /** Keeps the packet for the next comparison; true when its book is another one than the last kept. */
  keepPacket(slot: number, words: Int32Array, row: number, length: number): boolean {
    const kept = this.packetWords;
    const from = row * PACKET_WORDS;
    const to = slot * PACKET_WORDS;
    let changed = false;
    for (let i = 0; i < length / 4; i++) {
      const word = words[from + i]!;
      if (i >= DEPTH_WORD && word !== kept[to + i]) changed = true;
      kept[to + i] = word;
    }
    this.packetLength[slot] = length;
    this.rebuilt[slot] = 0;
    return changed;
  }

  /** Asks the instruments again: groups may have changed, tokens may mean something else, unknown ones may be known. */
  instrumentsChanged(): void {
    this.#unknown.clear();
    this.#stretchTo.fill(0);
    for (let slot = 0; slot < this.length; slot++) {
      const now = this.instruments.byBrokerToken(this.brokerToken[slot]!);
      if (now && now.token !== this.token[slot]) this.#byBrokerToken.delete(this.brokerToken[slot]!);
    }
  }

  #add(brokerToken: number, at: number): number {
    const askedAt = this.#unknown.get(brokerToken);
    if (askedAt !== undefined && at - askedAt < ASK_AGAIN_MS && at >= askedAt) return NO_SLOT;
    const instrument = this.instruments.byBrokerToken(brokerToken);
    if (!instrument) {
      if (this.#unknown.size > FIRST_CAPACITY) this.#unknown.clear();
      this.#unknown.set(brokerToken, at);
      return NO_SLOT;
    }
    if (this.length === this.capacity) this.#grow();
    const slot = this.length++;
    this.brokerToken[slot] = brokerToken;
    this.token[slot] = instrument.token;
    this.divisor[slot] = priceDivisor(brokerToken);
    this.isIndex[slot] = instrument.instrumentType === 'INDEX' || isIndexToken(brokerToken) ? 1 : 0;
    this.hasOpenInterest[slot] = ['FUT', 'CE', 'PE'].includes(instrument.instrumentType) ? 1 : 0;
    this.#byBrokerToken.set(brokerToken, slot);
    this.#byToken.set(instrument.token, slot);
    return slot;
  }

  #lookUp(slot: number, ms: number): void {
    const day = istDayNumber(ms);
    const edges = this.days.edges(this.token[slot]!, day);
    let from = dayStart(day);
    let open = 0;
    for (const edge of edges) {
      if (ms < edge) {
        this.#remember(slot, from, edge, open);
        return;
      }
      from = edge;
      open ^= 1;
    }
    this.#remember(slot, from, dayStart(day + 1), open);
  }

  #remember(slot: number, from: number, to: number, open: number): void {
    this.#stretchFrom[slot] = from;
    this.#stretchTo[slot] = to;
    this.#stretchOpen[slot] = open;
  }

  #grow(): void {
    const to = this.capacity * 2;
    this.brokerToken = grown(this.brokerToken, new Uint32Array(to));
    this.token = grown(this.token, new Float64Array(to));
    this.divisor = grown(this.divisor, new Float64Array(to));
    this.isIndex = grown(this.isIndex, new Uint8Array(to));
    this.hasOpenInterest = grown(this.hasOpenInterest, new Uint8Array(to));
    this.feed = grown(this.feed, new Int16Array(to).fill(NONE));
    this.epoch = grown(this.epoch, new Int32Array(to).fill(NONE));
    this.untimedEpoch = grown(this.untimedEpoch, new Int32Array(to).fill(NONE));
    this.subscribedAt = grown(this.subscribedAt, new Float64Array(to));
    this.volumeDay = grown(this.volumeDay, new Int32Array(to).fill(NONE));
    this.volume = grown(this.volume, new Float64Array(to));
    this.fullVolume = grown(this.fullVolume, new Float64Array(to).fill(NONE));
    this.fullTradeTime = grown(this.fullTradeTime, new Float64Array(to).fill(NONE));
    this.fullAt = grown(this.fullAt, new Float64Array(to));
    this.unmovedSince = grown(this.unmovedSince, new Float64Array(to));
    this.extremesDay = grown(this.extremesDay, new Int32Array(to).fill(NONE));
    this.dayHigh = grown(this.dayHigh, new Int32Array(to));
    this.dayLow = grown(this.dayLow, new Int32Array(to));
    this.lastPrice = grown(this.lastPrice, new Int32Array(to));
    this.lastTime = grown(this.lastTime, new Float64Array(to));
    this.lastInSession = grown(this.lastInSession, new Uint8Array(to));
    this.lastSeq = grown(this.lastSeq, new Float64Array(to));
    this.lastReceivedAt = grown(this.lastReceivedAt, new Float64Array(to));
    this.packetLength = grown(this.packetLength, new Uint8Array(to));
    this.packetWords = grown(this.packetWords, new Int32Array(to * PACKET_WORDS));
    this.rebuilt = grown(this.rebuilt, new Uint8Array(to));
    this.heardAt = grown(this.heardAt, new Float64Array(to));
    this.heardEpoch = grown(this.heardEpoch, new Int32Array(to).fill(NONE));
    this.usualMs = grown(this.usualMs, new Float64Array(to));
    this.longestMs = grown(this.longestMs, new Float64Array(to));
    this.intervals = grown(this.intervals, new Uint32Array(to));
    this.intervalsMs = grown(this.intervalsMs, new Float64Array(to));
    this.#stretchFrom = grown(this.#stretchFrom, new Float64Array(to));
    this.#stretchTo = grown(this.#stretchTo, new Float64Array(to));
    this.#stretchOpen = grown(this.#stretchOpen, new Uint8Array(to));
    this.capacity = to;
  }
}

/** Words of a full packet that the database does not keep: the day's highest and lowest open interest. */
function isLostWord(word: number): boolean {
  return word === 13 || word === 14;
}

function grown<T extends { set(from: T): void }>(from: T, to: T): T {
  to.set(from);
  return to;
}
