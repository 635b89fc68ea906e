import { istDayNumber } from '../sessions/ist.js';
import type { SimulatedInstrument } from './instrument.js';
import { type MinuteEvents, minuteEvents } from './model/minuteEvents.js';
import type { Market, TradedDay } from './model/tradedDay.js';

/** `trade`: a new price (for an index, a new value); `oi`: only open interest changed; `auction`: a trade outside the minutes. */
export type EventKind = 'trade' | 'oi' | 'auction';

const SEARCH_DAYS = 12;

/**
 * Walks through what happens to one instrument, in order of time, and tells the present event in its fields.
 * `at` is Infinity when nothing happens within the next days.
 */
export class EventCursor {
  /** Epoch milliseconds of the present event. */
  at = Number.POSITIVE_INFINITY;
  kind: EventKind = 'trade';
  pricePaise = 0;
  quantity = 0;
  /** Open interest after an event of kind `oi`. */
  oi = 0;
  /** The day of the present event. */
  day: TradedDay | undefined;
  /** Minute of the present event, -1 for the pre-open, the grid's length for the closing auction. */
  minute = -1;
  #events: MinuteEvents | undefined;
  #next = 0;

  /** Stands on the first event at or after `from` (epoch milliseconds). */
  constructor(
    readonly market: Market,
    readonly instrument: SimulatedInstrument,
    from: number,
  ) {
    this.#enter(istDayNumber(from), from);
    while (this.at < from) this.advance();
  }

  /** Goes to the next event. */
  advance(): void {
    const { day } = this;
    if (!day) return;
    if (this.#events && this.#next < this.#events.length) {
      this.#show();
      return;
    }
    this.#seek(this.minute + 1);
  }

  /** Stands on the first event of `dayNumber` or a later day; minutes that end before `from` are skipped. */
  #enter(dayNumber: number, from: number): void {
    const last = Math.min(dayNumber + SEARCH_DAYS, this.market.span(this.instrument).last);
    for (let d = dayNumber; d <= last; d++) {
      const day = this.market.day(this.instrument, d);
      if (!day) continue;
      this.day = day;
      this.minute = -1;
      if (day.preopen && day.preopen.at >= from) {
        this.#auction(day.preopen.at, day.preopen.pricePaise, day.preopen.quantity);
        return;
      }
      this.#seek(Math.max(0, day.grid.indexAt(from)));
      if (this.at !== Number.POSITIVE_INFINITY) return;
    }
    this.day = undefined;
    this.at = Number.POSITIVE_INFINITY;
  }

  #seek(from: number): void {
    const day = this.day!;
    const { length } = day.grid;
    for (let i = from; i < length; i++) {
      if (day.trades(i) === 0) continue;
      this.minute = i;
      this.#events = minuteEvents(day, i);
      this.#next = 0;
      this.#show();
      return;
    }
    this.#events = undefined;
    if (day.closingAuction && from <= length) {
      this.minute = length;
      this.#auction(day.closingAuction.at, day.closingAuction.pricePaise, day.closingAuction.quantity);
      return;
    }
    this.at = Number.POSITIVE_INFINITY;
    this.#enter(day.day + 1, 0);
  }

  #auction(at: number, pricePaise: number, quantity: number): void {
    this.kind = 'auction';
    this.at = at;
    this.pricePaise = pricePaise;
    this.quantity = quantity;
  }

  #show(): void {
    const events = this.#events!;
    const j = this.#next++;
    this.at = this.day!.grid.at(this.minute) + events.offset[j]!;
    this.pricePaise = events.pricePaise[j]!;
    this.quantity = events.quantity[j]!;
    this.kind = j === events.oiIndex ? 'oi' : 'trade';
    if (this.kind === 'oi') this.oi = events.oi;
  }
}
