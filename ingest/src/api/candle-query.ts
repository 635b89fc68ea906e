import type { CandleInterval } from '../broker/broker.js';
import { DEFAULT_CANDLE_LIMIT, INTERVAL_MS, MAX_POSSIBLE_BUCKETS } from '../candles/buckets.js';
import {
  type Candle,
  type CandleAnswer,
  type CandleGap,
  type CandleQuery,
  DEFAULT_WAIT_MS,
} from '../candles/candle.js';
import type { Instrument } from '../instruments/instrument.js';
import type { ScaleChange } from '../quality/corporate-action.js';
import { DAY_MS } from '../sessions/ist.js';
import { type ApiError, badField } from './errors.js';
import type { CandleAnswerBody, CandleOptions } from './schemas/candles.js';
import { checkOrder, iso, isoSeries, parseInstant } from './times.js';

/** Calendar buckets that no session calendar can thin out to 50,000; the service counts the exact number. */
const HOPELESS_BUCKETS = 10 * MAX_POSSIBLE_BUCKETS;

/** How far back a request without `from` looks. */
const DEFAULT_SPAN_MS: Readonly<Record<CandleInterval, number>> = {
  '1m': DAY_MS,
  '5m': 3 * DAY_MS,
  '15m': 7 * DAY_MS,
  '1h': 30 * DAY_MS,
  '1d': 400 * DAY_MS,
};

/**
 * The range asked for, checked. Without `to` it ends now, without `from` it covers a screenful.
 * @param names what the caller called the two ends, for the sentences.
 * @throws ApiError 400 when swapped or far too long; the service refuses what is just too long.
 */
export function candleRange(
  options: Pick<CandleOptions, 'from' | 'to'>,
  interval: CandleInterval,
  now: number,
  names: readonly [string, string] = ['from', 'to'],
): { from: number; to: number } {
  const to = options.to === undefined ? now : parseInstant(names[1], options.to, 'end');
  const from =
    options.from === undefined
      ? to - DEFAULT_SPAN_MS[interval]
      : parseInstant(names[0], options.from, 'start');
  checkOrder(from, to, names);
  const buckets = Math.ceil((to - from) / INTERVAL_MS[interval]);
  if (buckets > HOPELESS_BUCKETS) throw tooManyCandles(interval, names);
  return { from, to };
}

export function tooManyCandles(
  interval: CandleInterval,
  names: readonly [string, string] = ['from', 'to'],
): ApiError {
  return badField(
    names[0],
    `${names[0]} to ${names[1]} can hold more than ${MAX_POSSIBLE_BUCKETS} candles of ${interval}; ask for a shorter range or a wider interval.`,
  );
}

/** A checked request to the candle service out of what a caller sent. */
export function candleQuery(
  instrument: Instrument,
  options: CandleOptions,
  now: number,
  names?: readonly [string, string],
): CandleQuery {
  const interval = options.interval ?? '1m';
  return {
    instrument,
    interval,
    ...candleRange(options, interval, now, names),
    fill: options.fill ?? 'none',
    backfill: options.backfill ?? true,
    limit: options.limit ?? DEFAULT_CANDLE_LIMIT,
    waitMs: options.wait_ms ?? DEFAULT_WAIT_MS,
  };
}

/** The answer as contract section 4 words it. */
export function candleAnswer(
  query: CandleQuery,
  answer: CandleAnswer & { readonly adjustments?: readonly ScaleChange[] },
  origin: string,
): CandleAnswerBody {
  const time = isoSeries();
  return {
    instrument: instrumentKey(query.instrument),
    interval: query.interval,
    origin,
    candles: answer.candles.map((candle) => candleItem(candle, time)),
    gaps: answer.gaps.map(gapItem),
    completeness: answer.completeness,
    backfilled: answer.backfilled,
    warnings: [...answer.warnings],
    ...(answer.adjustments?.length && { adjustments: [...answer.adjustments] }),
  };
}

function candleItem(candle: Candle, time: (ms: number) => string) {
  // Written out: a spread copy of 375 candles costs as much as serializing them.
  return {
    time: time(candle.time),
    open: candle.open,
    high: candle.high,
    low: candle.low,
    close: candle.close,
    volume: candle.volume,
    openInterest: candle.openInterest,
    trades: candle.trades,
    vwap: candle.vwap,
    source: candle.source,
    complete: candle.complete,
  };
}

export function gapItem(gap: CandleGap) {
  return { from: iso(gap.from), to: iso(gap.to), reason: gap.reason };
}

export function instrumentKey({ token, symbol, exchange }: Instrument) {
  return { token, symbol, exchange };
}
