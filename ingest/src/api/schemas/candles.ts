import Type, { type Static } from 'typebox';
import { DEFAULT_CANDLE_LIMIT, MAX_POSSIBLE_BUCKETS } from '../../candles/buckets.js';
import { DEFAULT_WAIT_MS } from '../../candles/candle.js';
import {
  Format,
  FromText,
  FromValue,
  InstrumentKey,
  InstrumentText,
  InstrumentValue,
  Interval,
  limit,
  NullableInteger,
  NullableNumber,
  Origin,
  Time,
  ToText,
  ToValue,
} from './common.js';

export const MAX_BATCH = 100;

const options = {
  fill: Type.Optional(
    Type.Unsafe<'none' | 'previous'>({
      type: 'string',
      enum: ['none', 'previous'],
      default: 'none',
      description: '`previous` repeats the last close where nothing traded.',
    }),
  ),
  backfill: Type.Optional(
    Type.Boolean({ default: true, description: 'Fetch what is missing from the broker and store it.' }),
  ),
  adjust: Type.Optional(
    Type.Unsafe<'splits' | 'none'>({
      type: 'string',
      enum: ['splits', 'none'],
      default: 'splits',
      description:
        '`splits` brings candles of before a split, bonus or large dividend to the scale of after it; `none` leaves them as traded.',
    }),
  ),
  limit: Type.Optional(limit(DEFAULT_CANDLE_LIMIT, MAX_POSSIBLE_BUCKETS)),
  wait_ms: Type.Optional(
    Type.Integer({
      minimum: 0,
      maximum: 30_000,
      default: DEFAULT_WAIT_MS,
      description: 'After this it answers with what there is and gap reason `pending`.',
    }),
  ),
};

export const CandlesQuery = Type.Object({
  instrument: InstrumentText,
  interval: Type.Optional(Interval),
  from: Type.Optional(FromText),
  to: Type.Optional(ToText),
  format: Type.Optional(Format),
  ...options,
});

const bodyTimes = {
  from: Type.Optional(FromValue),
  to: Type.Optional(ToValue),
  from_date: Type.Optional(FromValue),
  to_date: Type.Optional(ToValue),
  interval: Type.Optional(Interval),
};

export const CandlesBody = Type.Object({
  instrument_token: Type.Optional(InstrumentValue),
  instrument: Type.Optional(InstrumentValue),
  ...bodyTimes,
  format: Type.Optional(Format),
  ...options,
});

export const CandlesBatchBody = Type.Object({
  instruments: Type.Array(InstrumentValue, { minItems: 1, maxItems: MAX_BATCH }),
  ...bodyTimes,
  ...options,
});

export type Adjust = Static<typeof CandlesBody>['adjust'];
export type CandleOptions = Pick<
  Static<typeof CandlesBody>,
  'interval' | 'from' | 'to' | 'fill' | 'backfill' | 'limit' | 'wait_ms'
>;

export const CandleItem = Type.Object({
  time: Time,
  open: Type.Number(),
  high: Type.Number(),
  low: Type.Number(),
  close: Type.Number(),
  volume: NullableInteger,
  openInterest: NullableInteger,
  trades: NullableInteger,
  vwap: NullableNumber,
  source: Type.String(),
  complete: Type.Boolean(),
});
export const GapItem = Type.Object({ from: Time, to: Time, reason: Type.String() });

export const candleAnswer = {
  instrument: InstrumentKey,
  interval: Type.String(),
  origin: Origin,
  candles: Type.Array(CandleItem),
  gaps: Type.Array(GapItem),
  completeness: NullableNumber,
  backfilled: Type.Integer(),
  warnings: Type.Array(Type.String()),
  adjustments: Type.Optional(
    Type.Array(
      Type.Object({
        exDate: Type.String({ description: 'From this IST date on nothing is scaled.' }),
        priceFactor: Type.Number({ description: 'Prices of before it were multiplied by this.' }),
        volumeFactor: Type.Number(),
      }),
      { description: 'Only where candles were scaled.' },
    ),
  ),
};
const CandleAnswerBody = Type.Object(candleAnswer);
export type CandleAnswerBody = Static<typeof CandleAnswerBody>;

export const batchAnswer = {
  origin: Origin,
  interval: Type.String(),
  results: Type.Array(
    Type.Object({
      requested: Type.String(),
      ...Type.Partial(CandleAnswerBody).properties,
      error: Type.Optional(Type.Object({ code: Type.String(), message: Type.String() })),
    }),
  ),
};
