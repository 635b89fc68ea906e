import { type IstDate, istDate } from '../sessions/ist.js';

/** A day's prices and volume, of whatever scale. */
export interface DayPrices {
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly volume: number | null;
}

/** From `exDate` on history is on another scale: prices of before times `priceFactor`, volumes times `volumeFactor`. */
export interface ScaleChange {
  readonly exDate: IstDate;
  readonly priceFactor: number;
  readonly volumeFactor: number;
}

/** What the broker does not adjust for is smaller; a correction of a day touches one price, not all of them alike. */
const SMALLEST_CHANGE = 0.01;
/** Open, high and low change by the same factor, but for rounding to ticks. */
const MOST_SPREAD = 0.005;
/** Companies split and give in small numbers. */
const MOST_IN_RATIO = 20;

/**
 * Holds day candles as they were known against the same days as the broker tells them now. A change of scale shows as
 * one factor on every day up to one day, and none from there on; anything else is a correction.
 * @param known by IST date, as traded
 * @param told the broker's of the last days, oldest first
 * @param nextDay the trading day after the last one told
 * @param tickSize rupees
 */
export function scaleChange(
  known: ReadonlyMap<IstDate, DayPrices>,
  told: ReadonlyArray<DayPrices & { readonly time: number }>,
  nextDay: IstDate,
  tickSize: number,
): ScaleChange | undefined {
  const days = told.flatMap((day, index) => {
    const before = known.get(istDate(day.time));
    return before ? [{ before, day, index, factor: factorOf(before, day, tickSize) }] : [];
  });
  const changed = days.filter(({ factor }) => factor !== undefined);
  const last = changed.at(-1);
  if (!last || days.slice(0, changed.length).some(({ factor }) => factor === undefined)) return undefined;
  if (changed.some(({ factor }) => Math.abs(factor! / last.factor! - 1) > SMALLEST_CHANGE)) return undefined;
  const following = told[last.index + 1];
  const busiest = changed.toSorted((a, b) => (b.before.volume ?? 0) - (a.before.volume ?? 0))[0]!;
  return {
    exDate: following ? istDate(following.time) : nextDay,
    priceFactor: roundFactor(last.factor!, tickSize / last.day.high),
    volumeFactor: volumeFactorOf(busiest.before, busiest.day),
  };
}

function factorOf(before: DayPrices, now: DayPrices, tickSize: number): number | undefined {
  const ratios = [now.open / before.open, now.high / before.high, now.low / before.low];
  if (!ratios.every((ratio) => Number.isFinite(ratio) && ratio > 0)) return undefined;
  const spread = Math.max(...ratios) / Math.min(...ratios) - 1;
  const rounding = (2 * tickSize) / Math.min(before.low, now.low);
  if (spread > MOST_SPREAD + rounding) return undefined;
  // The highest price is rounded least.
  const factor = ratios[1]!;
  return Math.abs(factor - 1) > SMALLEST_CHANGE + rounding ? factor : undefined;
}

/** Splits and bonuses are ratios of small numbers; prices rounded to ticks hide that. */
function roundFactor(factor: number, precision: number): number {
  for (let below = 1; below <= MOST_IN_RATIO; below++) {
    const above = Math.round(factor * below);
    if (above >= 1 && above <= MOST_IN_RATIO && Math.abs(above / below / factor - 1) <= precision)
      return above / below;
  }
  return factor;
}

/** Splits and bonuses change volumes, dividends do not. */
function volumeFactorOf(before: DayPrices, now: DayPrices): number {
  if (!before.volume || !now.volume) return 1;
  const factor = now.volume / before.volume;
  return Math.abs(factor - 1) > SMALLEST_CHANGE ? factor : 1;
}
