import type { FastifyInstance } from 'fastify';
import type { SimulatedInstrument } from '../instrument.js';
import { DEPTH_LEVELS, type Depth, type PacketFields } from '../packet.js';
import type { RestContext } from './context.js';
import { badInput } from './errors.js';
import { istStamp } from './user.js';

const MOST_QUOTES = 500;
const MOST_PRICES = 1000;
const CIRCUIT = 0.1;

type Shape = (instrument: SimulatedInstrument, fields: PacketFields) => unknown;

/** `/quote`, `/quote/ohlc`, `/quote/ltp`: `?i=NSE:INFY&i=...`; what is not known is left out of the answer. */
export function quoteRoutes(app: FastifyInstance, { exchange, clock, faults }: RestContext): void {
  const route = (url: string, most: number, shape: Shape) => {
    app.get<{ Querystring: { i?: string | string[] } }>(url, async (request) => {
      const { i } = request.query;
      const asked = i === undefined ? [] : Array.isArray(i) ? i : [i];
      if (asked.length === 0) throw badInput('Missing parameter `i`.');
      if (asked.length > most) throw badInput(`Too many instruments: at most ${most} a request.`);
      const now = clock.now() - faults.elapsedMs('halt');
      const answer: Record<string, unknown> = {};
      for (const key of asked) {
        const instrument = exchange.named(key) ?? exchange.instrument(Number(key));
        if (instrument) answer[key] = shape(instrument, exchange.packetAt(instrument.token, now));
      }
      return answer;
    });
  };
  route('/quote', MOST_QUOTES, quote);
  route('/quote/ohlc', MOST_PRICES, (instrument, fields) => ({
    instrument_token: instrument.token,
    last_price: fields.lastPrice / 100,
    ohlc: ohlc(fields),
  }));
  route('/quote/ltp', MOST_PRICES, (instrument, fields) => ({
    instrument_token: instrument.token,
    last_price: fields.lastPrice / 100,
  }));
}

function ohlc(fields: PacketFields) {
  return {
    open: fields.dayOpen / 100,
    high: fields.dayHigh / 100,
    low: fields.dayLow / 100,
    close: fields.previousClose / 100,
  };
}

function quote(instrument: SimulatedInstrument, fields: PacketFields) {
  const index = instrument.type === 'INDEX';
  return {
    instrument_token: instrument.token,
    timestamp: istStamp(fields.exchangeTime * 1000),
    ...(index ? {} : { last_trade_time: istStamp(fields.lastTradeTime * 1000) }),
    last_price: fields.lastPrice / 100,
    last_quantity: fields.lastQuantity,
    buy_quantity: fields.totalBuyQuantity,
    sell_quantity: fields.totalSellQuantity,
    volume: fields.volume,
    average_price: fields.averagePrice / 100,
    oi: fields.openInterest,
    oi_day_high: fields.openInterestDayHigh,
    oi_day_low: fields.openInterestDayLow,
    net_change: 0,
    lower_circuit_limit: index ? 0 : Math.round(fields.previousClose * (1 - CIRCUIT)) / 100,
    upper_circuit_limit: index ? 0 : Math.round(fields.previousClose * (1 + CIRCUIT)) / 100,
    ohlc: ohlc(fields),
    depth: { buy: side(fields.depth, 0), sell: side(fields.depth, DEPTH_LEVELS) },
  };
}

function side(depth: Depth, from: number) {
  return Array.from({ length: DEPTH_LEVELS }, (_, level) => ({
    price: depth.price[from + level]! / 100,
    quantity: depth.quantity[from + level]!,
    orders: depth.orders[from + level]!,
  }));
}
