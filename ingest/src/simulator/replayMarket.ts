import { istDayNumber } from '../sessions/ist.js';
import type { SimulatedInstrument } from './instrument.js';
import type { ExchangeCandle, Ohlc } from './model/candle.js';
import type { MinuteGrid } from './model/grid.js';
import { hashText, mix } from './model/noise.js';
import type { Market, TradedDay } from './model/tradedDay.js';
import { type FileMinute, fewestTrades } from './replayFile.js';

const VALUES_A_MINUTE = 60;
const MOST_TRADES = 40;

/** The market of one recorded minute file: its days are the file's, only what lies inside a minute is invented. */
export class ReplayMarket implements Market {
  readonly instruments: readonly SimulatedInstrument[];
  readonly #days = new Map<number, ReplayDay>();
  readonly #span: { first: number; last: number };

  constructor(instrument: SimulatedInstrument, minutes: readonly FileMinute[]) {
    this.instruments = [instrument];
    const byDay = new Map<number, FileMinute[]>();
    for (const minute of minutes) {
      const day = istDayNumber(minute.time);
      const found = byDay.get(day);
      if (found) found.push(minute);
      else byDay.set(day, [minute]);
    }
    let before: FileMinute | undefined;
    for (const [day, of] of byDay) {
      this.#days.set(day, new ReplayDay(instrument, day, of, before));
      before = of.at(-1);
    }
    const numbers = [...this.#days.keys()];
    this.#span = { first: numbers[0] ?? 0, last: numbers.at(-1) ?? -1 };
  }

  day(_instrument: SimulatedInstrument, day: number): TradedDay | undefined {
    return this.#days.get(day);
  }

  span(): { first: number; last: number } {
    return this.#span;
  }
}

class ReplayDay implements TradedDay {
  readonly grid: MinuteGrid;
  readonly hash: number;
  readonly preopen = null;
  readonly closingAuction = null;
  readonly previousClose: number;
  readonly openingOi: number;
  readonly lot = 1;
  readonly #before: Float64Array;

  constructor(
    readonly instrument: SimulatedInstrument,
    readonly day: number,
    readonly minutes: readonly FileMinute[],
    before: FileMinute | undefined,
  ) {
    this.hash = mix(hashText(instrument.symbol), day);
    this.previousClose = before?.close ?? minutes[0]!.open;
    this.openingOi = before?.oi ?? minutes[0]!.oi;
    this.#before = new Float64Array(minutes.length + 1);
    for (const [i, minute] of minutes.entries()) this.#before[i + 1] = this.#before[i]! + minute.volume;
    this.grid = {
      length: minutes.length,
      at: (i) => minutes[i]!.time,
      indexAt: (ms) => lastAtOrBefore(minutes, ms),
    };
  }

  trades(i: number): number {
    if (this.instrument.type === 'INDEX') return VALUES_A_MINUTE;
    const minute = this.minutes[i]!;
    const { volume } = minute;
    if (volume < 4) return Math.min(volume, fewestTrades(minute));
    return Math.min(volume, MOST_TRADES, 4 + (mix(this.hash, i) & 31));
  }

  quantity(i: number): number {
    return this.minutes[i]!.volume;
  }

  quantityBefore(i: number): number {
    return this.#before[i]!;
  }

  ohlc(i: number, into: Ohlc): void {
    const { open, high, low, close } = this.minutes[i]!;
    into.open = open;
    into.high = high;
    into.low = low;
    into.close = close;
  }

  typical(i: number): number {
    const { open, high, low, close } = this.minutes[i]!;
    return (open + high + low + close) / 4;
  }

  range(from: number, to: number): { high: number; low: number } | null {
    const minutes = this.minutes.slice(from, to);
    if (minutes.length === 0) return null;
    return { high: Math.max(...minutes.map((m) => m.high)), low: Math.min(...minutes.map((m) => m.low)) };
  }

  oiAtEnd(i: number): number {
    return this.minutes[i]!.oi;
  }

  oiRange(i: number): { high: number; low: number } | null {
    const values = [this.openingOi, ...this.minutes.slice(0, i).map((m) => m.oi)];
    const high = Math.max(...values);
    return high === 0 ? null : { high, low: Math.min(...values) };
  }

  candle(): ExchangeCandle {
    const { length } = this.minutes;
    const range = this.range(0, length)!;
    const last = this.minutes[length - 1]!;
    return {
      time: 0,
      open: this.minutes[0]!.open,
      ...range,
      close: last.close,
      volume: this.#before[length]!,
      oi: last.oi,
    };
  }
}

function lastAtOrBefore(minutes: readonly FileMinute[], ms: number): number {
  let low = 0;
  let high = minutes.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (minutes[middle]!.time <= ms) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
