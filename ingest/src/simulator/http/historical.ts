import type { FastifyInstance } from 'fastify';
import { DAY_MS, IST_OFFSET_MS } from '../../sessions/ist.js';
import { INTERVAL_MINUTES, type Interval } from '../history.js';
import type { ExchangeCandle } from '../model/candle.js';
import type { RestContext } from './context.js';
import { badInput } from './errors.js';

/** Most days that one request may ask for. Source: Kite Connect v3 forum and docs, "Historical candle data". */
const MOST_DAYS: Readonly<Record<Interval, number>> = {
  minute: 60,
  '3minute': 100,
  '5minute': 100,
  '10minute': 100,
  '15minute': 200,
  '30minute': 200,
  '60minute': 400,
  day: 2000,
};

interface Query {
  from?: string;
  to?: string;
  oi?: string;
}

/** `/instruments/historical/:token/:interval?from=&to=&continuous=&oi=`, `from` and `to` in IST, both inclusive. */
export function historicalRoutes(app: FastifyInstance, context: RestContext): void {
  const { exchange, clock, faults, limiter, splits, settleSeconds } = context;
  app.get<{ Params: { token: string; interval: string }; Querystring: Query }>(
    '/instruments/historical/:token/:interval',
    async (request, reply) => {
      const { interval } = request.params;
      if (!isInterval(interval)) throw badInput('invalid interval');
      const instrument = exchange.instrument(Number(request.params.token));
      if (!instrument) throw badInput('invalid token');
      limiter.asked(instrument.token);
      const from = parseTime(request.query.from, 'from');
      const to = parseTime(request.query.to, 'to');
      if (from.ms > to.ms) throw badInput('invalid date range: `from` is after `to`');
      const days = MOST_DAYS[interval];
      if (to.ms - from.ms > days * DAY_MS) throw badInput(`interval exceeds max limit: ${days} days`);
      if (faults.strike('emptyHistory', instrument.token)) return { candles: [] };
      const settle = faults.strike('partialLastCandle', instrument.token) ? 0 : settleSeconds * 1000;
      const end = to.ms + (to.dateOnly ? DAY_MS : 1);
      const candles = exchange.candles(instrument.token, interval, from.ms, end, clock.now() - settle);
      const withOi = request.query.oi === '1' || request.query.oi === 'true';
      const told = splits.adjusted(instrument.token, candles);
      const rows = told.map((candle) => row(candle, withOi)).join(',');
      return reply
        .header('content-type', 'application/json')
        .send(`{"status":"success","data":{"candles":[${rows}]}}`);
    },
  );
}

function row(candle: ExchangeCandle, withOi: boolean): string {
  const { time, open, high, low, close, volume, oi } = candle;
  const stamp = `${new Date(time + IST_OFFSET_MS).toISOString().slice(0, 19)}+0530`;
  const prices = `${open / 100},${high / 100},${low / 100},${close / 100}`;
  return `["${stamp}",${prices},${volume}${withOi ? `,${oi}` : ''}]`;
}

function isInterval(interval: string): interval is Interval {
  return interval === 'day' || Object.hasOwn(INTERVAL_MINUTES, interval);
}

const TIME = /^(\d{4}-\d{2}-\d{2})(?:[ T+](\d{2}:\d{2}(?::\d{2})?))?$/;

/** A date alone is its midnight as `from` and the whole day as `to`. */
function parseTime(text: string | undefined, name: 'from' | 'to'): { ms: number; dateOnly: boolean } {
  const parts = TIME.exec(text?.trim() ?? '');
  const ms = parts ? Date.parse(`${parts[1]}T${parts[2] ?? '00:00'}+05:30`) : Number.NaN;
  if (Number.isNaN(ms)) throw badInput(`invalid ${name} date`);
  return { ms, dateOnly: !parts?.[2] };
}
