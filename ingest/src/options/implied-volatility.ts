import type { OptionTerms } from './black76.js';
import { normalCdf } from './normal.js';

const MOST_STEPS = 64;
const PRECISION = 1e-12;
/** A standard deviation over the option's life beyond which no market quotes: 1000 % over a year. */
const MOST_DEVIATION = 10;

/**
 * The volatility a year, as a fraction, at which Black-76 gives `price`; null when there is none: no time value, or more
 * than the option could ever be worth.
 *
 * Everything is put on the out-of-the-money side (by put-call parity, so that no digits are lost to intrinsic value) and
 * normalized by `sqrt(forward * strike)`, as in P. Jäckel, "Let's be rational" (Wilmott, 2015). The logarithm of the
 * price is concave in the deviation, so Newton's method converges from below; from above a step that leaves the bracket is
 * replaced by halving it. It begins at the inflection point `sqrt(2 |ln(F / K)|)` (S. Manaster and G. Koehler, "The
 * calculation of implied variances from the Black-Scholes model", Journal of Finance 37, 1982).
 */
export function impliedVolatility(terms: OptionTerms, price: number): number | null {
  const { type, strike, forward, years, rate } = terms;
  if (!(strike > 0 && forward > 0 && years > 0 && price > 0) || !Number.isFinite(price)) return null;
  const sign = type === 'CE' ? 1 : -1;
  const timeValue = price * Math.exp(rate * years) - Math.max(sign * (forward - strike), 0);
  const moneyness = -Math.abs(Math.log(forward / strike));
  const wanted = timeValue / Math.sqrt(forward * strike);
  if (!(wanted > 0 && wanted < Math.exp(moneyness / 2))) return null;
  const deviation = solve(moneyness, wanted);
  return deviation === null ? null : deviation / Math.sqrt(years);
}

function solve(moneyness: number, wanted: number): number | null {
  const target = Math.log(wanted);
  let low = 0;
  let high = MOST_DEVIATION;
  if (normalized(moneyness, high) < wanted) return null;
  let deviation = Math.min(high, Math.sqrt(2 * -moneyness) || wanted * Math.sqrt(2 * Math.PI));
  for (let step = 0; step < MOST_STEPS; step++) {
    const value = normalized(moneyness, deviation);
    const error = value > 0 ? Math.log(value) - target : Number.NEGATIVE_INFINITY;
    if (error > 0) high = deviation;
    else low = deviation;
    const next = deviation - (error * value) / slope(moneyness, deviation);
    const better = next > low && next < high ? next : (low + high) / 2;
    if (Math.abs(better - deviation) <= PRECISION * deviation) return better;
    deviation = better;
  }
  return deviation;
}

/** Undiscounted out-of-the-money option over `sqrt(forward * strike)`; `moneyness` is at most 0. */
function normalized(moneyness: number, deviation: number): number {
  const d = moneyness / deviation;
  return (
    Math.exp(moneyness / 2) * normalCdf(d + deviation / 2) -
    Math.exp(-moneyness / 2) * normalCdf(d - deviation / 2)
  );
}

/** By how much `normalized` grows with the deviation. */
function slope(moneyness: number, deviation: number): number {
  const d = moneyness / deviation + deviation / 2;
  return (Math.exp(moneyness / 2) * Math.exp((-d * d) / 2)) / Math.sqrt(2 * Math.PI);
}
