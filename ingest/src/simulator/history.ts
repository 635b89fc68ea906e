import { DAY_MS, IST_OFFSET_MS, istDayNumber } from '../sessions/ist.js';
import type { SimulatedInstrument } from './instrument.js';
import type { ExchangeCandle, Ohlc } from './model/candle.js';
import { MINUTE_MS } from './model/grid.js';
import { minuteEvents } from './model/minuteEvents.js';
import type { Market, TradedDay } from './model/tradedDay.js';

/** Minutes a bucket, by Kite's name of the interval. */
export const INTERVAL_MINUTES = {
  minute: 1,
  '3minute': 3,
  '5minute': 5,
  '10minute': 10,
  '15minute': 15,
  '30minute': 30,
  '60minute': 60,
} as const;
export type Interval = keyof typeof INTERVAL_MINUTES | 'day';

/** Buckets are counted from 09:15 IST every day. */
const BUCKETS_FROM_MS = (9 * 60 + 15) * MINUTE_MS;

/** Start (epoch milliseconds) of the bucket of `minutes` minutes that holds `ms`. */
export function bucketStart(ms: number, minutes: number): number {
  const midnight = istDayNumber(ms) * DAY_MS - IST_OFFSET_MS;
  const width = minutes * MINUTE_MS;
  const from = midnight + BUCKETS_FROM_MS;
  return from + Math.floor((ms - from) / width) * width;
}

/**
 * Candles whose bucket starts in `[from, to)`, oldest first. Of what happens after `until` they know nothing:
 * the bucket in progress then is partial.
 */
export function candlesOf(
  market: Market,
  instrument: SimulatedInstrument,
  interval: Interval,
  from: number,
  to: number,
  until: number,
): ExchangeCandle[] {
  const candles: ExchangeCandle[] = [];
  const span = market.span(instrument);
  const end = Math.min(to - 1, until);
  const last = Math.min(span.last, istDayNumber(end));
  for (let d = Math.max(span.first, istDayNumber(from)); d <= last; d++) {
    const day = market.day(instrument, d);
    if (!day) continue;
    if (interval === 'day') {
      const midnight = d * DAY_MS - IST_OFFSET_MS;
      if (midnight < from || midnight >= to) continue;
      const candle = dayCandle(day, until);
      if (candle) candles.push({ ...candle, time: midnight });
    } else {
      intraday(day, INTERVAL_MINUTES[interval], from, to, until, candles);
    }
  }
  return candles;
}

function intraday(
  day: TradedDay,
  minutes: number,
  from: number,
  to: number,
  until: number,
  into: ExchangeCandle[],
): void {
  const { grid } = day;
  const width = minutes * MINUTE_MS;
  // From the bucket that holds `from`, as its earlier minutes belong to a bucket that started before.
  let i = Math.max(0, grid.indexAt(from));
  let open: ExchangeCandle | undefined;
  for (; i < grid.length; i++) {
    const at = grid.at(i);
    if (at >= to + width || at > until) break;
    if (day.trades(i) === 0) continue;
    const bucket = minutes === 1 ? at : bucketStart(at, minutes);
    if (bucket < from) continue;
    if (bucket >= to) break;
    const minute = at + MINUTE_MS <= until ? wholeMinute(day, i) : partialMinute(day, i, until);
    if (!minute) break;
    if (open && open.time === bucket) merge(open, minute);
    else {
      open = { ...minute, time: bucket };
      into.push(open);
    }
  }
}

function wholeMinute(day: TradedDay, i: number): ExchangeCandle {
  const candle = { time: 0, open: 0, high: 0, low: 0, close: 0, volume: day.quantity(i), oi: day.oiAtEnd(i) };
  day.ohlc(i, candle);
  return candle;
}

function partialMinute(day: TradedDay, i: number, until: number): ExchangeCandle | undefined {
  const events = minuteEvents(day, i);
  const start = day.grid.at(i);
  let candle: ExchangeCandle | undefined;
  for (let j = 0; j < events.length && start + events.offset[j]! <= until; j++) {
    const price = events.pricePaise[j]!;
    if (j === events.oiIndex) {
      if (candle) candle.oi = events.oi;
      continue;
    }
    candle ??= {
      time: 0,
      open: price,
      high: price,
      low: price,
      close: price,
      volume: 0,
      oi: i === 0 ? day.openingOi : day.oiAtEnd(i - 1),
    };
    candle.high = Math.max(candle.high, price);
    candle.low = Math.min(candle.low, price);
    candle.close = price;
    candle.volume += events.quantity[j]!;
  }
  return candle;
}

function merge(into: ExchangeCandle, later: Ohlc & { volume: number; oi: number }): void {
  into.high = Math.max(into.high, later.high);
  into.low = Math.min(into.low, later.low);
  into.close = later.close;
  into.volume += later.volume;
  into.oi = later.oi;
}

/** The day as far as `until`: its official candle once everything has happened. */
function dayCandle(day: TradedDay, until: number): ExchangeCandle | undefined {
  const { grid } = day;
  const end = Math.max(grid.at(grid.length - 1) + MINUTE_MS, day.closingAuction?.at ?? 0);
  if (until >= end) return day.candle();
  const minutes: ExchangeCandle[] = [];
  if (day.preopen && day.preopen.at <= until) minutes.push(ofAuction(day.preopen, day.openingOi));
  intraday(day, 1, 0, Number.POSITIVE_INFINITY, until, minutes);
  const [first, ...rest] = minutes;
  if (!first) return undefined;
  const candle = { ...first };
  for (const minute of rest) merge(candle, minute);
  const auction = day.closingAuction;
  if (auction && auction.at <= until) merge(candle, ofAuction(auction, candle.oi));
  return candle;
}

function ofAuction(trade: { pricePaise: number; quantity: number }, oi: number): ExchangeCandle {
  const price = trade.pricePaise;
  return { time: 0, open: price, high: price, low: price, close: price, volume: trade.quantity, oi };
}
