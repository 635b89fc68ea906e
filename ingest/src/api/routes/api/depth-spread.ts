import Type from 'typebox';
import { instrumentKey } from '../../candle-query.js';
import type { ApiContext, App } from '../../context.js';
import { sendCsv } from '../../csv.js';
import { badField } from '../../errors.js';
import {
  answers,
  Format,
  FromText,
  InstrumentKey,
  InstrumentText,
  limit,
  NullableNumber,
  Origin,
  Time,
  ToText,
} from '../../schemas/common.js';
import { lastBooks, spreadOf } from '../../sql/spread.js';
import { iso, recentRange } from '../../times.js';

const DEFAULT_POINTS = 1_000;
const MOST_POINTS = 5_000;
const LEAST_STEP_MS = 100;
const MOST_STEP_MS = 86_400_000;
const CSV_COLUMNS = ['time', 'spread', 'spreadBps', 'mid', 'imbalance'] as const;

/** `GET /api/depth/spread`: the cost of trading over time. */
export function depthSpreadRoutes(app: App, { services, instruments, run }: ApiContext): void {
  app.get(
    '/api/depth/spread',
    {
      schema: {
        tags: ['market'],
        summary: 'Spread, middle and imbalance over time, oldest first',
        description:
          'The last book of each step; a step in which the book did not change is left out. Without `step_ms` the range in `limit` steps. `imbalance` is (bid − ask) / (bid + ask) quantity of the five levels. Indices have no book: the series is empty.',
        querystring: Type.Object({
          instrument: InstrumentText,
          from: Type.Optional(FromText),
          to: Type.Optional(ToText),
          step_ms: Type.Optional(Type.Integer({ minimum: LEAST_STEP_MS, maximum: MOST_STEP_MS })),
          limit: Type.Optional(limit(DEFAULT_POINTS, MOST_POINTS)),
          format: Type.Optional(Format),
        }),
        response: answers({
          instrument: InstrumentKey,
          origin: Origin,
          stepMs: Type.Integer(),
          series: Type.Array(
            Type.Object({
              time: Time,
              spread: NullableNumber,
              spreadBps: NullableNumber,
              mid: NullableNumber,
              imbalance: NullableNumber,
            }),
          ),
        }),
      },
    },
    async ({ query }, reply) => {
      const instrument = await instruments.one(query.instrument);
      const { from, to } = recentRange(query.from, query.to, services.clock.now());
      const most = query.limit ?? DEFAULT_POINTS;
      const stepMs = query.step_ms ?? Math.max(LEAST_STEP_MS, Math.ceil((to - from) / most));
      const steps = Math.ceil((to - from) / stepMs);
      if (steps > MOST_POINTS) {
        throw badField(
          'step_ms',
          `from to to holds ${steps} steps of ${stepMs} ms, more than ${MOST_POINTS}; ask for a longer step or a shorter range.`,
        );
      }
      const books = await lastBooks(run, instrument.token, { from, to }, stepMs);
      const series = books.slice(-most).map((book) => ({ ...spreadOf(book), time: iso(book.time) }));
      if (query.format === 'csv') return sendCsv(reply, `${instrument.symbol}-spread`, CSV_COLUMNS, series);
      return { instrument: instrumentKey(instrument), origin: services.origin, stepMs, series };
    },
  );
}
