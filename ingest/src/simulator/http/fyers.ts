import type { FastifyInstance, FastifyReply } from 'fastify';
import { fyersSymbol } from '../../broker/fyers/symbols.js';
import type { ExchangeCandle } from '../model/candle.js';
import type { RestContext } from './context.js';

interface Query {
  symbol?: string;
  resolution?: string;
  date_format?: string;
  range_from?: string;
  range_to?: string;
  oi_flag?: string;
}

/**
 * The minutes of the same exchange as another broker tells them: `/fyers/data/history` as Fyers' `/data/history`. Kite's
 * faults and limits are not its own; it takes any `Authorization: app:token`. Source: Fyers API v3, "History".
 */
export function fyersRoutes(app: FastifyInstance, { exchange, clock, settleSeconds }: RestContext): void {
  const named = (symbol: string | undefined) =>
    exchange.instruments.find(
      ({ exchange: at, symbol: name, type }) =>
        fyersSymbol({ exchange: at, symbol: name, instrumentType: type }) === symbol,
    );
  app.get<{ Querystring: Query }>(
    '/fyers/data/history',
    { config: { plain: true } },
    async (request, reply) => {
      const { symbol, resolution, date_format, range_from, range_to, oi_flag } = request.query;
      if (!/^[^:\s]+:[^:\s]+$/.test(request.headers.authorization ?? '')) {
        return refuse(reply, 401, -15, 'Please provide valid token');
      }
      const [from, to] = [Number(range_from), Number(range_to)];
      if (resolution !== '1' || date_format !== '0' || !(from <= to))
        return refuse(reply, 422, -50, 'Invalid input');
      const instrument = named(symbol);
      if (!instrument) return refuse(reply, 400, -300, 'Invalid symbol provided');
      const until = clock.now() - settleSeconds * 1000;
      const candles = exchange.candles(instrument.token, 'minute', from * 1000, to * 1000 + 1, until);
      if (candles.length === 0) return { s: 'no_data', candles: [] };
      return { s: 'ok', candles: candles.map((candle) => row(candle, oi_flag === '1')) };
    },
  );
}

function row({ time, open, high, low, close, volume, oi }: ExchangeCandle, withOi: boolean): number[] {
  const prices = [open, high, low, close].map((paise) => paise / 100);
  return [time / 1000, ...prices, volume, ...(withOi ? [oi] : [])];
}

function refuse(reply: FastifyReply, status: number, code: number, message: string) {
  return reply.code(status).send({ s: 'error', code, message });
}
