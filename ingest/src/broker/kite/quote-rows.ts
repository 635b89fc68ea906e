import Type from 'typebox';
import Value from 'typebox/value';
import { isIndexToken } from '../../instruments/instrument.js';
import type { BrokerQuote } from '../broker.js';
import { parseKiteTime } from './intervals.js';

const Quote = Type.Object({
  instrument_token: Type.Integer({ minimum: 1 }),
  last_price: Type.Number(),
  timestamp: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  last_trade_time: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  volume: Type.Optional(Type.Integer({ minimum: 0 })),
  oi: Type.Optional(Type.Number({ minimum: 0 })),
  average_price: Type.Optional(Type.Number()),
  ohlc: Type.Object({
    open: Type.Number(),
    high: Type.Number(),
    low: Type.Number(),
    close: Type.Number(),
  }),
});

export interface ParsedQuotes {
  readonly quotes: BrokerQuote[];
  readonly malformed: number;
}

/** Reads the answer of `/quote`, an object by `EXCHANGE:SYMBOL`; undefined when it is none. */
export function parseQuotes(answer: unknown): ParsedQuotes | undefined {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return undefined;
  const quotes: BrokerQuote[] = [];
  let malformed = 0;
  for (const quote of Object.values(answer)) {
    if (Value.Check(Quote, quote)) quotes.push(toQuote(quote));
    else malformed++;
  }
  return { quotes, malformed };
}

function toQuote(quote: Type.Static<typeof Quote>): BrokerQuote {
  const isIndex = isIndexToken(quote.instrument_token);
  return {
    brokerToken: quote.instrument_token,
    exchangeTime: timeOrNull(quote.timestamp),
    lastTradeTime: isIndex ? null : timeOrNull(quote.last_trade_time),
    lastPrice: quote.last_price,
    volume: isIndex ? null : (quote.volume ?? null),
    openInterest: isIndex ? null : (quote.oi ?? null),
    averagePrice: isIndex ? null : (quote.average_price ?? null),
    open: quote.ohlc.open,
    high: quote.ohlc.high,
    low: quote.ohlc.low,
    previousClose: quote.ohlc.close,
  };
}

/** Kite writes 1970-01-01 for an instrument that has not traded. */
function timeOrNull(text: string | null | undefined): number | null {
  const time = parseKiteTime(text);
  return Number.isNaN(time) || time <= 86_400_000 ? null : time;
}
