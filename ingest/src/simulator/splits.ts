import Type, { type Static } from 'typebox';
import { istDate } from '../sessions/ist.js';
import type { ExchangeCandle } from './model/candle.js';

/** A corporate action by which history is adjusted, as Kite does from the ex-date's morning on. */
export const SplitRequest = Type.Object(
  {
    token: Type.Integer(),
    exDate: Type.String({ pattern: '^\\d{4}-\\d{2}-\\d{2}$' }),
    /** Prices of before the ex-date times this: 0.5 for a split of one into two. */
    priceFactor: Type.Number({ exclusiveMinimum: 0 }),
    /** Volumes likewise; 1 / priceFactor when left out. */
    volumeFactor: Type.Optional(Type.Number({ exclusiveMinimum: 0 })),
  },
  { additionalProperties: false },
);
export type SplitRequest = Static<typeof SplitRequest>;

/** What history is adjusted by. The live feed stays as traded, as an exchange's does. */
export class Splits {
  readonly #splits: SplitRequest[] = [];

  add(split: SplitRequest): void {
    this.#splits.push(split);
  }

  list(): readonly SplitRequest[] {
    return this.#splits;
  }

  clear(): void {
    this.#splits.length = 0;
  }

  adjusted(token: number, candles: readonly ExchangeCandle[]): readonly ExchangeCandle[] {
    const splits = this.#splits.filter((split) => split.token === token);
    if (splits.length === 0) return candles;
    return candles.map((candle) => {
      const later = splits.filter(({ exDate }) => exDate > istDate(candle.time));
      return later.reduce(scaled, candle);
    });
  }
}

function scaled(candle: ExchangeCandle, { priceFactor, volumeFactor = 1 / priceFactor }: SplitRequest) {
  const price = (paise: number) => Math.round(paise * priceFactor);
  return {
    ...candle,
    open: price(candle.open),
    high: price(candle.high),
    low: price(candle.low),
    close: price(candle.close),
    volume: Math.round(candle.volume * volumeFactor),
  };
}
