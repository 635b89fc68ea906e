import Type from 'typebox';
import { cutShort } from '../../../candles/candle-service.js';
import { istDate } from '../../../sessions/ist.js';
import { VIX_KEY } from '../../../vix/engine.js';
import { candleQuery, candleRange } from '../../candle-query.js';
import type { ApiContext, App } from '../../context.js';
import { sendCsv } from '../../csv.js';
import { withoutDust } from '../../difference.js';
import {
  answers,
  Format,
  FromText,
  limit as limitOf,
  NullableNumber,
  NullableString,
  Origin,
  Time,
  ToText,
} from '../../schemas/common.js';
import { currentVix, regimes, regimesOf, stretches, type VixRow, vix } from '../../sql/vix.js';
import { iso } from '../../times.js';

const Query = Type.Object({
  from: Type.Optional(FromText),
  to: Type.Optional(ToText),
  backfill: Type.Optional(
    Type.Boolean({ default: true, description: 'Fetch missing minutes of the index from the broker.' }),
  ),
  limit: Type.Optional(limitOf(5_000, 50_000)),
  format: Type.Optional(Format),
});
const CSV_COLUMNS = ['time', 'value', 'change', 'open', 'high', 'low', 'close', 'trend', 'regime'] as const;
const REGIME_COLUMNS = ['from', 'to', 'regime', 'minutes', 'average', 'low', 'high'] as const;

const Current = Type.Object({
  time: Time,
  value: Type.Number(),
  changePercent: NullableNumber,
  trend: NullableString,
  regime: NullableString,
  mean20: NullableNumber,
  percentileYear: NullableNumber,
  open: NullableNumber,
  high: NullableNumber,
  low: NullableNumber,
});

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
          'One row a minute; `value` is its close, `change` against the minute before in points, `trend` against the last value published, `regime` of the mean of the last 20 minutes. Where no row is stored at all, the minutes of the index itself, without a trend. Without `from` today.',
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
        summary: 'Spans of one volatility regime, oldest first, and how it stands now',
        description:
          '`current` is the newest minute whatever the range; null before the first. `percentileYear` is the share of the year’s values (each day’s close, and now) at or below it, in percent.',
        querystring: Query,
        response: answers({
          origin: Origin,
          regime: NullableString,
          current: Type.Union([Current, Type.Null()]),
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
      await heal(context, { ...query, ...range });
      const stored = await regimes(run, range);
      const found = stored.length > 0 ? stored : stretches((await minutes(context, query)).rows);
      const spans = found.map((row) => ({ ...row, from: iso(row.from), to: iso(row.to) }));
      if (query.format === 'csv') return sendCsv(reply, 'vix-regime', REGIME_COLUMNS, spans);
      const current = await standing(context);
      return {
        origin: services.origin,
        regime: spans.at(-1)?.regime ?? null,
        current,
        spans,
      };
    },
  );
}

/** How INDIA VIX stands by its newest stored minute. */
async function standing({ instruments, run }: ApiContext) {
  const index = await instruments.find(VIX_KEY);
  const row = index && (await currentVix(run, index.token));
  if (!row) return null;
  const { previousClose, ...current } = row;
  return {
    ...current,
    time: iso(row.time),
    changePercent: previousClose ? ((row.value - previousClose) / previousClose) * 100 : null,
  };
}

/** What is missing of the index is fetched like that of any instrument; the engine then gives it its rows. */
async function heal(
  { services, instruments }: ApiContext,
  { from, to, backfill = true }: { from: number; to: number; backfill?: boolean },
): Promise<readonly string[]> {
  const index = backfill && services.vix ? await instruments.find(VIX_KEY) : undefined;
  if (!index) return [];
  // The rows come from the engine, the candles are only healed: that they are cut to one is nothing to warn of.
  const limit = 1;
  const answer = await services.candles.candles({
    instrument: index,
    interval: '1m',
    from,
    to,
    backfill,
    limit,
  });
  if (answer.backfilled > 0) await services.vix?.catchUp();
  return answer.warnings.filter((warning) => warning !== cutShort(limit));
}

/** The newest row of `GET /api/vix`, as it stands there: its change is against the minute before. Heals nothing. */
export async function latestVix(context: ApiContext) {
  const row = (await minutes(context, { limit: 2, backfill: false })).rows.at(-1);
  return row && { ...row, time: iso(row.time) };
}

async function minutes(
  context: ApiContext,
  query: { from?: string; to?: string; limit?: number; backfill?: boolean },
): Promise<{ rows: VixRow[]; warnings: readonly string[] }> {
  const { services, instruments, run } = context;
  const now = services.clock.now();
  const options = { from: query.from ?? istDate(now), to: query.to ?? Math.trunc(now) };
  const most = query.limit ?? 5_000;
  const range = candleRange(options, '1m', now);
  const healing = await heal(context, { ...query, ...range });
  const rows = await vix(run, range, most);
  if (rows.length > 0) return { rows, warnings: healing };
  const index = await instruments.find(VIX_KEY);
  if (!index) return { rows, warnings: ['NSE:INDIA VIX is not among the instruments.'] };
  const answer = await services.candles.candles(
    candleQuery(index, { ...options, interval: '1m', limit: most, backfill: query.backfill ?? true }, now),
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
