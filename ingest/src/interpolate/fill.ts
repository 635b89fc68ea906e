import type { VixRegime } from '../vix/minute.js';
import { type InterpolatedRow, marketFactor, zeroFill } from './methods.js';

/** A stored guess, with what is needed to fill a hole that is marked missing. Times in epoch milliseconds. */
export interface Guess extends InterpolatedRow {
  readonly gapId: number | null;
  readonly gapFrom: number;
  readonly gapTo: number;
  /** Of a missing one: India VIX then, and the last price before (rupees); null where they are not known. */
  readonly regime: VixRegime | null;
  readonly lastPrice: number | null;
}

export type FilledRow = Omit<Guess, 'regime' | 'lastPrice'>;

/** What is shown, newest first: `zero` puts rows in the place of holes that are marked missing. */
export function filled(
  guesses: readonly Guess[],
  fill: 'interpolated' | 'zero',
  isIndex: boolean,
): FilledRow[] {
  return guesses.flatMap(({ regime, lastPrice, ...guess }): FilledRow[] => {
    if (fill === 'interpolated' || guess.method !== 'missing' || lastPrice === null) return [guess];
    const { gapId, gapFrom, gapTo } = guess;
    return zeroFill({ from: gapFrom, to: gapTo, lastPrice, isIndex }, marketFactor(regime))
      .map((row) => ({ ...row, gapId, gapFrom, gapTo }))
      .reverse();
  });
}
