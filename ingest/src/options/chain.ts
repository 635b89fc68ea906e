import type { OptionType } from './black76.js';
import { parityForward, type StrikePair } from './forward.js';
import { impliedVolatility } from './implied-volatility.js';

/**
 * Interest on rupees that options are discounted by, a year: about what treasury bills of 91 days yield. Between call, put
 * and forward it hardly matters: one point more moves a month's implied volatility by less than a thousandth.
 */
export const RUPEE_RATE = 0.065;
export const YEAR_MS = 365 * 86_400_000;
/** Within its last minutes an option's time value is noise. */
const LEAST_YEARS = (5 * 60_000) / YEAR_MS;
/** A time value below this is the rounding of the price to its tick (5 paise), not an opinion. Rupees. */
const LEAST_TIME_VALUE = 0.025;

/** What a volatility is worked out from. Prices in rupees, null where there is none. */
export interface QuotedOption {
  readonly strike: number;
  readonly type: OptionType;
  readonly lastPrice: number | null;
  readonly bidPrice: number | null;
  readonly askPrice: number | null;
}

/** The middle of the book where both sides are there, else the last price: an option may not have traded for hours. */
export function priceOf({ lastPrice, bidPrice, askPrice }: QuotedOption): number | null {
  return bidPrice && askPrice && askPrice >= bidPrice ? (bidPrice + askPrice) / 2 : lastPrice;
}

/**
 * Implied volatility of each option of one expiry (a fraction a year; null where not solvable).
 * @param spot of the underlying, for a chain in which no strike has both sides.
 * @param years until expiry.
 */
export function chainVolatilities(
  options: readonly QuotedOption[],
  spot: number | null,
  years: number,
): Array<number | null> {
  if (!(years > LEAST_YEARS)) return options.map(() => null);
  const forward =
    parityForward(pairs(options), years, RUPEE_RATE) ??
    (spot === null ? null : spot * Math.exp(RUPEE_RATE * years));
  if (forward === null) return options.map(() => null);
  return options.map((option) => {
    const price = priceOf(option);
    const sign = option.type === 'CE' ? 1 : -1;
    if (price === null) return null;
    if (price - Math.max(sign * (forward - option.strike), 0) < LEAST_TIME_VALUE) return null;
    const terms = { type: option.type, strike: option.strike, forward, years, rate: RUPEE_RATE };
    return impliedVolatility(terms, price);
  });
}

function pairs(options: readonly QuotedOption[]): StrikePair[] {
  const calls = new Map<number, number>();
  for (const option of options) {
    const price = option.type === 'CE' ? priceOf(option) : null;
    if (price !== null) calls.set(option.strike, price);
  }
  const found: StrikePair[] = [];
  for (const option of options) {
    const call = option.type === 'PE' ? calls.get(option.strike) : undefined;
    const put = call === undefined ? null : priceOf(option);
    if (call !== undefined && put !== null) found.push({ strike: option.strike, call, put });
  }
  return found;
}
