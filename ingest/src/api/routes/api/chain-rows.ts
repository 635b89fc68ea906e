import { maxPain, type StrikeInterest } from '../../../options/max-pain.js';
import type { ChainLeg } from '../../sql/chain.js';
import { isoOrNull } from '../../times.js';

/** A leg with what was worked out for it: volatility as a fraction a year, null where not solvable. */
export type PricedLeg = ChainLeg & { iv: number | null };

/** The strike nearest to a price (of two the lower); null without a price. `strikes` ascend. */
export function nearestStrike(strikes: readonly number[], price: number | null): number | null {
  if (price === null || strikes.length === 0) return null;
  return strikes.reduce((best, strike) =>
    Math.abs(strike - price) < Math.abs(best - price) ? strike : best,
  );
}

/** The `count` strikes on each side of `atm`; all of them without either. */
export function nearMoney<Leg extends ChainLeg>(
  legs: readonly Leg[],
  atm: number | null,
  count: number | undefined,
): Leg[] {
  if (count === undefined || atm === null) return [...legs];
  const strikes = strikesOf(legs);
  const money = strikes.indexOf(atm);
  const kept = new Set(strikes.slice(Math.max(0, money - count), money + count + 1));
  return legs.filter(({ strike }) => kept.has(strike));
}

export function strikesOf(legs: readonly ChainLeg[]): number[] {
  return [...new Set(legs.map(({ strike }) => strike))].sort((a, b) => a - b);
}

export function byStrike(legs: readonly PricedLeg[]) {
  const rows = new Map<number, { strike: number; call?: LegBody; put?: LegBody }>();
  for (const leg of legs) {
    const row = rows.get(leg.strike) ?? { strike: leg.strike };
    row[leg.optionType === 'CE' ? 'call' : 'put'] = legBody(leg);
    rows.set(leg.strike, row);
  }
  return [...rows.values()];
}

type LegBody = ReturnType<typeof legBody>;
function legBody({ strike: _strike, optionType: _type, time, ...leg }: PricedLeg) {
  return { ...leg, time: isoOrNull(time) };
}

/** Sums over the whole expiry. */
export function totals(legs: readonly ChainLeg[]) {
  const strikes = new Map<number, StrikeInterest>();
  let [callOpenInterest, putOpenInterest] = [0, 0];
  for (const { strike, optionType, openInterest } of legs) {
    const row = strikes.get(strike) ?? { strike, call: 0, put: 0 };
    if (optionType === 'CE') callOpenInterest += openInterest ?? 0;
    else putOpenInterest += openInterest ?? 0;
    strikes.set(strike, { ...row, [optionType === 'CE' ? 'call' : 'put']: openInterest ?? 0 });
  }
  return {
    callOpenInterest,
    putOpenInterest,
    putCallRatio: callOpenInterest > 0 ? putOpenInterest / callOpenInterest : null,
    maxPain: maxPain([...strikes.values()]),
  };
}
