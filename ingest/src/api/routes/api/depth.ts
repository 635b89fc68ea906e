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
  NullableString,
  Origin,
  ToText,
} from '../../schemas/common.js';
import { BookItem } from '../../schemas/market.js';
import { books, type DepthBook, latestBook } from '../../sql/depth.js';
import { iso, isoOrNull, recentRange } from '../../times.js';

const CSV_COLUMNS = ['time', 'side', 'level', 'price', 'quantity', 'orders'] as const;
const DEFAULT_BOOKS = 100;

/** `GET /api/depth` and `/api/depth/history`: five levels of each side. */
export function depthRoutes(app: App, { services, instruments, run }: ApiContext): void {
  const tags = ['market'];

  app.get(
    '/api/depth',
    {
      schema: {
        tags,
        summary: 'The order book now',
        description: 'Indices have none: both sides are empty and `time` is null.',
        querystring: Type.Object({ instrument: InstrumentText, format: Type.Optional(Format) }),
        response: answers({
          instrument: InstrumentKey,
          origin: Origin,
          time: NullableString,
          bids: BookItem.properties.bids,
          asks: BookItem.properties.asks,
        }),
      },
    },
    async ({ query }, reply) => {
      const instrument = await instruments.one(query.instrument);
      const book = await latestBook(run, instrument.token);
      if (query.format === 'csv') {
        return sendCsv(reply, `${instrument.symbol}-depth`, CSV_COLUMNS, book ? levels(book) : []);
      }
      return {
        instrument: instrumentKey(instrument),
        origin: services.origin,
        time: isoOrNull(book?.time ?? null),
        bids: book?.bids ?? [],
        asks: book?.asks ?? [],
      };
    },
  );

  app.get(
    '/api/depth/history',
    {
      schema: {
        tags,
        summary: 'Books as they changed, newest first',
        querystring: Type.Object({
          instrument: InstrumentText,
          from: Type.Optional(FromText),
          to: Type.Optional(ToText),
          limit: Type.Optional(limit(DEFAULT_BOOKS, 10_000)),
          format: Type.Optional(Format),
        }),
        response: answers({ instrument: InstrumentKey, origin: Origin, books: Type.Array(BookItem) }),
      },
    },
    async ({ query }, reply) => {
      const instrument = await instruments.one(query.instrument);
      const { from, to } = recentRange(query.from, query.to, services.clock.now());
      const found = await books(run, instrument.token, from, to, query.limit ?? DEFAULT_BOOKS);
      if (query.format === 'csv') {
        return sendCsv(reply, `${instrument.symbol}-depth`, CSV_COLUMNS, found.flatMap(levels));
      }
      return {
        instrument: instrumentKey(instrument),
        origin: services.origin,
        books: found.map((book) => ({ ...book, time: iso(book.time) })),
      };
    },
  );
}

/** A line a level, as the SQL view `market_depth` has it. */
function levels(book: DepthBook) {
  const time = iso(book.time);
  return (['bid', 'ask'] as const).flatMap((side) =>
    (side === 'bid' ? book.bids : book.asks).map((level, i) => ({ time, side, level: i + 1, ...level })),
  );
}
