import Type from 'typebox';
import type { ApiContext, App } from '../../context.js';
import { sendCsv } from '../../csv.js';
import {
  answers,
  Format,
  InstrumentKey,
  limit,
  NullableInteger,
  NullableNumber,
  NullableString,
  Origin,
} from '../../schemas/common.js';
import { DaySelection } from '../../schemas/selection.js';
import {
  asOf,
  type MoverOrder,
  type MoverRow,
  type MoverWindow,
  movers,
  usualVolumes,
} from '../../sql/movers.js';
import { iso, parseDate } from '../../times.js';

const ORDERS: readonly MoverOrder[] = ['absolute', 'gainers', 'losers', 'volume', 'volume_ratio'];
const WINDOWS: readonly MoverWindow[] = ['day', 'open', '1m', '5m', '15m'];
const DEFAULT_LIMIT = 20;
/** More instruments than any broker lists in a segment. */
const ALL = 200_000;

const CSV_COLUMNS = [
  'token',
  'symbol',
  'exchange',
  'lastPrice',
  'previousClose',
  'open',
  'high',
  'low',
  'reference',
  'change',
  'changePercent',
  'volume',
  'volumeRatio',
  'openInterest',
  'tradingDate',
] as const;

const Mover = Type.Object({
  instrument: InstrumentKey,
  lastPrice: Type.Number(),
  previousClose: NullableNumber,
  open: NullableNumber,
  high: NullableNumber,
  low: NullableNumber,
  reference: Type.Number({ description: 'What `change` is against.' }),
  change: Type.Number(),
  changePercent: Type.Number(),
  volume: NullableInteger,
  volumeRatio: Type.Unsafe<number | null>({
    type: ['number', 'null'],
    description: 'The day’s volume so far over the mean of the five days before.',
  }),
  openInterest: NullableInteger,
});

/** `GET /api/movers`: read from one row an instrument a day, and for minutes one index probe an instrument. */
export function moverRoutes(app: App, { services, run }: ApiContext): void {
  app.get(
    '/api/movers',
    {
      schema: {
        tags: ['market'],
        summary: 'What moved most',
        description:
          '`window`: against the previous close (`day`), the day’s open, or the last price so many minutes ago. On a day that is over, minutes count back from its last trade. `by=absolute` ranks by the size of the move either way.',
        querystring: Type.Object({
          ...DaySelection,
          by: Type.Optional(
            Type.Unsafe<MoverOrder>({ type: 'string', enum: [...ORDERS], default: 'absolute' }),
          ),
          window: Type.Optional(
            Type.Unsafe<MoverWindow>({ type: 'string', enum: [...WINDOWS], default: 'day' }),
          ),
          limit: Type.Optional(limit(DEFAULT_LIMIT, 1_000)),
          format: Type.Optional(Format),
        }),
        response: answers({
          origin: Origin,
          date: NullableString,
          window: Type.String(),
          asOf: NullableString,
          movers: Type.Array(Mover),
        }),
      },
    },
    async ({ query }, reply) => {
      const { by = 'absolute', window = 'day', limit: most = DEFAULT_LIMIT } = query;
      const day = query.date === undefined ? undefined : parseDate('date', query.date);
      const from = await asOf(run, day, services.clock.now());
      const rows = await movers(run, {
        ...(day !== undefined && { date: day }),
        ...(query.segment && { segment: query.segment }),
        ...(query.type !== undefined && { type: query.type }),
        by,
        window,
        limit: by === 'volume_ratio' ? ALL : most,
        asOf: from,
      });
      const date = rows[0]?.tradingDate ?? query.date ?? null;
      const ranked = await withVolumeRatio(run, rows, date);
      if (by === 'volume_ratio') ranked.sort((a, b) => (b.volumeRatio ?? -1) - (a.volumeRatio ?? -1));
      const shown = ranked.slice(0, most);
      if (query.format === 'csv') return sendCsv(reply, 'movers', CSV_COLUMNS, shown);
      return {
        origin: services.origin,
        date,
        window,
        asOf: rows.length > 0 ? iso(from) : null,
        movers: shown.map(({ token, symbol, exchange, tradingDate: _, ...row }) => ({
          instrument: { token, symbol, exchange },
          ...row,
        })),
      };
    },
  );
}

async function withVolumeRatio(
  run: ApiContext['run'],
  rows: readonly MoverRow[],
  date: string | null,
): Promise<Array<MoverRow & { volumeRatio: number | null }>> {
  const traded = rows.filter(({ volume }) => volume !== null).map(({ token }) => token);
  const usual = date === null ? new Map<number, number>() : await usualVolumes(run, traded, date);
  return rows.map((row) => {
    const mean = usual.get(row.token);
    return { ...row, volumeRatio: row.volume !== null && mean ? row.volume / mean : null };
  });
}
