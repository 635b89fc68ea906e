import Type, { type TProperties } from 'typebox';
import { CANDLE_INTERVALS, type CandleInterval } from '../../broker/broker.js';

/** `type: [x, 'null']` instead of `anyOf`: the serializer writes it without validating first. */
export const NullableNumber = Type.Unsafe<number | null>({ type: ['number', 'null'] });
export const NullableInteger = Type.Unsafe<number | null>({ type: ['integer', 'null'] });
export const NullableString = Type.Unsafe<string | null>({ type: ['string', 'null'] });

export const Interval = Type.Unsafe<CandleInterval>({ type: 'string', enum: [...CANDLE_INTERVALS] });
export const Format = Type.Unsafe<'json' | 'csv'>({ type: 'string', enum: ['json', 'csv'], default: 'json' });

export const InstrumentText = Type.String({
  minLength: 1,
  maxLength: 100,
  description: 'Token (`256265`) or `EXCHANGE:SYMBOL` (`NSE:NIFTY 50`).',
  examples: ['NSE:NIFTY 50'],
});
export const InstrumentTexts = Type.Array(Type.String({ minLength: 1 }), {
  minItems: 1,
  maxItems: 1000,
  description: 'One or several: repeat the parameter or separate with commas.',
});
/** In a body a token may be a number. */
export const InstrumentValue = Type.Unsafe<string | number>({
  type: ['integer', 'string'],
  description: 'Token (`256265`) or `EXCHANGE:SYMBOL` (`NSE:NIFTY 50`).',
});

const TIME = 'ISO 8601 with a zone, epoch milliseconds, or `YYYY-MM-DD` (an IST date';
const FROM = `Inclusive. ${TIME}).`;
const TO = `Exclusive. ${TIME}, then that day is included).`;
export const FromText = Type.String({ maxLength: 64, description: FROM });
export const ToText = Type.String({ maxLength: 64, description: TO });
export const FromValue = Type.Unsafe<string | number>({ type: ['integer', 'string'], description: FROM });
export const ToValue = Type.Unsafe<string | number>({ type: ['integer', 'string'], description: TO });
export const DayText = Type.String({ maxLength: 64, description: 'An IST date, `YYYY-MM-DD`.' });

export const limit = (fallback: number, maximum: number) =>
  Type.Integer({ minimum: 1, maximum, default: fallback });

export const InstrumentKey = Type.Object({
  token: Type.Integer(),
  symbol: Type.String(),
  exchange: Type.String(),
});

export const Time = Type.String({ description: 'ISO 8601, UTC.' });

export const ErrorAnswer = Type.Object(
  {
    error: Type.Object({
      code: Type.String(),
      message: Type.String(),
      details: Type.Optional(Type.Unsafe<unknown>({})),
    }),
  },
  { description: 'What went wrong, in a sentence.' },
);

/** The answers of a route: 200 as given, errors alike everywhere. */
export function answers<T extends TProperties>(properties: T, description = 'OK') {
  return { 200: Type.Object(properties, { description }), '4xx': ErrorAnswer, '5xx': ErrorAnswer };
}

export const Origin = Type.String({ description: '`live`, `simulator:<seed>` or `replay`.' });
