import type { CandleAnswer, CandleQuery } from '../../../candles/candle.js';
import { adjustedAnswer } from '../../../quality/scale.js';
import { candleAnswer, candleQuery, candleRange } from '../../candle-query.js';
import type { ApiContext, App } from '../../context.js';
import { sendCsv } from '../../csv.js';
import { ApiError, badField } from '../../errors.js';
import {
  type Adjust,
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

/** `GET|POST /api/candles`, `POST /api/candles/batch`: read, find what is missing, fetch only that, store, answer. */
export function candleRoutes(app: App, { services, instruments }: ApiContext): void {
  const { candles, clock, origin } = services;
  const tags = ['candles'];

  const answerOf = async (query: CandleQuery, adjust: Adjust) =>
    candleAnswer(query, scaled(query, await candles.candles(query), adjust), origin);
  const scaled = (query: CandleQuery, answer: CandleAnswer, adjust: Adjust = 'splits') =>
    adjust === 'none'
      ? answer
      : adjustedAnswer(answer, services.corporateActions?.of(query.instrument.token) ?? []);

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
      const answer = await answerOf(candleQuery(instrument, query, clock.now()), query.adjust);
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
      const answer = await answerOf(
        candleQuery(instrument, withTimes(body), clock.now(), timeNames(body)),
        body.adjust,
      );
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
      candleRange(options, body.interval ?? '1m', now, timeNames(body));
      const asked = await Promise.all(body.instruments.map((reference) => resolve(reference)));
      const queries = asked.flatMap(({ instrument }) =>
        instrument ? [candleQuery(instrument, options, now, timeNames(body))] : [],
      );
      const found = await candles.candlesBatch(queries);
      let next = 0;
      const results = asked.map(({ requested, error }) => {
        if (error) return { requested, error };
        const i = next++;
        return {
          requested,
          ...candleAnswer(queries[i]!, scaled(queries[i]!, found[i]!, body.adjust), origin),
        };
      });
      return { origin, interval: body.interval ?? '1m', results };
    },
  );

  /** In a batch an unknown instrument is wrong only for itself. */
  async function resolve(reference: string | number) {
    const requested = String(reference);
    try {
      return { requested, instrument: await instruments.one(reference, 'instruments') };
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== 'unknown_instrument') throw error;
      return { requested, error: { code: error.code, message: error.message } };
    }
  }
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
