import Type from 'typebox';
import { addDays, istDate } from '../../../sessions/ist.js';
import type { ApiContext, App } from '../../context.js';
import { sendCsv } from '../../csv.js';
import { ApiError, badField } from '../../errors.js';
import {
  answers,
  DayText,
  Format,
  InstrumentKey,
  InstrumentTexts,
  limit,
  NullableInteger,
  NullableNumber,
  NullableString,
  Origin,
  Time,
} from '../../schemas/common.js';
import { corrections, quality, qualityDays } from '../../sql/quality.js';
import { iso, isoOrNull, parseDate } from '../../times.js';

const CSV_COLUMNS = [
  'token',
  'symbol',
  'exchange',
  'tradingDate',
  'completeness',
  'accuracy',
  'source',
  'quality',
  'minutesCompared',
  'minutesDiffering',
  'minutesMissing',
  'minutesExtra',
  'minutesReplaced',
  'minutesHealed',
] as const;

const Selection = Type.Object({
  instrument: Type.Optional(InstrumentTexts),
  from: Type.Optional(DayText),
  to: Type.Optional(DayText),
  limit: Type.Optional(limit(1_000, 20_000)),
  format: Type.Optional(Format),
});

const Day = Type.Object({
  instrument: InstrumentKey,
  tradingDate: Type.String(),
  completeness: Type.Unsafe<number | null>({
    type: ['number', 'null'],
    description: 'Of the session, before the comparison touched it.',
  }),
  accuracy: Type.Unsafe<number | null>({
    type: ['number', 'null'],
    description: 'Of the minutes made of ticks: those that agree with the broker’s.',
  }),
  source: NullableString,
  anomalyFlags: Type.Unsafe<unknown>({}),
  quality: Type.Unsafe<string | null>({
    type: ['string', 'null'],
    description: 'excellent from 99.5 %, good from 95 %, poor; null: not to be judged.',
  }),
  minutesCompared: Type.Integer(),
  minutesDiffering: Type.Integer(),
  minutesMissing: Type.Integer(),
  minutesExtra: Type.Integer(),
  minutesReplaced: Type.Integer(),
  minutesHealed: Type.Integer(),
  dayCandle: Type.Boolean(),
  comparedAt: NullableString,
});

const Comparison = Type.Object({
  date: Type.String(),
  status: Type.String({ description: 'WAITING, RUNNING or DONE' }),
  instruments: Type.Integer(),
  compared: Type.Integer(),
  startedAt: NullableString,
  finishedAt: NullableString,
  message: NullableString,
});

const Prices = Type.Object({
  open: NullableNumber,
  high: NullableNumber,
  low: NullableNumber,
  close: NullableNumber,
  volume: NullableInteger,
});

/** `/api/quality`: how well each day agrees with the broker's history, what was replaced, and comparing by hand. */
export function qualityRoutes(app: App, context: ApiContext): void {
  const { services, run } = context;
  const tags = ['quality'];

  const selected = async (query: { instrument?: string[]; from?: string; to?: string }) => {
    const to = query.to === undefined ? istDate(services.clock.now()) : parseDate('to', query.to);
    const from = query.from === undefined ? addDays(to, -30) : parseDate('from', query.from);
    const asked = query.instrument && (await context.instruments.many(query.instrument));
    return { from, to: addDays(to, 1), tokens: asked?.map(({ token }) => token) ?? null };
  };

  app.get(
    '/api/quality',
    {
      schema: {
        tags,
        summary: 'What the end-of-day comparison found',
        description:
          'Empty for days that were not compared yet; `comparisons` says how far they are. Without `from` the last 30 days.',
        querystring: Selection,
        response: answers({ origin: Origin, days: Type.Array(Day), comparisons: Type.Array(Comparison) }),
      },
    },
    async ({ query }, reply) => {
      const { from, to, tokens } = await selected(query);
      const rows = await quality(run, from, to, tokens, query.limit ?? 1_000);
      if (query.format === 'csv') return sendCsv(reply, 'quality', CSV_COLUMNS, rows);
      const days = await qualityDays(run, from, to);
      return {
        origin: services.origin,
        days: rows.map(({ token, symbol, exchange, comparedAt, ...row }) => ({
          instrument: { token, symbol, exchange },
          ...row,
          comparedAt: isoOrNull(comparedAt),
        })),
        comparisons: days.map(({ startedAt, finishedAt, ...day }) => ({
          ...day,
          startedAt: isoOrNull(startedAt),
          finishedAt: isoOrNull(finishedAt),
        })),
      };
    },
  );

  app.get(
    '/api/quality/replaced',
    {
      schema: {
        tags,
        summary: 'Minutes that were replaced by the broker’s, as they were and as they are',
        description: '`before` is null where nothing was recorded. Without `from` the last 30 days.',
        querystring: Selection,
        response: answers({
          origin: Origin,
          minutes: Type.Array(
            Type.Object({
              instrument: InstrumentKey,
              time: Time,
              foundAt: Time,
              fields: Type.Array(Type.String()),
              source: NullableString,
              before: Type.Union([Prices, Type.Null()]),
              after: Prices,
            }),
          ),
        }),
      },
    },
    async ({ query }, reply) => {
      const { from, to, tokens } = await selected(query);
      const rows = await corrections(run, from, to, tokens, query.limit ?? 1_000);
      if (query.format === 'csv') {
        const flat = rows.map((row) => ({ ...row, time: iso(row.time), fields: row.fields.join(' ') }));
        return sendCsv(reply, 'replaced', REPLACED_COLUMNS, flat);
      }
      return {
        origin: services.origin,
        minutes: rows.map(({ token, symbol, exchange, time, foundAt, fields, source, ...row }) => {
          const { open, high, low, close, volume } = row;
          const { brokerOpen, brokerHigh, brokerLow, brokerClose, brokerVolume } = row;
          return {
            instrument: { token, symbol, exchange },
            time: iso(time),
            foundAt: iso(foundAt),
            fields,
            source,
            before: open === null ? null : { open, high, low, close, volume },
            after: {
              open: brokerOpen,
              high: brokerHigh,
              low: brokerLow,
              close: brokerClose,
              volume: brokerVolume,
            },
          };
        }),
      };
    },
  );

  app.post(
    '/api/quality/compare',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Compare a day with the broker again',
        description:
          'Every instrument that was subscribed on that day, as soon as its sessions are over. The work goes on in the background; `GET /api/quality` tells of it.',
        body: Type.Object({ date: DayText }),
        response: answers({ comparison: Comparison }),
      },
    },
    async ({ body }) => {
      const date = parseDate('date', body.date);
      if (date > istDate(services.clock.now())) throw badField('date', `date ${date} is still to come.`);
      if (!services.quality)
        throw new ApiError(
          409,
          'not_compared',
          'The end-of-day comparison is switched off (QUALITY_COMPARE).',
        );
      await services.quality.ask(date);
      const [day] = await qualityDays(run, date, addDays(date, 1));
      const { startedAt, finishedAt, ...rest } = day!;
      return {
        comparison: { ...rest, startedAt: isoOrNull(startedAt), finishedAt: isoOrNull(finishedAt) },
      };
    },
  );
}

const REPLACED_COLUMNS = [
  'token',
  'symbol',
  'exchange',
  'time',
  'fields',
  'open',
  'high',
  'low',
  'close',
  'volume',
  'source',
  'brokerOpen',
  'brokerHigh',
  'brokerLow',
  'brokerClose',
  'brokerVolume',
] as const;
