import type { Broker, BrokerCandle } from '../broker/broker.js';
import type { Candle, CandleAnswer } from '../candles/candle.js';
import type { Queryable } from '../candles/sql-clock.js';
import { type IstDate, istDate } from '../sessions/ist.js';
import type { ScaleChange } from './corporate-action.js';

interface ActionRow {
  readonly token: number;
  readonly exDate: IstDate;
  readonly priceFactor: number;
  readonly volumeFactor: number;
}

const ACTIONS = `
select instrument_token as token, ex_date as "exDate", price_factor as "priceFactor", volume_factor as "volumeFactor"
from corporate_actions order by instrument_token, ex_date`;

/** The corporate actions that are known, by instrument, oldest first. Few: all of them in memory. */
export class CorporateActions {
  readonly #byToken = new Map<number, ScaleChange[]>();

  static async read(db: Queryable): Promise<CorporateActions> {
    const actions = new CorporateActions();
    await actions.load(db);
    return actions;
  }

  /** Reads `corporate_actions`, again after each change. */
  async load(db: Queryable): Promise<void> {
    const { rows } = await db.query<ActionRow>(ACTIONS);
    this.#byToken.clear();
    for (const { token, ...change } of rows) {
      const changes = this.#byToken.get(token);
      if (changes) changes.push(change);
      else this.#byToken.set(token, [change]);
    }
  }

  of(token: number): readonly ScaleChange[] {
    return this.#byToken.get(token) ?? [];
  }
}

/** Everything that is stored is as traded, so a series never has two scales; this brings a day to today's. */
export function factorsOf(
  changes: readonly ScaleChange[],
  time: number,
): { readonly price: number; readonly volume: number } {
  const day = istDate(time);
  let price = 1;
  let volume = 1;
  for (const change of changes) {
    if (change.exDate <= day) continue;
    price *= change.priceFactor;
    volume *= change.volumeFactor;
  }
  return { price, volume };
}

/** The broker's history brought back from its scale to the one of the day. */
export function asTraded(candles: readonly BrokerCandle[], changes: readonly ScaleChange[]): BrokerCandle[] {
  if (changes.length === 0) return [...candles];
  return candles.map((candle) => {
    const { price, volume } = factorsOf(changes, candle.time);
    if (price === 1 && volume === 1) return candle;
    return {
      ...candle,
      open: paise(candle.open / price),
      high: paise(candle.high / price),
      low: paise(candle.low / price),
      close: paise(candle.close / price),
      volume: Math.round(candle.volume / volume),
    };
  });
}

/** `broker`, whose history comes as traded. `changesOf` is asked with the broker's token. */
export function historyAsTraded(
  broker: Broker,
  changesOf: (brokerToken: number) => readonly ScaleChange[],
): Broker {
  return {
    name: broker.name,
    maxCandleRangeMs: (interval) => broker.maxCandleRangeMs(interval),
    instruments: () => broker.instruments(),
    quotes: (keys) => broker.quotes(keys),
    candles: async (request) => asTraded(await broker.candles(request), changesOf(request.brokerToken)),
    profile: () => broker.profile(),
    createSession: (requestToken, apiSecret) => broker.createSession(requestToken, apiSecret),
    setAccessToken: (accessToken) => broker.setAccessToken(accessToken),
    tokenExpiresAt: () => broker.tokenExpiresAt(),
    close: () => broker.close(),
  };
}

/** Candles of before an ex-date on the scale of after it; a flat fill goes on from the close before it. */
export function adjusted(candles: readonly Candle[], changes: readonly ScaleChange[]): Candle[] {
  if (changes.length === 0) return [...candles];
  let close: number | undefined;
  return candles.map((candle) => {
    const { price, volume } = factorsOf(changes, candle.time);
    const flat = candle.source === 'previous' ? close : undefined;
    const scaled = {
      ...candle,
      open: flat ?? paise(candle.open * price),
      high: flat ?? paise(candle.high * price),
      low: flat ?? paise(candle.low * price),
      close: flat ?? paise(candle.close * price),
      volume: candle.volume === null ? null : Math.round(candle.volume * volume),
      vwap: candle.vwap === null ? null : candle.vwap * price,
    };
    close = scaled.close;
    return scaled;
  });
}

/** The answer on one scale, with the changes that concern it. */
export function adjustedAnswer(
  answer: CandleAnswer,
  changes: readonly ScaleChange[],
): CandleAnswer & { readonly adjustments: readonly ScaleChange[] } {
  const first = answer.candles[0]?.time;
  const concerned = first === undefined ? [] : changes.filter(({ exDate }) => exDate > istDate(first));
  return { ...answer, candles: adjusted(answer.candles, concerned), adjustments: concerned };
}

const paise = (rupees: number) => Math.round(rupees * 100) / 100;
