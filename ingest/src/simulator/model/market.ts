import type { Calendar } from '../../sessions/calendar.js';
import { dateToDayNumber } from '../../sessions/ist.js';
import type { SimulatedInstrument } from '../instrument.js';
import { BaseProcess } from './base.js';
import type { Ohlc } from './candle.js';
import { BASES, INDICES, STOCKS, VIX_TOKEN } from './companies.js';
import { Grids, type SessionGrid } from './grid.js';
import { Recent } from './lru.js';
import { hashText, mix, signed, unit } from './noise.js';
import { bridgePath, extendPath, type MinutePath, tailClose } from './path.js';
import { type Fair, fairPrice } from './pricing.js';
import { type DayPlan, MIN_LOTS, SimulatedDay } from './simulatedDay.js';
import type { AuctionTrade, Market } from './tradedDay.js';

const IDENTITY: Fair = (paise) => paise;
const SAME_DAY_FRACTION = 0.3;
const MONTHLY_LISTED_DAYS = 90;
const WEEKLY_LISTED_DAYS = 35;
const KEPT_PATHS = 256;
const KEPT_DAYS = 512;

export interface SimulatedMarketOptions {
  readonly calendar: Calendar;
  readonly seed: number;
  readonly instruments: readonly SimulatedInstrument[];
}

/** The model: prices, volumes and open interest of every instrument as functions of (instrument, time, seed). */
export class SimulatedMarket implements Market {
  readonly instruments: readonly SimulatedInstrument[];
  readonly grids: Grids;
  readonly #seed: number;
  readonly #bases: ReadonlyMap<number, BaseProcess>;
  readonly #vix: BaseProcess;
  readonly #hashes = new Map<number, number>();
  readonly #paths = new Recent<MinutePath>(KEPT_PATHS);
  readonly #days = new Map<number, Recent<SimulatedDay | null>>();
  readonly #shortLife: ReadonlySet<number>;
  readonly #tides = new Recent<Float64Array>(8);
  readonly #tide = (length: number) => this.#tides.get(length, () => tideOf(length));

  constructor(options: SimulatedMarketOptions) {
    this.instruments = options.instruments;
    this.#seed = options.seed;
    this.grids = new Grids(options.calendar);
    const withFuture = new Set(
      this.instruments.filter((i) => i.type === 'FUT').map((i) => i.underlyingToken),
    );
    this.#bases = basesOf(options.seed, this.grids, (token) => withFuture.has(token));
    this.#vix = this.#bases.get(VIX_TOKEN)!;
    this.#shortLife = new Set(this.instruments.filter((i) => isWeekly(i)).map((i) => i.token));
  }

  /** The price process of an index or stock. */
  base(token: number): BaseProcess {
    return this.#bases.get(token)!;
  }

  /** The session group that an instrument keeps on a day. */
  groupOf(instrument: SimulatedInstrument, day: number): string {
    if (instrument.expiryDay === null) return this.base(instrument.token).group;
    const lastDayOfIndex = day === instrument.expiryDay && this.base(instrument.underlyingToken).spec.index;
    return lastDayOfIndex ? 'derivatives_expiring_index' : 'derivatives';
  }

  span(instrument: SimulatedInstrument): { first: number; last: number } {
    const { expiryDay } = instrument;
    if (expiryDay === null)
      return { first: dateToDayNumber(this.grids.calendar.firstDay), last: Number.POSITIVE_INFINITY };
    const life = this.#shortLife.has(instrument.token) ? WEEKLY_LISTED_DAYS : MONTHLY_LISTED_DAYS;
    return { first: expiryDay - life, last: expiryDay };
  }

  day(instrument: SimulatedInstrument, day: number): SimulatedDay | undefined {
    const { first, last } = this.span(instrument);
    if (day < first || day > last) return undefined;
    let days = this.#days.get(day);
    if (!days) {
      days = new Recent(KEPT_DAYS);
      this.#days.set(day, days);
      if (this.#days.size > 4) this.#days.delete(this.#days.keys().next().value!);
    }
    return days.get(instrument.token, () => this.#make(instrument, day)) ?? undefined;
  }

  #make(instrument: SimulatedInstrument, day: number): SimulatedDay | null {
    const grid = this.grids.on(this.groupOf(instrument, day), day);
    if (grid.length === 0) return null;
    const plan =
      instrument.expiryDay === null
        ? this.#cash(instrument, day, grid)
        : this.#contract(instrument, day, grid);
    return plan && new SimulatedDay(instrument, day, grid, mix(this.#hash(instrument), day), plan);
  }

  #cash(instrument: SimulatedInstrument, day: number, grid: SessionGrid): DayPlan {
    const base = this.base(instrument.token);
    const is = base.day(day);
    return {
      official: is.official,
      volume: is.preopenVolume + is.continuousVolume + is.auctionVolume,
      previousClose: is.previousClose,
      lots: is.continuousVolume,
      lot: 1,
      preopen: auctionTrade(grid, 'preopen', is.official.open, is.preopenVolume),
      closingAuction: auctionTrade(grid, 'closing_auction', is.official.close, is.auctionVolume),
      openingOi: 0,
      closingOi: 0,
      tide: this.#tide,
      path: () => this.#path(base, day, grid),
      fair: IDENTITY,
      falling: false,
    };
  }

  #contract(instrument: SimulatedInstrument, day: number, grid: SessionGrid): DayPlan | null {
    const lots = this.#lots(instrument, day);
    if (lots === 0) return null;
    const base = this.base(instrument.underlyingToken);
    const fair = this.#fair(instrument, day);
    const before = this.#tradedBefore(instrument, day);
    const prior = before === undefined ? undefined : this.#official(instrument, before);
    return {
      official: this.#official(instrument, day),
      volume: lots * instrument.lotSize,
      previousClose: prior ? prior.close : fair(base.day(day).previousClose),
      lots,
      lot: instrument.lotSize,
      preopen: null,
      closingAuction: null,
      openingOi: before === undefined ? 0 : this.#oi(instrument, before),
      closingOi: this.#oi(instrument, day),
      tide: this.#tide,
      path: () => this.#path(base, day, grid),
      fair,
      falling: instrument.type === 'PE',
    };
  }

  /** The day's open, high, low and close of a contract, from its underlying's. */
  #official(instrument: SimulatedInstrument, day: number): Ohlc {
    const base = this.base(instrument.underlyingToken);
    const fair = this.#fair(instrument, day);
    const { open, high, low, close } = base.day(day).continuous;
    const grid = this.grids.on(this.groupOf(instrument, day), day);
    const falling = instrument.type === 'PE';
    return {
      open: fair(open),
      high: fair(falling ? low : high),
      low: fair(falling ? high : low),
      close: fair(outlasts(grid, base.grid(day)) ? tailClose(base, day) : close),
    };
  }

  #fair(instrument: SimulatedInstrument, day: number): Fair {
    const base = this.base(instrument.underlyingToken);
    const vix = this.#vix.day(day).official.open / 10_000;
    const yearly = base.spec.dailyVolatility * Math.sqrt(252);
    const level = base.spec.index
      ? vix * (base.spec.beta > 1 ? 1.15 : 1)
      : yearly * (0.5 + (0.5 * vix) / 0.15);
    const away = instrument.strikePaise ? Math.log(instrument.strikePaise / base.day(day).official.open) : 0;
    return fairPrice({
      kind: instrument.type === 'CE' ? 'CE' : instrument.type === 'PE' ? 'PE' : 'FUT',
      strikePaise: instrument.strikePaise,
      years: (instrument.expiryDay! - day + SAME_DAY_FRACTION) / 365,
      volatility: level * (1 + Math.min(0.6, 2 * Math.abs(away))),
    });
  }

  /** Lots that a contract trades on a day: fewer the farther from the money and from its expiry, often none. */
  #lots(instrument: SimulatedInstrument, day: number): number {
    const { first } = this.span(instrument);
    const base = this.base(instrument.underlyingToken);
    if (this.grids.on(this.groupOf(instrument, day), day).length === 0) return 0;
    const h = mix(mix(this.#hash(instrument), day), 55);
    const chance = Math.exp(1.2 * signed(h));
    const left = instrument.expiryDay! - day;
    const near = Math.exp(-left / (base.spec.index ? 12 : 20));
    const busy = base.spec.index ? 1 : 0.02;
    let lots: number;
    if (instrument.type === 'FUT') {
      lots = (base.spec.index ? 90_000 : 14_000) * (0.05 + near) * chance;
    } else {
      const sigma = base.spec.dailyVolatility * Math.sqrt(Math.max(1, left));
      const z = Math.log(instrument.strikePaise / base.day(day).official.open) / Math.max(sigma, 0.012);
      lots = 900_000 * busy * (0.02 + near) * Math.exp(-1.1 * z * z - 0.9 * Math.abs(z)) * chance;
    }
    if (lots >= MIN_LOTS) return Math.floor(lots);
    const listing = day === this.#firstSession(instrument, first);
    return listing || lots > MIN_LOTS * unit(mix(h, 1)) ? MIN_LOTS + ((h >>> 5) % 9) : 0;
  }

  /** Every contract trades on the day it is listed, so that it always has a last price. */
  #firstSession(instrument: SimulatedInstrument, first: number): number {
    let day = first;
    while (day < instrument.expiryDay! && this.grids.on('derivatives', day).length === 0) day++;
    return day;
  }

  #tradedBefore(instrument: SimulatedInstrument, day: number): number | undefined {
    const { first } = this.span(instrument);
    for (let d = day - 1; d >= first; d--) if (this.#lots(instrument, d) > 0) return d;
    return undefined;
  }

  /** Open interest at the end of a day that traded: grows from the listing, wanes towards the expiry. */
  #oi(instrument: SimulatedInstrument, day: number): number {
    const h = this.#hash(instrument);
    const { first, last } = this.span(instrument);
    const age = (day - first + 1) / (last - first + 1);
    const shape = Math.min(1, 3 * age) * (1 - 0.35 * age ** 6);
    const base = this.base(instrument.underlyingToken);
    const size = instrument.type === 'FUT' ? 60_000 : 45_000 * (base.spec.index ? 1 : 0.08);
    const z =
      instrument.type === 'FUT'
        ? 0
        : Math.log(instrument.strikePaise / base.day(day).official.open) / (base.spec.dailyVolatility * 5);
    const lots = size * shape * Math.exp(-0.4 * z * z) * (0.7 + 0.6 * unit(mix(h, day)));
    return (10 + Math.floor(lots)) * instrument.lotSize;
  }

  #path(base: BaseProcess, day: number, grid: SessionGrid): MinutePath {
    const own = base.grid(day);
    const slot = base.spec.token * 40_000 + day;
    const { continuous } = base.day(day);
    if (own.length === 0 || !grid.startsWith(own)) {
      return this.#paths.get(-slot * 2 - 1, () => bridgePath(base, day, grid.length, continuous));
    }
    const path = this.#paths.get(slot * 2, () => bridgePath(base, day, own.length, continuous));
    if (grid.length === own.length) return path;
    return this.#paths.get(slot * 2 + 1, () => extendPath(base, day, path, grid.length));
  }

  #hash(instrument: SimulatedInstrument): number {
    let hash = this.#hashes.get(instrument.token);
    if (hash === undefined) {
      hash = mix(mix(hashText(instrument.symbol), this.#seed), 77);
      this.#hashes.set(instrument.token, hash);
    }
    return hash;
  }
}

/** The price processes. A stock keeps the hours of `cash_with_derivatives` when the dump has a future on it. */
export function basesOf(
  seed: number,
  grids: Grids,
  hasFuture: (token: number) => boolean,
): Map<number, BaseProcess> {
  const group = (token: number) => (hasFuture(token) ? 'cash_with_derivatives' : 'cash');
  return new Map(
    BASES.map((spec) => {
      const keeps = INDICES.includes(spec) ? 'index' : STOCKS.includes(spec) ? group(spec.token) : 'cash';
      return [spec.token, new BaseProcess(spec, seed, keeps, grids)];
    }),
  );
}

/** Much is traded at the open and at the close, less between. */
function tideOf(length: number): Float64Array {
  return Float64Array.from(
    { length },
    (_, i) => 0.6 + 1.8 * Math.exp(-i / 25) + 1.2 * Math.exp((i + 1 - length) / 20),
  );
}

/** Whether the derivative trades on after its underlying has closed. */
function outlasts(grid: SessionGrid, underlying: SessionGrid): boolean {
  return underlying.length > 0 && grid.length > underlying.length && grid.startsWith(underlying);
}

/** A weekly contract carries the day in its symbol (`NIFTY26N2425000CE`), a monthly the month's name. */
function isWeekly(instrument: SimulatedInstrument): boolean {
  return (
    instrument.expiryDay !== null &&
    !/^\d\d[A-Z]{3}(\d|FUT)/.test(instrument.symbol.slice(instrument.name.length))
  );
}

function auctionTrade(
  grid: SessionGrid,
  kind: 'preopen' | 'closing_auction',
  pricePaise: number,
  quantity: number,
): AuctionTrade | null {
  const session = grid.sessions.find((s) => s.kind === kind);
  if (!session || quantity === 0) return null;
  // Orders are matched near the end of either auction.
  const at = session.closesAt - Math.min(60_000, (session.closesAt - session.opensAt) / 8);
  return { at, pricePaise, quantity };
}
