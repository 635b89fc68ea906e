import type { Ohlc } from './candle.js';
import { mix, unit } from './noise.js';
import type { TradedDay } from './tradedDay.js';

/** What happens within one minute, in order of time. An entry without quantity is a change of open interest. */
export interface MinuteEvents {
  readonly length: number;
  /** Milliseconds after the minute's start, strictly increasing. */
  readonly offset: Uint16Array;
  readonly pricePaise: Int32Array;
  /** 0: no trade, open interest becomes `oi`. For an index every entry is a new value and has quantity 0 too. */
  readonly quantity: Uint32Array;
  /** Which entry changes the open interest, -1 for none. */
  readonly oiIndex: number;
  readonly oi: number;
}

const MINUTE = 60_000;

/**
 * The trades of minute `i`: the first at its open, the last at its close, with four or more one at the high and one
 * at the low; quantities are lots that add up to the minute's.
 */
export function minuteEvents(day: TradedDay, i: number): MinuteEvents {
  const trades = day.trades(i);
  const hash = mix(day.hash, 7_000_000 + i);
  const oiBefore = i === 0 ? day.openingOi : day.oiAtEnd(i - 1);
  const oi = trades === 0 ? oiBefore : day.oiAtEnd(i);
  const oiAfter = oi === oiBefore ? -1 : (hash >>> 4) % trades;
  const length = trades + (oiAfter >= 0 ? 1 : 0);
  const offset = new Uint16Array(length);
  const pricePaise = new Int32Array(length);
  const quantity = new Uint32Array(length);
  if (trades > 0) {
    times(offset, trades, hash, day.instrument.type === 'INDEX');
    prices(pricePaise, trades, hash, day, i);
    quantities(quantity, trades, hash, day, i);
  }
  if (oiAfter < 0) return { length, offset, pricePaise, quantity, oiIndex: -1, oi };
  for (let j = trades; j > oiAfter + 1; j--) {
    offset[j] = offset[j - 1]!;
    pricePaise[j] = pricePaise[j - 1]!;
    quantity[j] = quantity[j - 1]!;
  }
  const oiIndex = oiAfter + 1;
  const from = offset[oiAfter]!;
  const to = oiIndex < trades ? offset[oiIndex + 1]! : MINUTE - 1;
  offset[oiIndex] = (from + to) >> 1;
  pricePaise[oiIndex] = pricePaise[oiAfter]!;
  quantity[oiIndex] = 0;
  return { length, offset, pricePaise, quantity, oiIndex, oi };
}

function times(offset: Uint16Array, trades: number, hash: number, everySecond: boolean): void {
  const stratum = MINUTE / trades;
  // The index is published once a second; trades come at random, one in each equal part of the minute.
  for (let j = 0; j < trades; j++) {
    const within = everySecond ? 0.15 : 0.01 + 0.9 * unit(mix(hash, 100 + j));
    offset[j] = Math.floor((j + within) * stratum);
  }
}

function prices(into: Int32Array, trades: number, hash: number, day: TradedDay, i: number): void {
  const candle: Ohlc = { open: 0, high: 0, low: 0, close: 0 };
  day.ohlc(i, candle);
  into[0] = candle.open;
  into[trades - 1] = candle.close;
  if (trades === 3) {
    into[1] = candle.high > Math.max(candle.open, candle.close) ? candle.high : candle.low;
  }
  if (trades < 4) return;
  const inner = trades - 2;
  const a = 1 + ((hash >>> 3) % inner);
  const b = 1 + ((a - 1 + 1 + ((hash >>> 12) % (inner - 1))) % inner);
  into[a] = candle.high;
  into[b] = candle.low;
  const tick = day.instrument.tickPaise;
  const steps = (candle.high - candle.low) / tick;
  let last = candle.open;
  for (let j = 1; j < trades - 1; j++) {
    if (j !== a && j !== b) {
      // Half of the way back to the last price: neighbouring trades lie near each other.
      const anywhere = candle.low + Math.floor(unit(mix(hash, 200 + j)) * (steps + 1)) * tick;
      const near = Math.round((anywhere + last) / 2 / tick) * tick;
      into[j] = Math.min(candle.high, Math.max(candle.low, near));
    }
    last = into[j]!;
  }
}

function quantities(into: Uint32Array, trades: number, hash: number, day: TradedDay, i: number): void {
  const lots = day.quantity(i) / day.lot;
  if (lots === 0) return;
  const spare = lots - trades;
  let weights = 0;
  for (let j = 0; j < trades; j++) weights += unit(mix(hash, 300 + j)) ** 3 + 0.02;
  let reached = 0;
  let given = 0;
  for (let j = 0; j < trades; j++) {
    reached += unit(mix(hash, 300 + j)) ** 3 + 0.02;
    const upTo = j === trades - 1 ? spare : Math.floor((spare * reached) / weights);
    into[j] = (1 + upTo - given) * day.lot;
    given = upTo;
  }
}

/** Reduces a minute's open, high, low and close to what so few trades can show. */
export function shownBy(trades: number, hash: number, candle: Ohlc): void {
  if (trades >= 4) return;
  if (trades === 1) candle.open = candle.close;
  let high = Math.max(candle.open, candle.close);
  let low = Math.min(candle.open, candle.close);
  if (trades === 3) {
    if ((hash & 1) === 0) high = candle.high;
    else low = candle.low;
  }
  candle.high = high;
  candle.low = low;
}
