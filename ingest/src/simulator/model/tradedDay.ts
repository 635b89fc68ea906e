import type { SimulatedInstrument } from '../instrument.js';
import type { ExchangeCandle, Ohlc } from './candle.js';
import type { MinuteGrid } from './grid.js';

/** A trade outside the continuous sessions: it counts for the day and for no minute. */
export interface AuctionTrade {
  readonly at: number;
  readonly pricePaise: number;
  readonly quantity: number;
}

/**
 * One day on which an instrument trades, by minute of its grid. Everything the exchange says, ticks, minutes
 * and days alike, is read from here.
 */
export interface TradedDay {
  readonly instrument: SimulatedInstrument;
  /** IST day number. */
  readonly day: number;
  readonly grid: MinuteGrid;
  readonly preopen: AuctionTrade | null;
  readonly closingAuction: AuctionTrade | null;
  readonly previousClose: number;
  /** Open interest before the first change of the day. */
  readonly openingOi: number;
  /** Names this day in the deterministic noise. */
  readonly hash: number;
  /** How many trades fall into minute `i`; 0 means that it has no candle. */
  trades(i: number): number;
  /** Shares (or contracts times lot size) traded in minute `i`. */
  quantity(i: number): number;
  /** Shares traded in the minutes before `i`, auctions left out. */
  quantityBefore(i: number): number;
  /** Smallest tradable quantity: the lot. Quantities are whole multiples. */
  readonly lot: number;
  /** Writes the open, high, low and close of minute `i`, which must have trades, into `into`. */
  ohlc(i: number, into: Ohlc): void;
  /** A price that stands for all trades of minute `i`. */
  typical(i: number): number;
  /** Highest and lowest price of the minutes in `[from, to)` that traded; null when none did. */
  range(from: number, to: number): { high: number; low: number } | null;
  /** Open interest at the end of minute `i`. */
  oiAtEnd(i: number): number;
  /** Highest and lowest open interest at the ends of the minutes before `i`; null for what has none. */
  oiRange(i: number): { high: number; low: number } | null;
  /** The day's candle: costs the same for any day. */
  candle(): ExchangeCandle;
}

/** What the instruments of an exchange do, day by day. */
export interface Market {
  readonly instruments: readonly SimulatedInstrument[];
  /** Undefined on a day without trades. Cheap until a minute is asked for. */
  day(instrument: SimulatedInstrument, day: number): TradedDay | undefined;
  /** The first and the last day on which the instrument can have trades. */
  span(instrument: SimulatedInstrument): { first: number; last: number };
}
