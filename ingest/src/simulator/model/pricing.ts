/** Prices of derivatives as functions of the underlying. All are monotone, so the day's extremes map to extremes. */

const RATE = 0.065;
export const OPTION_TICK_PAISE = 5;

/** Cumulative normal distribution to 15 digits (Hart 1968, as in West, "Better approximations", 2005). */
export function normalCdf(x: number): number {
  const a = Math.abs(x);
  if (a > 37) return x > 0 ? 1 : 0;
  const e = Math.exp((-a * a) / 2);
  let tail: number;
  if (a < 7.07106781186547) {
    let n = 3.52624965998911e-2 * a + 0.700383064443688;
    n = n * a + 6.37396220353165;
    n = n * a + 33.912866078383;
    n = n * a + 112.079291497871;
    n = n * a + 221.213596169931;
    n = n * a + 220.206867912376;
    let d = 8.83883476483184e-2 * a + 1.75566716318264;
    d = d * a + 16.064177579207;
    d = d * a + 86.7807322029461;
    d = d * a + 296.564248779674;
    d = d * a + 637.333633378831;
    d = d * a + 793.826512519948;
    d = d * a + 440.413735824752;
    tail = (e * n) / d;
  } else {
    tail = e / (a + 1 / (a + 2 / (a + 3 / (a + 4 / (a + 0.65))))) / 2.506628274631;
  }
  return x > 0 ? 1 - tail : tail;
}

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
