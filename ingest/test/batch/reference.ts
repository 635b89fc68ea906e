import type { Calendar } from '../../src/sessions/calendar.js';
import { istDate } from '../../src/sessions/ist.js';

/** A full packet of one instrument, or an index packet. Times in epoch seconds, prices in paise. */
export interface Said {
  ltp: number;
  volume: number;
  traded: number;
  sent: number;
  high: number;
  low: number;
}

export interface Classified {
  time: number;
  source: string;
  trade: boolean;
  open: boolean;
  delta: number | null;
  unplaced: number | null;
  high: number;
  low: number;
}

interface Before {
  said: Said;
  time: number;
  open: boolean;
  /** Of the last packet that was not of an earlier date and not overtaken: day extremes and their date. */
}

/**
 * Rules 3, 5, 8, 9, 10 and 13 as slowly and obviously as they can be written, one instrument in full mode. `hole` says
 * that something may have been missed since the last packet. Returns null for a packet that was stored already.
 */
export class Reference {
  #last: Before | undefined;
  #lastText = '';
  #highest = new Map<string, number>();
  #date = '';
  #tradeOf: Said | undefined;
  #extremes: { date: string; high: number; low: number } | undefined;

  constructor(
    private readonly calendar: Calendar,
    private readonly group: string,
    private readonly index: boolean,
  ) {}

  hear(said: Said, hole: boolean, heldUntil: number): Classified | null {
    const text = JSON.stringify(said);
    if (text === this.#lastText) return null;
    this.#lastText = text;
    const result = this.index ? this.#index(said, hole) : this.#traded(said, hole, heldUntil);
    this.#last = { said, time: result.time, open: result.open };
    return result;
  }

  #index(said: Said, hole: boolean): Classified {
    const time = said.sent * 1000;
    const open = this.calendar.isOpen(this.group, time);
    const base: Classified = {
      time,
      source: 'e',
      trade: open && !hole,
      open,
      delta: null,
      unplaced: null,
      high: said.ltp,
      low: said.ltp,
    };
    return open ? this.#widen(base, said, hole, istDate(time)) : base;
  }

  #traded(said: Said, hole: boolean, heldUntil: number): Classified {
    const date = istDate(said.traded * 1000);
    const base = {
      source: 'e',
      time: said.sent * 1000,
      trade: false,
      unplaced: null,
      high: said.ltp,
      low: said.ltp,
    };
    const isOpen = (time: number) => this.calendar.isOpen(this.group, time);
    if (date < this.#date || date < istDate(said.sent * 1000)) {
      if (date >= this.#date) this.#tradeOf = said;
      return { ...base, open: isOpen(base.time), delta: 0 };
    }
    const highest = this.#highest.get(date) ?? 0;
    const rise = said.volume - highest;
    let result: Omit<Classified, 'open'>;
    if (rise < 0) {
      result = hole
        ? { ...base, delta: 0 }
        : { ...base, trade: true, time: said.traded * 1000, source: 't', delta: 0 };
      const open = isOpen(result.time);
      this.#extremes = { date, high: said.high, low: said.low };
      return { ...result, open };
    }
    const known = this.#tradeOf;
    if (hole) {
      const trade = known !== undefined && said.traded > known.traded && said.traded * 1000 < heldUntil;
      result = { ...base, trade, delta: rise > 0 ? null : 0, unplaced: rise > 0 ? rise : null };
    } else {
      result = { ...base, trade: rise > 0 || said.traded > known!.traded, delta: rise };
    }
    if (result.trade) result = { ...result, time: said.traded * 1000, source: 't' };
    this.#date = date;
    this.#highest.set(date, said.volume);
    this.#tradeOf = said;
    return this.#widen({ ...result, open: isOpen(result.time) }, said, hole || !result.trade, date);
  }

  #widen(tick: Classified, said: Said, never: boolean, date: string): Classified {
    const before = this.#extremes;
    this.#extremes = { date, high: said.high, low: said.low };
    const minute = (ms: number) => Math.floor(ms / 60_000);
    if (never || !before || before.date !== date || !tick.open || !this.#last!.open) return tick;
    if (minute(tick.time) !== minute(this.#last!.time)) return tick;
    return {
      ...tick,
      high: said.high > before.high ? Math.max(said.high, said.ltp) : said.ltp,
      low: said.low < before.low ? Math.min(said.low, said.ltp) : said.ltp,
    };
  }
}
