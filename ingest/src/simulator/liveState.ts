import { istDayNumber } from '../sessions/ist.js';
import { fillDepth } from './depth.js';
import { EventCursor, type EventKind } from './events.js';
import type { SimulatedInstrument } from './instrument.js';
import type { Ohlc } from './model/candle.js';
import { minuteEvents } from './model/minuteEvents.js';
import { mix } from './model/noise.js';
import type { Market, TradedDay } from './model/tradedDay.js';
import { emptyDepth, type PacketFields } from './packet.js';

const SEARCH_DAYS = 500;

/**
 * What the exchange shows of one instrument: all that a packet says, kept up by stepping through its events.
 * Day fields, volume and last-trade time are those of the day of the last trade, however old it is.
 */
export class LiveState {
  readonly fields: PacketFields;
  /** The events that have not been applied yet; its `at` says when the next one is due. */
  next: EventCursor;
  /** The day of the last trade. */
  day: TradedDay | undefined;
  /** Epoch milliseconds of the last event applied. */
  changedAt = 0;
  #turnoverBefore = 0;
  #turnoverNow = 0;
  #minute = -1;

  /** The state after every event at or before `at` (epoch milliseconds). */
  constructor(
    readonly market: Market,
    readonly instrument: SimulatedInstrument,
    at: number,
  ) {
    this.fields = blankFields(instrument.token);
    this.#load(at);
    this.next = new EventCursor(market, instrument, Math.floor(at) + 1);
    this.#depth();
  }

  /** Applies the next event and says of what kind it was. */
  step(): EventKind {
    const { next, fields } = this;
    const { kind } = next;
    this.changedAt = next.at;
    if (kind === 'oi') this.#openInterest(next.oi);
    else {
      if (next.day !== this.day) this.#begin(next.day!);
      this.#trade(next.at, next.pricePaise, next.quantity, next.minute);
      if (kind === 'auction') this.#settleMinute();
    }
    fields.exchangeTime = Math.max(fields.exchangeTime, Math.floor(next.at / 1000));
    next.advance();
    this.#depth();
    return kind;
  }

  /** Looks again for the next event after `at`, for an instrument that had none within the next days. */
  lookAhead(at: number): void {
    this.next = new EventCursor(this.market, this.instrument, Math.floor(at) + 1);
  }

  #depth(): void {
    const { fields, instrument } = this;
    if (instrument.type === 'INDEX') return;
    fillDepth(
      fields,
      instrument.tickPaise,
      instrument.lotSize,
      mix(mix(fields.token, fields.volume), this.changedAt % 1e9),
    );
  }

  #load(at: number): void {
    const today = istDayNumber(at);
    const { first } = this.market.span(this.instrument);
    for (let d = today; d >= Math.max(first, today - SEARCH_DAYS); d--) {
      const day = this.market.day(this.instrument, d);
      if (day && this.#loadDay(day, d === today ? at : Number.POSITIVE_INFINITY)) return;
    }
  }

  /** False when the day has no trade at or before `at`. */
  #loadDay(day: TradedDay, at: number): boolean {
    const { grid } = day;
    const preopen = day.preopen && day.preopen.at <= at ? day.preopen : null;
    let minute = at === Number.POSITIVE_INFINITY ? grid.length - 1 : grid.indexAt(at);
    for (; minute >= 0; minute--) {
      if (day.trades(minute) === 0) continue;
      if (grid.at(minute) + minuteEvents(day, minute).offset[0]! <= at) break;
    }
    if (minute < 0 && !preopen) return false;
    this.#begin(day);
    if (preopen) {
      this.#trade(preopen.at, preopen.pricePaise, preopen.quantity, -1);
      this.#settleMinute();
    }
    if (minute >= 0) {
      this.#minutesBefore(day, minute);
      const start = grid.at(minute);
      const events = minuteEvents(day, minute);
      for (let j = 0; j < events.length && start + events.offset[j]! <= at; j++) {
        this.changedAt = start + events.offset[j]!;
        if (j === events.oiIndex) this.#openInterest(events.oi);
        else this.#trade(this.changedAt, events.pricePaise[j]!, events.quantity[j]!, minute);
      }
    }
    const auction = day.closingAuction;
    if (auction && auction.at <= at) {
      this.#trade(auction.at, auction.pricePaise, auction.quantity, grid.length);
      this.#settleMinute();
    }
    this.fields.exchangeTime = Math.floor(this.changedAt / 1000);
    return true;
  }

  /** Takes the minutes `[0, minute)` as candles: their trades need not be walked through. */
  #minutesBefore(day: TradedDay, minute: number): void {
    if (minute === 0) return;
    const { fields } = this;
    const range = day.range(0, minute);
    if (!range) return;
    if (fields.dayOpen === 0) {
      const first: Ohlc = { open: 0, high: 0, low: 0, close: 0 };
      day.ohlc(0, first);
      fields.dayOpen = first.open;
    }
    fields.dayHigh = Math.max(fields.dayHigh, range.high);
    fields.dayLow = fields.dayLow === 0 ? range.low : Math.min(fields.dayLow, range.low);
    fields.volume += day.quantityBefore(minute);
    for (let i = 0; i < minute; i++) {
      if (day.trades(i) === 0) continue;
      this.#turnoverBefore += day.typical(i) * day.quantity(i);
    }
    const oi = day.oiRange(minute);
    if (!oi) return;
    this.#openInterest(oi.high);
    this.#openInterest(oi.low);
    this.#openInterest(day.oiAtEnd(minute - 1));
  }

  #begin(day: TradedDay): void {
    const { fields } = this;
    this.day = day;
    this.#minute = -1;
    this.#turnoverBefore = 0;
    this.#turnoverNow = 0;
    fields.volume = 0;
    fields.dayOpen = 0;
    fields.dayHigh = 0;
    fields.dayLow = 0;
    fields.previousClose = day.previousClose;
    fields.openInterest = day.openingOi;
    fields.openInterestDayHigh = day.openingOi;
    fields.openInterestDayLow = day.openingOi;
  }

  #trade(at: number, pricePaise: number, quantity: number, minute: number): void {
    const { fields } = this;
    if (minute !== this.#minute) {
      this.#settleMinute();
      this.#minute = minute;
    }
    this.changedAt = at;
    this.#turnoverNow += pricePaise * quantity;
    fields.volume += quantity;
    fields.lastPrice = pricePaise;
    fields.lastQuantity = quantity;
    fields.lastTradeTime = Math.floor(at / 1000);
    if (fields.dayOpen === 0) fields.dayOpen = pricePaise;
    if (pricePaise > fields.dayHigh) fields.dayHigh = pricePaise;
    if (pricePaise < fields.dayLow || fields.dayLow === 0) fields.dayLow = pricePaise;
    const turnover = this.#turnoverBefore + this.#turnoverNow;
    fields.averagePrice = fields.volume > 0 ? Math.round(turnover / fields.volume) : 0;
  }

  /** A finished minute counts with its typical price, so that a snapshot and a stream give one average. */
  #settleMinute(): void {
    const { day } = this;
    const inGrid = day && this.#minute >= 0 && this.#minute < day.grid.length;
    this.#turnoverBefore += inGrid
      ? day.typical(this.#minute) * day.quantity(this.#minute)
      : this.#turnoverNow;
    this.#turnoverNow = 0;
    this.#minute = -1;
  }

  #openInterest(oi: number): void {
    const { fields } = this;
    fields.openInterest = oi;
    if (oi > fields.openInterestDayHigh) fields.openInterestDayHigh = oi;
    if (oi < fields.openInterestDayLow) fields.openInterestDayLow = oi;
  }
}

function blankFields(token: number): PacketFields {
  return {
    token,
    lastPrice: 0,
    lastQuantity: 0,
    averagePrice: 0,
    volume: 0,
    totalBuyQuantity: 0,
    totalSellQuantity: 0,
    dayOpen: 0,
    dayHigh: 0,
    dayLow: 0,
    previousClose: 0,
    lastTradeTime: 0,
    openInterest: 0,
    openInterestDayHigh: 0,
    openInterestDayLow: 0,
    exchangeTime: 0,
    depth: emptyDepth(),
  };
}
