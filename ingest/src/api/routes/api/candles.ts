import PQueue from 'p-queue';
import type { CandleQuery } from '../../../candles/candle.js';
import { candleAnswer, candleQuery } from '../../candle-query.js';
import type { ApiContext, App } from '../../context.js';
import { sendCsv } from '../../csv.js';
import { ApiError, badField } from '../../errors.js';
import {
  batchAnswer,
  CandlesBatchBody,
  CandlesBody,
  CandlesQuery,
  candleAnswer as candleSchema,
} from '../../schemas/candles.js';
import { answers } from '../../schemas/common.js';

const CSV_COLUMNS = [
  'time',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'openInterest',
  'trades',
  'vwap',
  'source',
  'complete',
] as const;

/** Instruments of a batch that are read at the same time: enough to keep the broker busy, few enough for the pool. */
const BATCH_CONCURRENCY = 6;

/** `GET|POST /api/candles`, `POST /api/candles/batch`: read, find what is missing, fetch only that, store, answer. */
export function candleRoutes(app: App, { services, instruments }: ApiContext): void {
  const { candles, clock, metrics, origin } = services;
  const tags = ['candles'];

  const answerOf = async (query: CandleQuery) => {
    const started = performance.now();
    const answer = await candles.candles(query);
    metrics.candleRequest.observe(
      { interval: query.interval, backfilled: String(answer.backfilled > 0) },
      (performance.now() - started) / 1000,
    );
    return candleAnswer(query, answer, origin);
  };

  app.get(
    '/api/candles',
    {
      schema: {
        tags,
        summary: 'Candles, healed',
        querystring: CandlesQuery,
        response: answers(candleSchema),
      },
    },
    async ({ query }, reply) => {
      const instrument = await instruments.one(query.instrument);
      const answer = await answerOf(candleQuery(instrument, query, clock.now()));
      if (query.format === 'csv') return sendCsv(reply, fileName(answer), CSV_COLUMNS, answer.candles);
      return answer;
    },
  );

  app.post(
    '/api/candles',
    {
      schema: {
        tags,
        summary: 'The same, asked with a body',
        body: CandlesBody,
        response: answers(candleSchema),
      },
    },
    async ({ body }, reply) => {
      const reference = body.instrument_token ?? body.instrument;
      if (reference === undefined) throw badField('instrument_token', 'instrument_token is missing.');
      const field = body.instrument_token === undefined ? 'instrument' : 'instrument_token';
      const instrument = await instruments.one(reference, field);
      const answer = await answerOf(candleQuery(instrument, withTimes(body), clock.now(), timeNames(body)));
      if (body.format === 'csv') return sendCsv(reply, fileName(answer), CSV_COLUMNS, answer.candles);
      return answer;
    },
  );

  app.post(
    '/api/candles/batch',
    {
      schema: {
        tags,
        summary: 'Candles of up to 100 instruments',
        description: 'One result an instrument, in the order asked; an unknown one has an `error` instead.',
        body: CandlesBatchBody,
        response: answers(batchAnswer),
      },
    },
    async ({ body }) => {
      const now = clock.now();
      const options = withTimes(body);
      const queue = new PQueue({ concurrency: BATCH_CONCURRENCY });
      const results = await queue.addAll(
        body.instruments.map((reference) => async () => {
          const requested = String(reference);
          try {
            const instrument = await instruments.one(reference, 'instruments');
            return { requested, ...(await answerOf(candleQuery(instrument, options, now, timeNames(body)))) };
          } catch (error) {
            // A wrong range is wrong for all; an unknown instrument only for itself.
            if (!(error instanceof ApiError) || error.code !== 'unknown_instrument') throw error;
            return { requested, error: { code: error.code, message: error.message } };
          }
        }),
      );
      return { origin, interval: body.interval ?? '1m', results };
    },
  );
}

interface BodyTimes {
  from?: string | number;
  to?: string | number;
  from_date?: string | number;
  to_date?: string | number;
}

function withTimes<T extends BodyTimes>(body: T): T {
  const from = body.from_date ?? body.from;
  const to = body.to_date ?? body.to;
  return { ...body, ...(from !== undefined && { from }), ...(to !== undefined && { to }) };
}

function timeNames(body: BodyTimes): readonly [string, string] {
  return [body.from_date === undefined ? 'from' : 'from_date', body.to_date === undefined ? 'to' : 'to_date'];
}

function fileName(answer: { instrument: { symbol: string }; interval: string }): string {
  return `${answer.instrument.symbol}-${answer.interval}`;
}
