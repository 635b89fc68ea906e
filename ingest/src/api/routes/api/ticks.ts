import Type from 'typebox';
import { filled } from '../../../interpolate/fill.js';
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
  NullableInteger,
  NullableNumber,
  Origin,
  Time,
  ToText,
} from '../../schemas/common.js';
import { TickItem } from '../../schemas/market.js';
import { interpolated } from '../../sql/interpolated.js';
import { ticks } from '../../sql/quotes.js';
import { iso, isoOrNull, recentRange } from '../../times.js';

const DEFAULT_TICKS = 100;
const Fill = Type.Unsafe<'none' | 'interpolated' | 'zero'>({
  type: 'string',
  enum: ['none', 'interpolated', 'zero'],
  default: 'none',
  description:
    '`interpolated` adds what holes under 5 s may have held; `zero` also fills those that are marked missing, as if nothing had happened.',
});
const InterpolatedItem = Type.Object({
  time: Time,
  price: NullableNumber,
  volume: NullableInteger,
  method: Type.String({ description: '`linear`, `last_known`, `vwap`, `missing` or `zero`.' }),
  confidence: Type.Number({ minimum: 0, maximum: 1 }),
  gapId: NullableInteger,
  gapFrom: Time,
  gapTo: Time,
});
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
          fill: Type.Optional(Fill),
        }),
        response: answers({
          instrument: InstrumentKey,
          origin: Origin,
          ticks: Type.Array(TickItem),
          interpolated: Type.Optional(
            Type.Array(InterpolatedItem, { description: 'Guesses, oldest last, never among `ticks`.' }),
          ),
        }),
      },
    },
    async ({ query }, reply) => {
      const fill = query.fill ?? 'none';
      if (fill !== 'none' && query.format === 'csv') {
        throw badField('fill', 'fill is not for CSV, where guesses would stand among ticks; ask for JSON.');
      }
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
      const answer = { instrument: instrumentKey(instrument), origin: services.origin, ticks: found };
      if (fill === 'none') return answer;
      const isIndex = instrument.instrumentType === 'INDEX';
      // No further back than the ticks that are answered.
      const since = rows.length === (query.limit ?? DEFAULT_TICKS) ? rows.at(-1)!.time : from;
      const guesses = await interpolated(run, instrument.token, since, to);
      return {
        ...answer,
        interpolated: filled(guesses, fill, isIndex).map((guess) => ({
          ...guess,
          time: iso(guess.time),
          gapFrom: iso(guess.gapFrom),
          gapTo: iso(guess.gapTo),
        })),
      };
    },
  );
}
