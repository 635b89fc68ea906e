import type { QuoteRow } from '../api/sql/quotes.js';
import { NONE } from '../batch/instrument-slots.js';
import { istDayNumber } from '../sessions/ist.js';
import type { CommittedTick } from './tick.js';

/** A row of day_state. Prices in rupees. */
export interface DayState {
  /** Number of the IST date. */
  day: number;
  open: number | null;
  high: number | null;
  low: number | null;
  last: number;
  previousClose: number | null;
  averagePrice: number | null;
  volume: number | null;
  openInterest: number | null;
  trades: number;
}

/** The book as a packet has it (see `unpackBook`). */
export interface KnownBook {
  readonly time: number;
  readonly book: Buffer;
}

/** What quotes_latest, day_state and depth_latest say of one instrument once everything committed is written there. */
export class InstrumentState {
  latest: CommittedTick | undefined;
  day: DayState | undefined;
  book: KnownBook | undefined;

  constructor(readonly token: number) {}

  /** Takes a committed tick, with its book when that is another one; ticks older than the latest are ignored. */
  apply(tick: CommittedTick, book?: Buffer): void {
    if (this.latest && tick.seq <= this.latest.seq) return;
    this.latest = tick;
    if (book) this.book = { time: tick.time, book };
    const { day } = this;
    if (tick.tradingDay === NONE || (day && tick.tradingDay < day.day)) return;
    const trades = tick.isTrade && tick.inSession ? 1 : 0;
    if (!day || tick.tradingDay > day.day) {
      this.day = {
        day: tick.tradingDay,
        open: tick.dayOpen,
        high: tick.dayHigh,
        low: tick.dayLow,
        last: tick.lastPrice,
        previousClose: tick.previousClose,
        averagePrice: tick.averagePrice,
        volume: tick.volume,
        openInterest: tick.openInterest,
        trades,
      };
      return;
    }
    day.open = tick.dayOpen ?? day.open;
    day.high = tick.dayHigh ?? day.high;
    day.low = tick.dayLow ?? day.low;
    day.last = tick.lastPrice;
    day.previousClose = tick.previousClose ?? day.previousClose;
    day.averagePrice = tick.averagePrice ?? day.averagePrice;
    if (tick.volume !== null) day.volume = Math.max(day.volume ?? 0, tick.volume);
    day.openInterest = tick.openInterest ?? day.openInterest;
    day.trades += trades;
  }

  /** As the query behind `GET /api/quote` joins it; undefined before the first tick. */
  quote(): QuoteRow | undefined {
    const { latest: q } = this;
    if (!q) return undefined;
    const d = this.day?.day === istDayNumber(q.lastTradeTime ?? q.time) ? this.day : undefined;
    return {
      token: this.token,
      time: q.time,
      lastPrice: q.lastPrice,
      open: d?.open ?? q.dayOpen,
      high: d?.high ?? q.dayHigh,
      low: d?.low ?? q.dayLow,
      previousClose: d?.previousClose ?? q.previousClose,
      volume: d?.volume ?? q.volume,
      averagePrice: d?.averagePrice ?? q.averagePrice,
      openInterest: d?.openInterest ?? q.openInterest,
      bidPrice: q.bidPrice,
      bidQuantity: q.bidQuantity,
      askPrice: q.askPrice,
      askQuantity: q.askQuantity,
      totalBidQuantity: q.totalBidQuantity,
      totalAskQuantity: q.totalAskQuantity,
      lastTradeTime: q.lastTradeTime,
      lastQuantity: q.lastQuantity,
    };
  }
}
