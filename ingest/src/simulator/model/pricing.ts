import { normalCdf } from '../../options/normal.js';

/** Prices of derivatives as functions of the underlying. All are monotone, so the day's extremes map to extremes. */

const RATE = 0.065;
export const OPTION_TICK_PAISE = 5;

/** Paise of a derivative when its underlying stands at `underlying` paise. */
export type Fair = (underlying: number) => number;

export interface Terms {
  readonly kind: 'FUT' | 'CE' | 'PE';
  readonly strikePaise: number;
  /** Years to expiry, the same the whole day; more than 0. */
  readonly years: number;
  /** Volatility a year as a fraction. */
  readonly volatility: number;
}

/** Black-Scholes for options and cost of carry for futures, rounded to the tick, at least one tick. */
export function fairPrice(terms: Terms): Fair {
  const { kind, strikePaise: strike, years, volatility } = terms;
  if (kind === 'FUT') {
    const carry = Math.exp(RATE * years);
    return (s) => toTick(s * carry);
  }
  const deviation = volatility * Math.sqrt(years);
  const discounted = strike * Math.exp(-RATE * years);
  const drift = (RATE + (volatility * volatility) / 2) * years;
  return (s) => {
    const d1 = (Math.log(s / strike) + drift) / deviation;
    const d2 = d1 - deviation;
    return kind === 'CE'
      ? toTick(s * normalCdf(d1) - discounted * normalCdf(d2))
      : toTick(discounted * normalCdf(-d2) - s * normalCdf(-d1));
  };
}

function toTick(paise: number): number {
  return Math.max(OPTION_TICK_PAISE, Math.round(paise / OPTION_TICK_PAISE) * OPTION_TICK_PAISE);
}
