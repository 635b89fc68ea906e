import { at, type RunQuery } from '../api/sql/query.js';
import type { CandleInterval } from '../broker/broker.js';
import { bucketStart, INTERVAL_MS } from '../candles/buckets.js';
import type { StoredBar } from './bar.js';
import { InstrumentState } from './instrument-state.js';
import { BARS_NOW, BARS_OF_BUCKET, type StoredBarRow } from './sql/bars.js';
import { INSTRUMENTS_NOW, type InstrumentNowRow } from './sql/instruments.js';
import { tradingDayOf } from './tick.js';

/** Something read at one instant: what flush `batch` and those before it made is in it. */
export interface AsOf<T> {
  readonly batch: number;
  readonly value: T;
}

/** What is stored of instruments now, each as of one flush. */
export async function readInstruments(
  run: RunQuery,
  tokens: readonly number[],
): Promise<Map<number, AsOf<InstrumentState>>> {
  const rows = await run<InstrumentNowRow>(INSTRUMENTS_NOW, [tokens]);
  const found = new Map<number, AsOf<InstrumentState>>();
  for (const row of rows) {
    let known = found.get(row.token);
    if (!known) {
      known = { batch: row.batch, value: new InstrumentState(row.token) };
      found.set(row.token, known);
    }
    const state = known.value;
    if (row.seq === null) continue;
    const tick = { ...tickOf(row), seq: row.seq };
    if (row.stateDay !== null && row.stateLast !== null) {
      state.latest = tick;
      state.day = {
        day: row.stateDay,
        open: row.stateOpen,
        high: row.stateHigh,
        low: row.stateLow,
        last: row.stateLast,
        previousClose: row.statePreviousClose,
        averagePrice: row.stateAveragePrice,
        volume: row.stateVolume,
        openInterest: row.stateOpenInterest,
        trades: row.stateTrades ?? 0,
      };
    } else state.apply(tick);
    if (row.book && row.bookTime !== null) state.book = { time: row.bookTime, book: row.book };
  }
  return found;
}

function tickOf(row: InstrumentNowRow) {
  return {
    time: row.time,
    lastTradeTime: row.lastTradeTime,
    lastPrice: row.lastPrice,
    high: row.high,
    low: row.low,
    lastQuantity: row.lastQuantity,
    volume: row.volume,
    volumeDelta: row.volumeDelta,
    openInterest: row.openInterest,
    averagePrice: row.averagePrice,
    dayOpen: row.dayOpen,
    dayHigh: row.dayHigh,
    dayLow: row.dayLow,
    previousClose: row.previousClose,
    bidPrice: row.bidPrice,
    askPrice: row.askPrice,
    bidQuantity: row.bidQuantity,
    askQuantity: row.askQuantity,
    totalBidQuantity: row.totalBidQuantity,
    totalAskQuantity: row.totalAskQuantity,
    isTrade: row.isTrade,
    inSession: row.inSession,
    tradingDay: tradingDayOf(row),
  };
}

/** The newest two candles of each token from the bucket before `now` on, oldest first. */
export async function readBars(
  run: RunQuery,
  interval: CandleInterval,
  tokens: readonly number[],
  now: number,
): Promise<Map<number, AsOf<StoredBar[]>>> {
  const from = bucketStart(interval, now) - INTERVAL_MS[interval];
  const rows = await run<StoredBarRow>(BARS_NOW[interval], [tokens, at(from)]);
  const found = new Map<number, AsOf<StoredBar[]>>();
  for (const row of rows) {
    let known = found.get(row.token);
    if (!known) {
      known = { batch: row.batch, value: [] };
      found.set(row.token, known);
    }
    if (row.time !== null) known.value.unshift({ ...row, time: row.time });
  }
  return found;
}

/** The candles of one bucket with whether they are complete; a token without one is left out. */
export async function readBucket(
  run: RunQuery,
  interval: CandleInterval,
  bucket: number,
  tokens: readonly number[],
): Promise<Map<number, StoredBar>> {
  const rows = await run<StoredBarRow & { time: number }>(BARS_OF_BUCKET[interval], [tokens, at(bucket)]);
  return new Map(rows.map((row) => [row.token, { ...row, closedAt: null, interestAt: null }]));
}
