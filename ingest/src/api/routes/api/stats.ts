import Type from 'typebox';
import type { Instrument } from '../../../instruments/instrument.js';
import { addDays, type IstDate, istDate, istMidnight } from '../../../sessions/ist.js';
import { instrumentKey } from '../../candle-query.js';
import { returnStatistics } from '../../candle-series.js';
import type { ApiContext, App } from '../../context.js';
import { withoutDust } from '../../difference.js';
import { ApiError } from '../../errors.js';
import {
  answers,
  DayText,
  InstrumentKey,
  InstrumentText,
  NullableInteger,
  NullableNumber,
  Origin,
} from '../../schemas/common.js';
import { dayOf } from '../../sql/days.js';
import { parseDate } from '../../times.js';

const MINUTES_OF_A_DAY = 1_440;

/** `GET /api/stats`: one day of one instrument in numbers. */
export function statsRoutes(app: App, context: ApiContext): void {
  const { instruments } = context;
  app.get(
    '/api/stats',
    {
      schema: {
        tags: ['market'],
        summary: 'Statistics of a day',
        description:
          'The day fields as the exchange sends them, and what the stored minutes say: how many traded, how much prices spread.',
        querystring: Type.Object({ instrument: InstrumentText, date: Type.Optional(DayText) }),
        response: answers({
          instrument: InstrumentKey,
          origin: Origin,
          date: Type.String(),
          open: NullableNumber,
          high: NullableNumber,
          low: NullableNumber,
          last: NullableNumber,
          previousClose: NullableNumber,
          change: NullableNumber,
          changePercent: NullableNumber,
          rangePercent: NullableNumber,
          averagePrice: NullableNumber,
          volume: NullableInteger,
          openInterest: NullableInteger,
          trades: Type.Integer({ description: 'Ticks that were trades, not trades of the exchange.' }),
          candles: Type.Integer({ description: 'Minutes with a trade.' }),
          completeness: NullableNumber,
          minuteVolatility: Type.Unsafe<number | null>({
            type: ['number', 'null'],
            description: 'Standard deviation of log returns from minute to minute.',
          }),
          largestMinuteMovePercent: NullableNumber,
        }),
      },
    },
    async ({ query }) => {
      const instrument = await instruments.one(query.instrument);
      const asked = query.date === undefined ? undefined : parseDate('date', query.date);
      return statistics(context, instrument, asked);
    },
  );
}

/**
 * The answer for one day, the latest without a date.
 * @throws ApiError 404 when nothing is known
 */
export async function statistics(
  { services, run }: ApiContext,
  instrument: Instrument,
  asked: IstDate | undefined,
) {
  const day = await dayOf(run, instrument.token, asked);
  const date = day?.tradingDate ?? asked ?? istDate(services.clock.now());
  const answer = await services.candles.candles({
    instrument,
    interval: '1m',
    from: istMidnight(date),
    to: istMidnight(addDays(date, 1)),
    fill: 'none',
    backfill: false,
    limit: MINUTES_OF_A_DAY,
    waitMs: 0,
  });
  if (!day && answer.candles.length === 0) {
    throw new ApiError(404, 'no_data', `Nothing is known about ${instrument.symbol} on ${date}.`);
  }
  const minutes = answer.candles;
  const open = day?.open ?? minutes[0]?.open ?? null;
  const high = day?.high ?? maximum(minutes.map((candle) => candle.high));
  const low = day?.low ?? minimum(minutes.map((candle) => candle.low));
  const last = day?.last ?? minutes.at(-1)?.close ?? null;
  const previousClose = day?.previousClose ?? null;
  const spread = returnStatistics(minutes);
  return {
    instrument: instrumentKey(instrument),
    origin: services.origin,
    date,
    open,
    high,
    low,
    last,
    previousClose,
    change: last !== null && previousClose ? withoutDust(last - previousClose) : null,
    changePercent: last !== null && previousClose ? ((last - previousClose) / previousClose) * 100 : null,
    rangePercent: high !== null && low ? ((high - low) / low) * 100 : null,
    averagePrice: day?.averagePrice ?? null,
    volume: day?.volume ?? null,
    openInterest: day?.openInterest ?? null,
    trades: day?.trades ?? 0,
    candles: minutes.length,
    completeness: answer.completeness,
    minuteVolatility: spread.volatility,
    largestMinuteMovePercent: spread.largestMovePercent,
  };
}

function maximum(values: readonly number[]): number | null {
  return values.length > 0 ? Math.max(...values) : null;
}

function minimum(values: readonly number[]): number | null {
  return values.length > 0 ? Math.min(...values) : null;
}
