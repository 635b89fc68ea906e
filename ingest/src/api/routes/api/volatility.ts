import Type from 'typebox';
import { istDate } from '../../../sessions/ist.js';
import type { ApiContext, App } from '../../context.js';
import { sendCsv } from '../../csv.js';
import { answers, Format, InstrumentKey, limit, Origin } from '../../schemas/common.js';
import { MarketSelection } from '../../schemas/selection.js';
import { volatilities } from '../../sql/volatility.js';

const DEFAULT_DAYS = 30;
const DEFAULT_LIMIT = 50;
const CSV_COLUMNS = ['token', 'symbol', 'exchange', 'volatilityPercent', 'sessions', 'lastPrice'] as const;

/** `GET /api/volatility`: instruments ranked by how much they swing from day to day. */
export function volatilityRoutes(app: App, { services, run }: ApiContext): void {
  app.get(
    '/api/volatility',
    {
      schema: {
        tags: ['market'],
        summary: 'Historical volatility, the highest first',
        description:
          'Sample standard deviation of the logarithmic returns from close to close over the last `days` sessions before today, times √252, in percent. `sessions` says how many returns there were.',
        querystring: Type.Object({
          ...MarketSelection,
          days: Type.Optional(Type.Integer({ minimum: 2, maximum: 250, default: DEFAULT_DAYS })),
          limit: Type.Optional(limit(DEFAULT_LIMIT, 1_000)),
          format: Type.Optional(Format),
        }),
        response: answers({
          origin: Origin,
          days: Type.Integer(),
          instruments: Type.Array(
            Type.Object({
              instrument: InstrumentKey,
              volatilityPercent: Type.Number(),
              sessions: Type.Integer(),
              lastPrice: Type.Number(),
            }),
          ),
        }),
      },
    },
    async ({ query }, reply) => {
      const days = query.days ?? DEFAULT_DAYS;
      const rows = await volatilities(run, {
        today: istDate(services.clock.now()),
        days,
        ...(query.segment && { segment: query.segment }),
        ...(query.type !== undefined && { type: query.type }),
        limit: query.limit ?? DEFAULT_LIMIT,
      });
      if (query.format === 'csv') return sendCsv(reply, 'volatility', CSV_COLUMNS, rows);
      return {
        origin: services.origin,
        days,
        instruments: rows.map(({ token, symbol, exchange, ...row }) => ({
          instrument: { token, symbol, exchange },
          ...row,
        })),
      };
    },
  );
}
