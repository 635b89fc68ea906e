import Type from 'typebox';
import type { ApiContext, App } from '../../context.js';
import { sendCsv } from '../../csv.js';
import {
  answers,
  DayText,
  Format,
  InstrumentKey,
  limit,
  NullableInteger,
  NullableNumber,
  NullableString,
  Origin,
} from '../../schemas/common.js';
import { breadth, type MoverOrder, movers } from '../../sql/days.js';
import { parseDate } from '../../times.js';

const Selection = {
  date: Type.Optional(DayText),
  segment: Type.Optional(Type.String({ maxLength: 64, default: 'NSE', description: 'As Kite names it.' })),
  type: Type.Optional(Type.Enum(['EQ', 'INDEX', 'FUT', 'CE', 'PE'])),
};
const CSV_COLUMNS = [
  'token',
  'symbol',
  'exchange',
  'lastPrice',
  'previousClose',
  'change',
  'changePercent',
  'volume',
  'tradingDate',
] as const;

/** `GET /api/movers` and `/api/breadth`: read from one row an instrument a day, never from ticks. */
export function marketWideRoutes(app: App, { services, run }: ApiContext): void {
  const tags = ['market'];

  app.get(
    '/api/movers',
    {
      schema: {
        tags,
        summary: 'What moved most against its previous close',
        querystring: Type.Object({
          ...Selection,
          by: Type.Optional(
            Type.Unsafe<MoverOrder>({
              type: 'string',
              enum: ['absolute', 'gainers', 'losers', 'volume'],
              default: 'absolute',
            }),
          ),
          limit: Type.Optional(limit(20, 1_000)),
          format: Type.Optional(Format),
        }),
        response: answers({
          origin: Origin,
          date: NullableString,
          movers: Type.Array(
            Type.Object({
              instrument: InstrumentKey,
              lastPrice: Type.Number(),
              previousClose: Type.Number(),
              change: Type.Number(),
              changePercent: Type.Number(),
              volume: NullableInteger,
            }),
          ),
        }),
      },
    },
    async ({ query }, reply) => {
      const rows = await movers(run, {
        ...dated(query),
        ...(query.segment !== undefined && { segment: query.segment }),
        ...(query.type !== undefined && { type: query.type }),
        by: query.by ?? 'absolute',
        limit: query.limit ?? 20,
      });
      if (query.format === 'csv') return sendCsv(reply, 'movers', CSV_COLUMNS, rows);
      return {
        origin: services.origin,
        date: rows[0]?.tradingDate ?? query.date ?? null,
        movers: rows.map(({ token, symbol, exchange, tradingDate: _, ...row }) => ({
          instrument: { token, symbol, exchange },
          ...row,
        })),
      };
    },
  );

  app.get(
    '/api/breadth',
    {
      schema: {
        tags,
        summary: 'How many rose and fell',
        querystring: Type.Object(Selection),
        response: answers({
          origin: Origin,
          date: NullableString,
          advances: Type.Integer(),
          declines: Type.Integer(),
          unchanged: Type.Integer(),
          advanceDeclineRatio: NullableNumber,
          advanceVolume: Type.Integer(),
          declineVolume: Type.Integer(),
        }),
      },
    },
    async ({ query }) => {
      const { tradingDate, ...counts } = await breadth(run, {
        ...dated(query),
        ...(query.segment !== undefined && { segment: query.segment }),
        ...(query.type !== undefined && { type: query.type }),
      });
      return {
        origin: services.origin,
        date: tradingDate ?? query.date ?? null,
        ...counts,
        advanceDeclineRatio: counts.declines > 0 ? counts.advances / counts.declines : null,
      };
    },
  );
}

function dated(query: { date?: string }): { date?: string } {
  return query.date === undefined ? {} : { date: parseDate('date', query.date) };
}
