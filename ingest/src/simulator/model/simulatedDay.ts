import type { SimulatedInstrument } from '../instrument.js';
import type { ExchangeCandle, Ohlc } from './candle.js';
import type { SessionGrid } from './grid.js';
import { shownBy } from './minuteEvents.js';
import { mix, unit } from './noise.js';
import type { MinutePath } from './path.js';
import type { Fair } from './pricing.js';
import type { AuctionTrade, TradedDay } from './tradedDay.js';

/** Fewest lots of a day that trades at all: four trades in the first, last, highest and lowest minute. */
export const MIN_LOTS = 16;
const ANCHOR_LOTS = 4;
const INDEX_VALUES_A_MINUTE = 60;
const MOST_TRADES = 45;
/** Shares are traded in larger numbers than lots. */
const SHARES_A_TRADE_UNIT = 16;

/** What a day is made of; `official` and `volume` include the auctions. */
export interface DayPlan {
  readonly official: Ohlc;
  readonly volume: number;
  readonly previousClose: number;
  /** Lots of the continuous sessions; 0 for an index. */
  readonly lots: number;
  readonly lot: number;
  readonly preopen: AuctionTrade | null;
  readonly closingAuction: AuctionTrade | null;
  readonly openingOi: number;
  readonly closingOi: number;
  /** How busy each minute of a day of `length` minutes is. */
  readonly tide: (length: number) => Float64Array;
  /** Of the underlying, on this day's grid. */
  readonly path: () => MinutePath;
  /** Paise of this instrument from paise of the underlying. */
  readonly fair: Fair;
  /** A put: its high is at the underlying's low. */
  readonly falling: boolean;
}

/** A day of the model: an underlying's path seen through a price function, with volume spread over the minutes. */
export class SimulatedDay implements TradedDay {
  readonly preopen: AuctionTrade | null;
  readonly closingAuction: AuctionTrade | null;
  readonly previousClose: number;
  readonly openingOi: number;
  readonly lot: number;
  readonly #isIndex: boolean;
  #path: MinutePath | undefined;
  #lotsBefore: Uint32Array | undefined;
  readonly #raw: Ohlc = { open: 0, high: 0, low: 0, close: 0 };

  constructor(
    readonly instrument: SimulatedInstrument,
    readonly day: number,
    readonly grid: SessionGrid,
    readonly hash: number,
    readonly plan: DayPlan,
  ) {
    this.preopen = plan.preopen;
    this.closingAuction = plan.closingAuction;
    this.previousClose = plan.previousClose;
    this.openingOi = plan.openingOi;
    this.lot = plan.lot;
    this.#isIndex = instrument.type === 'INDEX';
  }

  candle(): ExchangeCandle {
    const { official, volume, closingOi } = this.plan;
    return { time: 0, ...official, volume, oi: closingOi };
  }

  trades(i: number): number {
    if (this.#isIndex) return INDEX_VALUES_A_MINUTE;
    const lots = this.#lots(i);
    if (lots === 0) return 0;
    const size = this.lot === 1 ? SHARES_A_TRADE_UNIT : 1;
    const lively = 0.6 + 0.8 * unit(mix(this.hash, 9_000_000 + i));
    const wanted = 1 + Math.floor(1.5 * Math.sqrt(lots / size) * lively);
    return Math.min(lots, MOST_TRADES, this.#isAnchor(i) ? Math.max(wanted, ANCHOR_LOTS) : wanted);
  }

  quantity(i: number): number {
    return this.#isIndex ? 0 : this.#lots(i) * this.lot;
  }

  quantityBefore(i: number): number {
    return this.#isIndex ? 0 : this.#spread()[i]! * this.lot;
  }

  ohlc(i: number, into: Ohlc): void {
    const { fair, falling } = this.plan;
    const raw = this.#shown(i);
    into.open = fair(raw.open);
    into.high = fair(falling ? raw.low : raw.high);
    into.low = fair(falling ? raw.high : raw.low);
    into.close = fair(raw.close);
  }

  typical(i: number): number {
    const raw = this.#shown(i);
    return this.plan.fair((raw.open + raw.high + raw.low + raw.close) / 4);
  }

  range(from: number, to: number): { high: number; low: number } | null {
    let high = 0;
    let low = Number.POSITIVE_INFINITY;
    for (let i = from; i < to; i++) {
      if (this.trades(i) === 0) continue;
      const raw = this.#shown(i);
      if (raw.high > high) high = raw.high;
      if (raw.low < low) low = raw.low;
    }
    if (high === 0) return null;
    const { fair, falling } = this.plan;
    return falling ? { high: fair(low), low: fair(high) } : { high: fair(high), low: fair(low) };
  }

  oiAtEnd(i: number): number {
    if (this.plan.closingOi === 0) return 0;
    for (let j = i; j >= 0; j--) if (this.#changesOi(j)) return this.#oiAfter(j);
    return this.openingOi;
  }

  oiRange(i: number): { high: number; low: number } | null {
    if (this.plan.closingOi === 0) return null;
    let high = this.openingOi;
    let low = this.openingOi;
    for (let j = 0; j < i; j++) {
      if (!this.#changesOi(j)) continue;
      const oi = this.#oiAfter(j);
      if (oi > high) high = oi;
      if (oi < low) low = oi;
    }
    return { high, low };
  }

  /** Open interest is published in some of the minutes that trade, always in the day's last. */
  #changesOi(i: number): boolean {
    if (this.#lots(i) === 0) return false;
    return i === this.grid.length - 1 || (mix(this.hash, 8_000_000 + i) & 3) === 0;
  }

  #oiAfter(i: number): number {
    const { openingOi, closingOi, lots } = this.plan;
    const done = this.#spread()[i + 1]! / lots;
    const swing = 0.02 * closingOi * done * (1 - done);
    const oi = openingOi + (closingOi - openingOi) * done + swing;
    return Math.max(0, Math.round(oi / this.lot)) * this.lot;
  }

  /** The underlying's prices of minute `i`, reduced to what its number of trades shows. Valid until the next call. */
  #shown(i: number): Ohlc {
    this.#path ??= this.plan.path();
    const raw = this.#raw;
    raw.open = this.#path.open[i]!;
    raw.high = this.#path.high[i]!;
    raw.low = this.#path.low[i]!;
    raw.close = this.#path.close[i]!;
    shownBy(this.trades(i), mix(this.hash, 6_000_000 + i), raw);
    return raw;
  }

  #isAnchor(i: number): boolean {
    this.#path ??= this.plan.path();
    return i === 0 || i === this.grid.length - 1 || i === this.#path.highMinute || i === this.#path.lowMinute;
  }

  #lots(i: number): number {
    const before = this.#spread();
    return before[i + 1]! - before[i]!;
  }

  /** Lots traded before each minute: much at the open and the close, in clumps where little is traded. */
  #spread(): Uint32Array {
    if (this.#lotsBefore) return this.#lotsBefore;
    const n = this.grid.length;
    const { lots } = this.plan;
    this.#path ??= this.plan.path();
    const reached = new Float64Array(n + 1);
    const tide = this.plan.tide(n);
    const clumpy = lots < 8 * n;
    for (let i = 0; i < n; i++) {
      const u = unit(mix(this.hash, 5_000_000 + i));
      reached[i + 1] = reached[i]! + tide[i]! * (clumpy ? u * u * u * u : 0.5 + u);
    }
    const spare = lots - 4 * ANCHOR_LOTS;
    const scale = spare / reached[n]!;
    const extra = new Uint8Array(n);
    for (const i of [0, n - 1, this.#path.highMinute, this.#path.lowMinute]) extra[i]! += ANCHOR_LOTS;
    const before = new Uint32Array(n + 1);
    let anchored = 0;
    for (let i = 0; i < n; i++) {
      anchored += extra[i]!;
      before[i + 1] = anchored + (i === n - 1 ? spare : Math.floor(reached[i + 1]! * scale));
    }
    this.#lotsBefore = before;
    return before;
  }
}
