import Type from 'typebox';
import type { RestQuote } from '../../../feed/fallback.js';
import type { Instrument } from '../../../instruments/instrument.js';
import { instrumentKey } from '../../candle-query.js';
import type { ApiContext, App } from '../../context.js';
import { sendCsv } from '../../csv.js';
import { withoutDust } from '../../difference.js';
import { answers, Format, InstrumentTexts, Origin } from '../../schemas/common.js';
import { QuoteItem } from '../../schemas/market.js';
import { type QuoteRow, quotes } from '../../sql/quotes.js';
import { isoOrNull } from '../../times.js';

const CSV_COLUMNS = [
  'token',
  'symbol',
  'exchange',
  'time',
  'lastPrice',
  'change',
  'changePercent',
  'previousClose',
  'open',
  'high',
  'low',
  'volume',
  'averagePrice',
  'openInterest',
  'source',
] as const;

/** `GET /api/quote`: the latest of one or several instruments. */
export function quoteRoutes(app: App, { services, instruments, run }: ApiContext): void {
  app.get(
    '/api/quote',
    {
      schema: {
        tags: ['market'],
        summary: 'Last price, change, the day and the best bid and ask',
        description: 'One result an instrument, in the order asked. What never ticked has nulls.',
        querystring: Type.Object({ instrument: InstrumentTexts, format: Type.Optional(Format) }),
        response: answers({ origin: Origin, quotes: Type.Array(QuoteItem) }),
      },
    },
    async ({ query }, reply) => {
      const asked = await instruments.many(query.instrument);
      const rows = await quotes(
        run,
        asked.map(({ token }) => token),
      );
      const byToken = new Map(rows.map((row) => [row.token, row]));
      const found = asked.map((instrument) => {
        const { token } = instrument;
        return quoteItem(instrument, byToken.get(token), services.fallback?.quote(token));
      });
      if (query.format === 'csv') {
        const flat = found.map(({ instrument, ...quote }) => ({ ...instrument, ...quote }));
        return sendCsv(reply, 'quote', CSV_COLUMNS, flat);
      }
      return { origin: services.origin, quotes: found };
    },
  );
}

/**
 * Change is against the previous close; null where either is unknown.
 * @param rest what the broker said by REST while the connection is away
 */
export function quoteItem(instrument: Instrument, stored: QuoteRow | undefined, rest?: RestQuote) {
  const row = rest ? standIn(rest) : stored;
  const known = row !== undefined && row.previousClose !== null && row.previousClose > 0;
  const change = known ? withoutDust(row.lastPrice - row.previousClose!) : null;
  return {
    instrument: instrumentKey(instrument),
    time: isoOrNull(row?.time ?? null),
    lastPrice: row?.lastPrice ?? null,
    change,
    changePercent: known ? ((row.lastPrice - row.previousClose!) / row.previousClose!) * 100 : null,
    previousClose: row?.previousClose ?? null,
    open: row?.open ?? null,
    high: row?.high ?? null,
    low: row?.low ?? null,
    volume: row?.volume ?? null,
    averagePrice: row?.averagePrice ?? null,
    openInterest: row?.openInterest ?? null,
    bid: { price: row?.bidPrice ?? null, quantity: row?.bidQuantity ?? null },
    ask: { price: row?.askPrice ?? null, quantity: row?.askQuantity ?? null },
    totalBidQuantity: row?.totalBidQuantity ?? null,
    totalAskQuantity: row?.totalAskQuantity ?? null,
    lastTradeTime: isoOrNull(row?.lastTradeTime ?? null),
    lastQuantity: row?.lastQuantity ?? null,
    source: rest ? ('quote' as const) : row ? ('feed' as const) : null,
  };
}

/** A quote by REST as a row; the book is the feed's alone. */
function standIn({ token, receivedAt, quote }: RestQuote): QuoteRow {
  const price = (rupees: number | null) => (rupees !== null && rupees > 0 ? rupees : null);
  return {
    token,
    time: quote.exchangeTime ?? receivedAt,
    lastPrice: quote.lastPrice,
    open: price(quote.open),
    high: price(quote.high),
    low: price(quote.low),
    previousClose: price(quote.previousClose),
    volume: quote.volume,
    averagePrice: price(quote.averagePrice),
    openInterest: quote.openInterest,
    bidPrice: null,
    bidQuantity: null,
    askPrice: null,
    askQuantity: null,
    totalBidQuantity: null,
    totalAskQuantity: null,
    lastTradeTime: quote.lastTradeTime,
    lastQuantity: null,
  };
}
