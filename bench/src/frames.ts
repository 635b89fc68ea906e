import { isIndexToken } from '@tickscope/ingest/dist/src/instruments/instrument.js';
import { istDayNumber } from '@tickscope/ingest/dist/src/sessions/ist.js';
import { alwaysOpen } from '@tickscope/ingest/dist/src/simulator/calendars.js';
import { fillDepth, moveDepth } from '@tickscope/ingest/dist/src/simulator/depth.js';
import type { SimulatedInstrument } from '@tickscope/ingest/dist/src/simulator/instrument.js';
import { mix, unit } from '@tickscope/ingest/dist/src/simulator/model/noise.js';
import {
  emptyDepth,
  FULL_BYTES,
  frameOf,
  INDEX_FULL_BYTES,
  type PacketFields,
  writeFullPacket,
  writeIndexPacket,
} from '@tickscope/ingest/dist/src/simulator/packet.js';
import { listInstruments } from '@tickscope/ingest/dist/src/simulator/universe.js';

/** What the packets of a stream say, as shares of all packets. The rest moves open interest alone. */
export interface Mix {
  /** Report a new trade. */
  readonly trades: number;
  /** Of the trades, how many find another book. */
  readonly tradesMovingBook: number;
  /** Move the book alone. */
  readonly depth: number;
}

export const REALISTIC_MIX: Mix = { trades: 0.65, tradesMovingBook: 0.6, depth: 0.3 };

export interface FrameOptions {
  readonly instruments: number;
  readonly packets: number;
  readonly packetsPerFrame: number;
  readonly mix: Mix;
  readonly seed: number;
}

/** A frame whose times are written when it is sent. */
export interface EncodedFrame {
  readonly bytes: Buffer;
  /** Per packet: the index of its instrument. */
  readonly instrument: Uint16Array;
  /** Per packet: 1 when it reports a trade. */
  readonly trade: Uint8Array;
}

const LAST_TRADE_TIME_AT = 44;
const EXCHANGE_TIME_AT = 60;
const INDEX_EXCHANGE_TIME_AT = 28;
const BUSY_SHARE = 0.2;
const BUSY_PACKETS = 0.8;

/** The instruments of a stream: indices, stocks, futures and option chains, as the simulator lists them today. */
export function benchInstruments(count: number, seed: number): SimulatedInstrument[] {
  return listInstruments({ calendar: alwaysOpen(), seed, today: istDayNumber(Date.now()), count });
}

/**
 * Frames of a made-up but plausible stream, encoded before anything is measured: first one snapshot of every
 * instrument, then packets that trade, move the book or move open interest. A fifth of the instruments gets four
 * fifths of the packets. Prices walk tick by tick, volume and day fields follow, books stand around the price.
 */
export function encodeFrames(options: FrameOptions): {
  snapshots: EncodedFrame[];
  frames: EncodedFrame[];
  tokens: number[];
} {
  const listed = benchInstruments(options.instruments, options.seed);
  const states = listed.map((instrument, i) => new Walk(instrument, mix(options.seed, i)));
  const indexes = [...states.keys()];
  const snapshots = chunks(indexes, options.packetsPerFrame).map((part) =>
    encodedFrame(
      part,
      part.map(() => 0),
      part.map((i) => states[i]!.body()),
    ),
  );
  const frames: EncodedFrame[] = [];
  let hash = mix(options.seed, 77);
  for (let left = options.packets; left > 0; left -= options.packetsPerFrame) {
    const chosen: number[] = [];
    const trades: number[] = [];
    const bodies: Buffer[] = [];
    for (let p = Math.min(left, options.packetsPerFrame); p > 0; p--) {
      hash = mix(hash, p);
      const busy = unit(mix(hash, 1)) < BUSY_PACKETS;
      const among = busy ? states.length * BUSY_SHARE : states.length;
      const i = Math.floor(unit(mix(hash, 2)) * among);
      chosen.push(i);
      trades.push(states[i]!.move(options.mix, hash) ? 1 : 0);
      bodies.push(states[i]!.body());
    }
    frames.push(encodedFrame(chosen, trades, bodies));
  }
  return { snapshots, frames, tokens: listed.map((instrument) => instrument.token) };
}

/** Writes the times of a frame sent at `second` (epoch); `lastTrade` holds each instrument's last-trade second. */
export function stamp(frame: EncodedFrame, second: number, lastTrade: Uint32Array): void {
  const { bytes, instrument, trade } = frame;
  for (let p = 0, at = 2; p < instrument.length; p++) {
    const length = bytes.readUInt16BE(at);
    const i = instrument[p]!;
    if (trade[p] === 1) lastTrade[i] = second;
    if (length === FULL_BYTES) {
      bytes.writeUInt32BE(lastTrade[i]!, at + 2 + LAST_TRADE_TIME_AT);
      bytes.writeUInt32BE(second, at + 2 + EXCHANGE_TIME_AT);
    } else if (length === INDEX_FULL_BYTES) {
      bytes.writeUInt32BE(second, at + 2 + INDEX_EXCHANGE_TIME_AT);
    }
    at += 2 + length;
  }
}

/** One instrument's state as it walks. */
class Walk {
  readonly #index: boolean;
  readonly #fields: PacketFields;

  constructor(
    readonly instrument: SimulatedInstrument,
    hash: number,
  ) {
    this.#index = isIndexToken(instrument.token);
    const price =
      instrument.tickPaise * Math.round((500 + 400_000 * unit(mix(hash, 3)) ** 4) / instrument.tickPaise);
    const derivative = instrument.type === 'FUT' || instrument.type === 'CE' || instrument.type === 'PE';
    this.#fields = {
      token: instrument.token,
      lastPrice: price,
      lastQuantity: instrument.lotSize,
      averagePrice: price,
      volume: instrument.lotSize * Math.floor(10_000 * unit(mix(hash, 4))),
      totalBuyQuantity: 0,
      totalSellQuantity: 0,
      dayOpen: price,
      dayHigh: price,
      dayLow: price,
      previousClose: price,
      lastTradeTime: 0,
      openInterest: derivative ? instrument.lotSize * Math.floor(50_000 * unit(mix(hash, 5))) : 0,
      openInterestDayHigh: 0,
      openInterestDayLow: 0,
      exchangeTime: 0,
      depth: emptyDepth(),
    };
    if (!this.#index) fillDepth(this.#fields, instrument.tickPaise, instrument.lotSize, hash);
  }

  /** Takes one step; true when it is a trade. */
  move(shares: Mix, hash: number): boolean {
    const fields = this.#fields;
    const { tickPaise, lotSize } = this.instrument;
    const draw = unit(mix(hash, 6));
    if (this.#index || draw < shares.trades) {
      const step = Math.floor(3 * unit(mix(hash, 7))) - 1;
      fields.lastPrice = Math.max(tickPaise, fields.lastPrice + step * tickPaise);
      fields.dayHigh = Math.max(fields.dayHigh, fields.lastPrice);
      fields.dayLow = Math.min(fields.dayLow, fields.lastPrice);
      if (this.#index) return true;
      fields.lastQuantity = lotSize * (1 + Math.floor(20 * unit(mix(hash, 8))));
      fields.volume += fields.lastQuantity;
      fields.averagePrice = Math.round(0.999 * fields.averagePrice + 0.001 * fields.lastPrice);
      if (unit(mix(hash, 9)) < shares.tradesMovingBook) fillDepth(fields, tickPaise, lotSize, mix(hash, 10));
      return true;
    }
    if (draw < shares.trades + shares.depth) moveDepth(fields, lotSize, mix(hash, 11));
    else fields.openInterest += lotSize;
    return false;
  }

  body(): Buffer {
    const body = Buffer.allocUnsafe(this.#index ? INDEX_FULL_BYTES : FULL_BYTES);
    if (this.#index) writeIndexPacket(body, 0, this.#fields);
    else writeFullPacket(body, 0, this.#fields);
    return body;
  }
}

function encodedFrame(instruments: number[], trades: number[], bodies: Buffer[]): EncodedFrame {
  return {
    bytes: frameOf(bodies),
    instrument: Uint16Array.from(instruments),
    trade: Uint8Array.from(trades),
  };
}

function chunks<T>(items: readonly T[], size: number): T[][] {
  const parts: T[][] = [];
  for (let i = 0; i < items.length; i += size) parts.push(items.slice(i, i + size));
  return parts;
}
