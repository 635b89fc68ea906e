/** A strike at which call and put both have a price. Rupees. */
export interface StrikePair {
  readonly strike: number;
  readonly call: number;
  readonly put: number;
}

/**
 * The forward price for the expiry by put-call parity at the strike where call and put are nearest to each other:
 * `K + exp(rate * years) * (C - P)`. It is what the options themselves are traded against, dividends and funding included,
 * so a call and a put of one strike have one implied volatility. Source: H. Stoll, "The relationship between put and call
 * option prices", Journal of Finance 24 (1969); the strike is chosen as in the Cboe VIX methodology.
 */
export function parityForward(pairs: readonly StrikePair[], years: number, rate: number): number | null {
  let nearest: StrikePair | undefined;
  for (const pair of pairs) {
    if (!nearest || Math.abs(pair.call - pair.put) < Math.abs(nearest.call - nearest.put)) nearest = pair;
  }
  if (!nearest) return null;
  const forward = nearest.strike + Math.exp(rate * years) * (nearest.call - nearest.put);
  return forward > 0 ? forward : null;
}
