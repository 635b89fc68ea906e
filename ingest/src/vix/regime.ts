import { MINUTE_MS, VIX_REGIMES, type VixRegime } from './minute.js';
import type { VixSettings } from './settings.js';

/** Takes the binary dust off a comparison: 25.5 is 2 % past 25, whatever 25 * 1.02 is in binary. */
const DUST = 1e-9;

/**
 * The regime of a mean that moves. Each of the three thresholds is a switch of its own (a Schmitt trigger that takes time):
 * it changes sides when the mean was past it by the margin in so many minutes, one right after the other. A minute that is
 * not past it, or is missing, starts the count anew. The regime is the number of thresholds that lie below. So a mean that
 * trembles around a threshold changes nothing, and one that leaps over two of them crosses both at once.
 */
export class RegimeSwitch {
  readonly #thresholds: readonly number[];
  readonly #above: boolean[];
  readonly #past = [0, 0, 0];
  #time: number | undefined;

  /** @param regime where it stands; undefined: the first mean decides, without margin. */
  constructor(
    private readonly settings: VixSettings,
    regime?: VixRegime,
  ) {
    this.#thresholds = [settings.lowBelow, settings.highFrom, settings.extremeFrom];
    const level = regime === undefined ? undefined : VIX_REGIMES.indexOf(regime);
    this.#above = level === undefined ? [] : this.#thresholds.map((_, i) => i < level);
  }

  /** @param time beginning of the minute, epoch milliseconds; ascending. */
  step(time: number, mean: number): VixRegime {
    if (this.#above.length === 0) this.#above.push(...this.#thresholds.map((threshold) => mean >= threshold));
    const follows = this.#time === undefined || time - this.#time === MINUTE_MS;
    this.#time = time;
    const margin = this.settings.marginPercent / 100;
    this.#thresholds.forEach((threshold, i) => {
      const past = this.#above[i]
        ? mean <= threshold * (1 - margin) + DUST
        : mean >= threshold * (1 + margin) - DUST;
      this.#past[i] = past ? (follows ? this.#past[i]! : 0) + 1 : 0;
      if (this.#past[i]! < this.settings.holdMinutes) return;
      this.#above[i] = !this.#above[i];
      this.#past[i] = 0;
    });
    return VIX_REGIMES[this.#above.filter(Boolean).length]!;
  }

  /** Takes over a row of which the regime is known, so that counting goes on after a restart as if there had been none. */
  resume(time: number, mean: number, regime: VixRegime): void {
    this.step(time, mean);
    const level = VIX_REGIMES.indexOf(regime);
    this.#thresholds.forEach((_, i) => {
      if (this.#above[i] === i < level) return;
      this.#above[i] = i < level;
      this.#past[i] = 0;
    });
  }
}
