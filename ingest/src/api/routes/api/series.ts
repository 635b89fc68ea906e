import Type from 'typebox';
import { istDate, istMidnight } from '../../../sessions/ist.js';
import { candleQuery, gapItem, instrumentKey } from '../../candle-query.js';
import { openInterestSeries, vwapSeries } from '../../candle-series.js';
import type { ApiContext, App } from '../../context.js';
import { sendCsv } from '../../csv.js';
import { CandlesQuery, GapItem } from '../../schemas/candles.js';
import {
  answers,
  InstrumentKey,
  NullableInteger,
  NullableNumber,
  Origin,
  Time,
} from '../../schemas/common.js';
import { iso } from '../../times.js';

const Query = Type.Omit(CandlesQuery, ['fill']);
const head = {
  instrument: InstrumentKey,
  interval: Type.String(),
  origin: Origin,
  gaps: Type.Array(GapItem),
  completeness: NullableNumber,
  warnings: Type.Array(Type.String()),
};
const OI_COLUMNS = ['time', 'openInterest', 'change'] as const;
const VWAP_COLUMNS = ['time', 'vwap', 'price', 'volume'] as const;

/** `GET /api/oi` and `/api/vwap`: made from the same candles that `/api/candles` serves, so they heal alike. */
export function seriesRoutes(app: App, { services, instruments }: ApiContext): void {
  const { candles, clock, origin } = services;
  const tags = ['market'];

  app.get(
    '/api/oi',
    {
      schema: {
        tags,
        summary: 'Open interest by candle',
        description:
          '`change` is against the candle before. Indices and cash have none: the series is empty.',
        querystring: Query,
        response: answers({
          ...head,
          series: Type.Array(
            Type.Object({ time: Time, openInterest: Type.Integer(), change: NullableInteger }),
          ),
        }),
      },
    },
    async ({ query }, reply) => {
      const instrument = await instruments.one(query.instrument);
      const asked = candleQuery(instrument, query, clock.now());
      const answer = await candles.candles(asked);
      const series = openInterestSeries(answer.candles).map((row) => ({ ...row, time: iso(row.time) }));
      if (query.format === 'csv') return sendCsv(reply, `${instrument.symbol}-oi`, OI_COLUMNS, series);
      return {
        instrument: instrumentKey(instrument),
        interval: asked.interval,
        origin,
        series,
        gaps: answer.gaps.map(gapItem),
        completeness: answer.completeness,
        warnings: [...answer.warnings],
      };
    },
  );

  app.get(
    '/api/vwap',
    {
      schema: {
        tags,
        summary: 'Volume-weighted average price since the day’s first trade',
        description:
          'Begins anew each IST date. A candle counts with its own vwap, or (high + low + close) / 3 where the broker gave it. Indices have no volume: the series is empty.',
        querystring: Query,
        response: answers({
          ...head,
          series: Type.Array(
            Type.Object({ time: Time, vwap: Type.Number(), price: Type.Number(), volume: Type.Integer() }),
          ),
        }),
      },
    },
    async ({ query }, reply) => {
      const instrument = await instruments.one(query.instrument);
      const asked = candleQuery(instrument, query, clock.now());
      // The average is the whole day's, so it is summed from midnight and shown from `from`.
      const answer = await candles.candles({ ...asked, from: istMidnight(istDate(asked.from)) });
      const series = vwapSeries(answer.candles)
        .filter((row) => row.time >= asked.from)
        .map((row) => ({ ...row, time: iso(row.time) }));
      if (query.format === 'csv') return sendCsv(reply, `${instrument.symbol}-vwap`, VWAP_COLUMNS, series);
      return {
        instrument: instrumentKey(instrument),
        interval: asked.interval,
        origin,
        series,
        gaps: answer.gaps.map(gapItem),
        completeness: answer.completeness,
        warnings: [...answer.warnings],
      };
    },
  );
}
