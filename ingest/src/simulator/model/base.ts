import type { Ohlc } from './candle.js';
import { type BaseSpec, VIX_TOKEN } from './companies.js';
import type { Grids, SessionGrid } from './grid.js';
import { Recent } from './lru.js';
import { hashText, mix, signed, unit, walk } from './noise.js';

/** 2026-01-01: prices in `companies.ts` are of about this day. */
const ANCHOR_DAY = 20_454;
const DRIFT_PER_DAY = Math.log(1.08) / 365;
const WALK_DAYS = 512;
const REVERTING_DAYS = 32;
const PREOPEN_SHARE = 0.01;
const AUCTION_SHARE = 0.05;

/** One day of an underlying. Prices in paise, volumes in shares. */
export interface BaseDay {
  /** What the 1d candle says: the open may be the pre-open's, the close the closing auction's. */
  readonly official: Ohlc;
  /** First, highest, lowest and last price of the continuous sessions. */
  readonly continuous: Ohlc;
  readonly previousClose: number;
  readonly preopenVolume: number;
  readonly auctionVolume: number;
  readonly continuousVolume: number;
}

/**
 * The price of one underlying over the years, day by day: close = a fractal walk over the day number,
 * so that any date costs the same and nothing needs to be stored.
 */
export class BaseProcess {
  readonly hash: number;
  readonly #market: number;
  readonly #days = new Recent<BaseDay>(1024);

  constructor(
    readonly spec: BaseSpec,
    readonly seed: number,
    readonly group: string,
    readonly grids: Grids,
  ) {
    this.#market = mix(hashText('market'), seed);
    this.hash = mix(hashText(spec.symbol), seed);
  }

  /** The day's prices, which exist even where the calendar has no session (an option may need its volatility). */
  day(day: number): BaseDay {
    return this.#days.get(day, () => this.#make(day));
  }

  grid(day: number): SessionGrid {
    return this.grids.on(this.group, day);
  }

  round(paise: number): number {
    const { tickPaise } = this.spec;
    return Math.max(tickPaise, Math.round(paise / tickPaise) * tickPaise);
  }

  #close(day: number): number {
    const { spec } = this;
    if (spec.token === VIX_TOKEN)
      return this.round(1500 * Math.exp(0.06 * walk(this.hash, day, REVERTING_DAYS)));
    const own = spec.beta === 1 ? 0 : walk(this.hash, day, WALK_DAYS);
    const moved = spec.beta * 0.0075 * walk(this.#market, day, WALK_DAYS);
    const independent = Math.sqrt(Math.max(0, spec.dailyVolatility ** 2 - (spec.beta * 0.0075) ** 2));
    const log = DRIFT_PER_DAY * (day - ANCHOR_DAY) + moved + independent * own;
    return this.round(spec.price * 100 * Math.exp(log));
  }

  #make(day: number): BaseDay {
    const { spec } = this;
    const grid = this.grid(day);
    const h = mix(this.hash, day);
    const close = this.#close(day);
    const previousClose = this.#close(this.grids.tradingDayBefore(this.group, day));
    const spread = spec.dailyVolatility;
    const open = this.round(previousClose * Math.exp(0.35 * spread * signed(mix(h, 1))));
    const high = this.round(Math.max(open, close) * (1 + 0.7 * spread * unit(mix(h, 2)) ** 1.5));
    const low = this.round(Math.min(open, close) * (1 - 0.7 * spread * unit(mix(h, 3)) ** 1.5));
    const near = (price: number, salt: number) =>
      Math.min(high, Math.max(low, this.round(price * (1 + 0.08 * spread * signed(mix(h, salt))))));
    const preopen = !spec.index && grid.sessions.some((s) => s.kind === 'preopen');
    const auction = !spec.index && grid.sessions.some((s) => s.kind === 'closing_auction');
    const volume = Math.round(spec.volume * Math.exp(0.8 * signed(mix(h, 4))));
    const preopenVolume = preopen ? Math.ceil(volume * PREOPEN_SHARE) : 0;
    const auctionVolume = auction ? Math.ceil(volume * AUCTION_SHARE) : 0;
    return {
      official: { open, high, low, close },
      continuous: {
        open: preopen ? near(open, 5) : open,
        high,
        low,
        close: auction ? near(close, 6) : close,
      },
      previousClose,
      preopenVolume,
      auctionVolume,
      continuousVolume: volume - preopenVolume - auctionVolume,
    };
  }
}
