import { normalCdf } from './normal.js';

export type OptionType = 'CE' | 'PE';

/** An option on a forward. Prices in rupees. */
export interface OptionTerms {
  readonly type: OptionType;
  readonly strike: number;
  /** The forward price of the underlying for the option's expiry. */
  readonly forward: number;
  /** Until expiry; more than 0. */
  readonly years: number;
  /** Continuously compounded, a year. */
  readonly rate: number;
}

/**
 * The fair price. With `forward = spot * exp(rate * years)` it is the Black-Scholes price.
 * Source: F. Black, "The pricing of commodity contracts", Journal of Financial Economics 3 (1976), equation 16.
 * @param volatility a year, as a fraction.
 */
export function black76({ type, strike, forward, years, rate }: OptionTerms, volatility: number): number {
  const deviation = volatility * Math.sqrt(years);
  const d1 = Math.log(forward / strike) / deviation + deviation / 2;
  const d2 = d1 - deviation;
  const undiscounted =
    type === 'CE'
      ? forward * normalCdf(d1) - strike * normalCdf(d2)
      : strike * normalCdf(-d2) - forward * normalCdf(-d1);
  return Math.exp(-rate * years) * undiscounted;
}
