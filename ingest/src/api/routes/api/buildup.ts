import Type from 'typebox';
import type { ApiContext, App } from '../../context.js';
import { sendCsv } from '../../csv.js';
import {
  answers,
  DayText,
  Format,
  InstrumentKey,
  limit,
  NullableString,
  Origin,
} from '../../schemas/common.js';
import { buildups } from '../../sql/buildup.js';
import { parseDate } from '../../times.js';

const DEFAULT_LIMIT = 50;
const CSV_COLUMNS = [
  'token',
  'symbol',
  'exchange',
  'buildup',
  'lastPrice',
  'changePercent',
  'openInterest',
  'openInterestChange',
  'openInterestChangePercent',
] as const;

/** `GET /api/oi/buildup`: whether positions are opened or closed, and by whom. */
export function buildupRoutes(app: App, { services, run }: ApiContext): void {
  app.get(
    '/api/oi/buildup',
    {
      schema: {
        tags: ['market'],
        summary: 'Open interest build-up, the largest change first',
        description:
          'Price against the previous close, open interest against the day before: both up `long_buildup`, price down and interest up `short_buildup`, both down `long_unwinding`, price up and interest down `short_covering`. What did not move, or has no open interest of the day before, is left out.',
        querystring: Type.Object({
          date: Type.Optional(DayText),
          segment: Type.Optional(
            Type.String({ maxLength: 64, default: 'NFO-FUT', description: 'As Kite names it.' }),
          ),
          type: Type.Optional(Type.Enum(['FUT', 'CE', 'PE'])),
          underlying: Type.Optional(Type.String({ minLength: 1, maxLength: 64 })),
          limit: Type.Optional(limit(DEFAULT_LIMIT, 1_000)),
          format: Type.Optional(Format),
        }),
        response: answers({
          origin: Origin,
          date: NullableString,
          instruments: Type.Array(
            Type.Object({
              instrument: InstrumentKey,
              buildup: Type.Enum(['long_buildup', 'short_buildup', 'long_unwinding', 'short_covering']),
              lastPrice: Type.Number(),
              changePercent: Type.Number(),
              openInterest: Type.Integer(),
              openInterestChange: Type.Integer(),
              openInterestChangePercent: Type.Number(),
            }),
          ),
        }),
      },
    },
    async ({ query }, reply) => {
      const { segment, type, underlying } = query;
      const rows = await buildups(run, {
        ...(query.date !== undefined && { date: parseDate('date', query.date) }),
        ...(segment && { segment }),
        ...(type !== undefined && { type }),
        ...(underlying !== undefined && { underlying }),
        limit: query.limit ?? DEFAULT_LIMIT,
      });
      if (query.format === 'csv') return sendCsv(reply, 'oi-buildup', CSV_COLUMNS, rows);
      return {
        origin: services.origin,
        date: rows[0]?.tradingDate ?? query.date ?? null,
        instruments: rows.map(({ token, symbol, exchange, tradingDate: _, ...row }) => ({
          instrument: { token, symbol, exchange },
          ...row,
        })),
      };
    },
  );
}
