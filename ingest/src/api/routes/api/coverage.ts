import Type from 'typebox';
import type { Instrument } from '../../../instruments/instrument.js';
import { addDays, istDate, istMidnight } from '../../../sessions/ist.js';
import { candleRange, instrumentKey } from '../../candle-query.js';
import type { ApiContext, App } from '../../context.js';
import { sendCsv } from '../../csv.js';
import {
  answers,
  DayText,
  Format,
  FromText,
  InstrumentKey,
  InstrumentTexts,
  Interval,
  limit,
  NullableNumber,
  Origin,
  Time,
  ToText,
} from '../../schemas/common.js';
import { Repair, toRepair } from '../../schemas/repairs.js';
import { completeness, gaps } from '../../sql/coverage.js';
import { repairs } from '../../sql/repairs.js';
import { subscriptions } from '../../sql/subscriptions.js';
import { iso, parseDate } from '../../times.js';
import { gapRepairRoutes } from './gap-repairs.js';

/** Instruments that one answer looks at: each costs some tenths of a millisecond of coverage arithmetic. */
const MAX_INSTRUMENTS = 500;
const GAP_COLUMNS = ['token', 'symbol', 'exchange', 'from', 'to', 'reason'] as const;
const DAY_COLUMNS = [
  'token',
  'symbol',
  'exchange',
  'date',
  'completeness',
  'elapsedSeconds',
  'gapSeconds',
  'gaps',
] as const;
/** `GET /api/gaps`, `/api/completeness`: what was not heard, and how much was. */
export function coverageRoutes(app: App, context: ApiContext): void {
  const { services, run } = context;
  const tags = ['quality'];
  gapRepairRoutes(app, context);

  app.get(
    '/api/gaps',
    {
      schema: {
        tags,
        summary: 'Holes, and what repair has done about them',
        description:
          '`gaps` is derived from coverage: what is missing now. `repairs` is the ledger: holes found since they were listened for, repaired ones included, a hole of a whole connection in one row. Without `instrument` all subscribed, without `from` today.',
        querystring: Type.Object({
          instrument: Type.Optional(InstrumentTexts),
          from: Type.Optional(FromText),
          to: Type.Optional(ToText),
          interval: Type.Optional(Interval),
          limit: Type.Optional(limit(1_000, 20_000)),
          format: Type.Optional(Format),
        }),
        response: answers({
          origin: Origin,
          gaps: Type.Array(
            Type.Object({ instrument: InstrumentKey, from: Time, to: Time, reason: Type.String() }),
          ),
          repairs: Type.Array(Repair),
          warnings: Type.Array(Type.String()),
        }),
      },
    },
    async ({ query }, reply) => {
      const now = services.clock.now();
      const interval = query.interval ?? '1m';
      const range = candleRange(
        { from: query.from ?? istDate(now), to: query.to ?? Math.trunc(now) },
        interval,
        now,
      );
      const { asked, warnings } = await instrumentsOf(context, query.instrument);
      const tokens = asked.map(({ token }) => token);
      const most = query.limit ?? 1_000;
      const [found, recorded] = await Promise.all([
        gaps(run, tokens, range, interval, most),
        repairs(run, query.instrument ? tokens : null, range, most),
      ]);
      const byToken = new Map(asked.map((instrument) => [instrument.token, instrument]));
      const items = found.map((gap) => ({
        instrument: instrumentKey(byToken.get(gap.token)!),
        from: iso(gap.from),
        to: iso(gap.to),
        reason: gap.reason,
      }));
      if (query.format === 'csv') {
        return sendCsv(
          reply,
          'gaps',
          GAP_COLUMNS,
          items.map(({ instrument, ...gap }) => ({ ...instrument, ...gap })),
        );
      }
      if (found.length === most)
        warnings.push(`Only the oldest ${most} holes are listed; ask for a shorter range.`);
      return {
        origin: services.origin,
        gaps: items,
        repairs: recorded.map(toRepair),
        warnings,
      };
    },
  );

  app.get(
    '/api/completeness',
    {
      schema: {
        tags,
        summary: 'How much of a day was heard, an instrument a row',
        description: 'Complete session seconds over elapsed session seconds. Without `date` today.',
        querystring: Type.Object({
          instrument: Type.Optional(InstrumentTexts),
          date: Type.Optional(DayText),
          format: Type.Optional(Format),
        }),
        response: answers({
          origin: Origin,
          date: Type.String(),
          completeness: NullableNumber,
          instruments: Type.Array(
            Type.Object({
              instrument: InstrumentKey,
              completeness: NullableNumber,
              elapsedSeconds: Type.Number(),
              gapSeconds: Type.Number(),
              gaps: Type.Integer(),
            }),
          ),
          warnings: Type.Array(Type.String()),
        }),
      },
    },
    async ({ query }, reply) => {
      const date = query.date === undefined ? istDate(services.clock.now()) : parseDate('date', query.date);
      const { asked, warnings } = await instrumentsOf(context, query.instrument);
      const rows = await completeness(
        run,
        asked.map(({ token }) => token),
        date,
        { from: istMidnight(date), to: istMidnight(addDays(date, 1)) },
      );
      const items = rows.map(({ token, symbol, exchange, ...row }) => ({
        instrument: { token, symbol, exchange },
        completeness: share(row.elapsedSeconds, row.gapSeconds),
        ...row,
      }));
      if (query.format === 'csv') {
        const flat = items.map(({ instrument, ...row }) => ({ ...instrument, date, ...row }));
        return sendCsv(reply, `completeness-${date}`, DAY_COLUMNS, flat);
      }
      const elapsed = rows.reduce((sum, row) => sum + row.elapsedSeconds, 0);
      const missing = rows.reduce((sum, row) => sum + row.gapSeconds, 0);
      return {
        origin: services.origin,
        date,
        completeness: share(elapsed, missing),
        instruments: items,
        warnings,
      };
    },
  );
}

/** Those asked for, or all that are subscribed, at most 500. Only who is named is looked at by somebody. */
async function instrumentsOf(
  { instruments, run, services }: ApiContext,
  references: readonly string[] | undefined,
): Promise<{ asked: Instrument[]; warnings: string[] }> {
  const tokens = references ?? [
    ...new Set([
      ...(await subscriptions(run)).map(({ token }) => token),
      ...services.subscriptions.current().map(({ token }) => token),
    ]),
  ];
  const warnings =
    tokens.length > MAX_INSTRUMENTS
      ? [`Only ${MAX_INSTRUMENTS} of ${tokens.length} instruments are looked at; name those you mean.`]
      : [];
  const most = tokens.slice(0, MAX_INSTRUMENTS);
  if (references) return { asked: await instruments.many(most), warnings };
  const found = await Promise.all(most.map((token) => instruments.find(String(token))));
  return { asked: found.filter((instrument) => instrument !== undefined), warnings };
}

/** null when nothing has elapsed: there is nothing to be complete. */
function share(elapsed: number, missing: number): number | null {
  return elapsed > 0 ? Math.min(1, Math.max(0, 1 - missing / elapsed)) : null;
}
