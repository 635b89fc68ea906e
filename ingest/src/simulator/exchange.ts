import type { Calendar } from '../sessions/calendar.js';
import { DAY_MS, dayNumberToDate, istDayNumber } from '../sessions/ist.js';
import { EventCursor, type EventKind } from './events.js';
import { candlesOf, type Interval } from './history.js';
import type { SimulatedInstrument } from './instrument.js';
import { LiveState } from './liveState.js';
import type { ExchangeCandle } from './model/candle.js';
import { SimulatedMarket } from './model/market.js';
import type { Market } from './model/tradedDay.js';
import type { PacketFields } from './packet.js';
import { listInstruments } from './universe.js';

export interface ExchangeOptions {
  readonly calendar: Calendar;
  /** Default 1. */
  readonly seed?: number;
  /** How many instruments, 53 to 9000; default 500. */
  readonly instruments?: number;
  /** Epoch milliseconds that decide which contracts are listed. */
  readonly now: number;
}

/** One thing that happened, as the stream tells it. Prices in paise. */
export interface ExchangeEvent {
  readonly kind: EventKind;
  /** Epoch milliseconds. */
  readonly at: number;
  readonly pricePaise: number;
  /** Shares or contracts times lot size; 0 for an index and for a change of open interest. */
  readonly quantity: number;
  /** Open interest after an `oi` event, else undefined. */
  readonly oi: number | undefined;
}

/**
 * The exchange without sockets: what was traded, when, and what history says of it. Times are epoch milliseconds,
 * prices paise. Pure: the same question has the same answer at any time.
 */
export class SimulatedExchange {
  readonly #byToken: ReadonlyMap<number, SimulatedInstrument>;
  readonly #bySymbol: ReadonlyMap<string, SimulatedInstrument>;

  constructor(
    readonly market: Market,
    readonly calendar: Calendar,
    /** The session group of an instrument on an IST day number. */
    readonly groupOf: (instrument: SimulatedInstrument, day: number) => string,
  ) {
    this.#byToken = new Map(market.instruments.map((i) => [i.token, i]));
    this.#bySymbol = new Map(market.instruments.map((i) => [`${i.exchange}:${i.symbol}`, i]));
  }

  /** The simulated market of `options.seed` as listed on the day of `options.now`. */
  static simulate(options: ExchangeOptions): SimulatedExchange {
    const seed = options.seed ?? 1;
    const { calendar } = options;
    const count = options.instruments ?? 500;
    const instruments = listInstruments({ calendar, seed, today: istDayNumber(options.now), count });
    const market = new SimulatedMarket({ calendar, seed, instruments });
    return new SimulatedExchange(market, calendar, (instrument, day) => market.groupOf(instrument, day));
  }

  get instruments(): readonly SimulatedInstrument[] {
    return this.market.instruments;
  }

  instrument(token: number): SimulatedInstrument | undefined {
    return this.#byToken.get(token);
  }

  /** By `NSE:INFY`. */
  named(key: string): SimulatedInstrument | undefined {
    return this.#bySymbol.get(key);
  }

  /** Candles whose bucket starts in `[from, to)`, as known at `until` (default: when all has happened). */
  candles(
    token: number,
    interval: Interval,
    from: number,
    to: number,
    until = Number.POSITIVE_INFINITY,
  ): ExchangeCandle[] {
    return candlesOf(this.market, this.#known(token), interval, from, to, until);
  }

  minuteCandles(token: number, from: number, to: number): ExchangeCandle[] {
    return this.candles(token, 'minute', from, to);
  }

  dayCandles(token: number, from: number, to: number): ExchangeCandle[] {
    return this.candles(token, 'day', from, to);
  }

  /** Everything that happens to an instrument in `[from, to)`. */
  eventsBetween(token: number, from: number, to: number): ExchangeEvent[] {
    const events: ExchangeEvent[] = [];
    // The cursor looks a few days ahead; a sleepy contract may need to be asked for each of them.
    for (let start = from; start < to; start += DAY_MS) {
      const end = Math.min(to, start + DAY_MS);
      const cursor = new EventCursor(this.market, this.#known(token), start);
      for (; cursor.at < end; cursor.advance()) {
        const { kind, at, pricePaise, quantity } = cursor;
        events.push({ kind, at, pricePaise, quantity, oi: kind === 'oi' ? cursor.oi : undefined });
      }
    }
    return events;
  }

  /** What a packet of `token` says at `at`: the state after everything up to then. */
  packetAt(token: number, at: number): PacketFields {
    const instrument = this.#known(token);
    const { fields } = new LiveState(this.market, instrument, at);
    fields.exchangeTime = this.exchangeTime(instrument, fields, at);
    return fields;
  }

  /**
   * The exchange's stamp (whole seconds) of a packet sent at `at` that reports nothing new: now inside a session,
   * else the end of the last one. An index is always stamped with its last value.
   */
  exchangeTime(instrument: SimulatedInstrument, fields: PacketFields, at: number): number {
    if (instrument.type === 'INDEX') return fields.exchangeTime;
    for (let day = istDayNumber(at), d = day; d > day - 10; d--) {
      const sessions = this.#sessions(instrument, d);
      for (let s = sessions.length - 1; s >= 0; s--) {
        const { opensAt, closesAt } = sessions[s]!;
        if (at < opensAt) continue;
        const stamp = Math.floor(Math.min(at, closesAt - 1) / 1000);
        return Math.max(stamp, fields.lastTradeTime);
      }
    }
    return fields.lastTradeTime;
  }

  /** Whether the instrument is in continuous session at `at`. */
  isOpen(instrument: SimulatedInstrument, at: number): boolean {
    const { first, last } = this.market.span(instrument);
    const day = istDayNumber(at);
    if (day < first || day > last) return false;
    return this.#sessions(instrument, day).some(
      (s) => s.kind === 'continuous' && at >= s.opensAt && at < s.closesAt,
    );
  }

  #sessions(instrument: SimulatedInstrument, day: number) {
    return this.calendar.sessions(this.groupOf(instrument, day), dayNumberToDate(day));
  }

  #known(token: number): SimulatedInstrument {
    const found = this.#byToken.get(token);
    if (!found) throw new RangeError(`no instrument has the token ${token}`);
    return found;
  }
}
