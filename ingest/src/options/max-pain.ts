/** Open interest at one strike, in units of the underlying. */
export interface StrikeInterest {
  readonly strike: number;
  readonly call: number;
  readonly put: number;
}

/**
 * The strike at which, were it the settlement price, all options of the expiry together would be worth least to their
 * holders; null without open interest. Of equals the lowest.
 */
export function maxPain(strikes: readonly StrikeInterest[]): number | null {
  if (!strikes.some(({ call, put }) => call > 0 || put > 0)) return null;
  let best: number | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const { strike: settlement } of [...strikes].sort((a, b) => a.strike - b.strike)) {
    let worth = 0;
    for (const { strike, call, put } of strikes) {
      worth += call * Math.max(settlement - strike, 0) + put * Math.max(strike - settlement, 0);
    }
    if (worth < least) {
      least = worth;
      best = settlement;
    }
  }
  return best;
}
