import Type from 'typebox';
import { istDate } from '../../../sessions/ist.js';
import { candleQuery, candleRange } from '../../candle-query.js';
import type { ApiContext, App } from '../../context.js';
import { sendCsv } from '../../csv.js';
import { withoutDust } from '../../difference.js';
import {
  answers,
  Format,
  FromText,
  limit,
  NullableNumber,
  NullableString,
  Origin,
  Time,
  ToText,
} from '../../schemas/common.js';
import { regimes, regimesOf, stretches, type VixRow, vix } from '../../sql/vix.js';
import { iso } from '../../times.js';

const Query = Type.Object({
  from: Type.Optional(FromText),
  to: Type.Optional(ToText),
  limit: Type.Optional(limit(5_000, 50_000)),
  format: Type.Optional(Format),
});
const CSV_COLUMNS = ['time', 'value', 'change', 'open', 'high', 'low', 'close', 'trend', 'regime'] as const;
const REGIME_COLUMNS = ['from', 'to', 'regime', 'minutes', 'average', 'low', 'high'] as const;

/** `GET /api/vix` and `/api/vix/regime`: INDIA VIX by the minute and what it says about the market. */
export function vixRoutes(app: App, context: ApiContext): void {
  const { services, run } = context;
  const tags = ['vix'];

  app.get(
    '/api/vix',
    {
      schema: {
        tags,
        summary: 'INDIA VIX by the minute, oldest first',
        description:
          'One row a minute; `change` is against the minute before. Where none is stored, the minutes of the index itself, without a trend. Without `from` today.',
        querystring: Query,
        response: answers({
          origin: Origin,
          series: Type.Array(
            Type.Object({
              time: Time,
              value: Type.Number(),
              change: NullableNumber,
              open: NullableNumber,
              high: NullableNumber,
              low: NullableNumber,
              close: NullableNumber,
              trend: NullableString,
              regime: NullableString,
            }),
          ),
          warnings: Type.Array(Type.String()),
        }),
      },
    },
    async ({ query }, reply) => {
      const { rows, warnings } = await minutes(context, query);
      const series = rows.map((row) => ({ ...row, time: iso(row.time) }));
      if (query.format === 'csv') return sendCsv(reply, 'vix', CSV_COLUMNS, series);
      return { origin: services.origin, series, warnings: [...warnings] };
    },
  );

  app.get(
    '/api/vix/regime',
    {
      schema: {
        tags,
        summary: 'Spans of one volatility regime, oldest first',
        querystring: Query,
        response: answers({
          origin: Origin,
          regime: NullableString,
          spans: Type.Array(
            Type.Object({
              from: Time,
              to: Time,
              regime: NullableString,
              minutes: Type.Integer(),
              average: Type.Number(),
              low: Type.Number(),
              high: Type.Number(),
            }),
          ),
        }),
      },
    },
    async ({ query }, reply) => {
      const now = services.clock.now();
      const range = candleRange(
        { from: query.from ?? istDate(now), to: query.to ?? Math.trunc(now) },
        '1m',
        now,
      );
      const stored = await regimes(run, range);
      const found = stored.length > 0 ? stored : stretches((await minutes(context, query)).rows);
      const spans = found.map((row) => ({ ...row, from: iso(row.from), to: iso(row.to) }));
      if (query.format === 'csv') return sendCsv(reply, 'vix-regime', REGIME_COLUMNS, spans);
      return { origin: services.origin, regime: spans.at(-1)?.regime ?? null, spans };
    },
  );
}

/** The newest row of `GET /api/vix`, as it stands there: its change is against the minute before. */
export async function latestVix(context: ApiContext) {
  const row = (await minutes(context, { limit: 2 })).rows.at(-1);
  return row && { ...row, time: iso(row.time) };
}

async function minutes(
  { services, instruments, run }: ApiContext,
  query: { from?: string; to?: string; limit?: number },
): Promise<{ rows: VixRow[]; warnings: readonly string[] }> {
  const now = services.clock.now();
  const options = { from: query.from ?? istDate(now), to: query.to ?? Math.trunc(now) };
  const most = query.limit ?? 5_000;
  const rows = await vix(run, candleRange(options, '1m', now), most);
  if (rows.length > 0) return { rows, warnings: [] };
  const index = await instruments.find('NSE:INDIA VIX');
  if (!index) return { rows, warnings: ['NSE:INDIA VIX is not among the instruments.'] };
  const answer = await services.candles.candles(
    candleQuery(index, { ...options, interval: '1m', limit: most }, now),
  );
  const regime = await regimesOf(
    run,
    answer.candles.map(({ close }) => close),
  );
  return {
    rows: answer.candles.map(({ time, open, high, low, close }, i) => ({
      time,
      value: close,
      change: i > 0 ? withoutDust(close - answer.candles[i - 1]!.close) : null,
      open,
      high,
      low,
      close,
      trend: null,
      regime: regime[i] ?? null,
    })),
    warnings: answer.warnings,
  };
}
