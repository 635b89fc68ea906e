import Type from 'typebox';
import { instrumentKey } from '../../candle-query.js';
import type { ApiContext, App } from '../../context.js';
import { sendCsv } from '../../csv.js';
import {
  answers,
  Format,
  FromText,
  InstrumentKey,
  InstrumentText,
  limit,
  Origin,
  ToText,
} from '../../schemas/common.js';
import { TickItem } from '../../schemas/market.js';
import { ticks } from '../../sql/quotes.js';
import { iso, isoOrNull, recentRange } from '../../times.js';

const DEFAULT_TICKS = 100;
const CSV_COLUMNS = Object.keys(TickItem.properties) as Array<keyof typeof TickItem.properties>;

/** `GET /api/ticks`: ticks as received. */
export function tickRoutes(app: App, { services, instruments, run }: ApiContext): void {
  app.get(
    '/api/ticks',
    {
      schema: {
        tags: ['market'],
        summary: 'Ticks as received, newest first',
        description: 'Without `from` the last 24 hours. To page back, send the oldest `time` as `to`.',
        querystring: Type.Object({
          instrument: InstrumentText,
          from: Type.Optional(FromText),
          to: Type.Optional(ToText),
          limit: Type.Optional(limit(DEFAULT_TICKS, 50_000)),
          format: Type.Optional(Format),
        }),
        response: answers({ instrument: InstrumentKey, origin: Origin, ticks: Type.Array(TickItem) }),
      },
    },
    async ({ query }, reply) => {
      const instrument = await instruments.one(query.instrument);
      const { from, to } = recentRange(query.from, query.to, services.clock.now());
      const rows = await ticks(run, instrument.token, from, to, query.limit ?? DEFAULT_TICKS);
      const found = rows.map((row) => ({
        ...row,
        time: iso(row.time),
        lastTradeTime: isoOrNull(row.lastTradeTime),
        exchangeTime: isoOrNull(row.exchangeTime),
        receivedAt: iso(row.receivedAt),
      }));
      if (query.format === 'csv') return sendCsv(reply, `${instrument.symbol}-ticks`, CSV_COLUMNS, found);
      return { instrument: instrumentKey(instrument), origin: services.origin, ticks: found };
    },
  );
}
