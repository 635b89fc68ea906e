import { VWAP } from 'trading-signals';
import type { Bar } from '../bar';
import type { StudyRun, Values } from './study';

/**
 * Volume-weighted average price since the session opened. A bar's own `vwap` is used where the frame has it, which
 * makes the result exact; else its typical price (high + low + close) / 3. A bar without volume repeats the last.
 */
export class SessionVwap implements StudyRun {
  #vwap = new VWAP();
  /** Whether the newest bar has been given to the library, which must not be told to replace one that it never saw. */
  #counted = false;
  #last: number | null = null;
  #before: number | null = null;

  add(bar: Bar, opensSession: boolean): Values {
    if (opensSession) {
      this.#vwap = new VWAP();
      this.#last = null;
    }
    this.#counted = false;
    this.#before = this.#last;
    return this.#read(bar);
  }

  replace(bar: Bar): Values {
    return this.#read(bar);
  }

  #read(bar: Bar): Values {
    const volume = bar.volume ?? 0;
    if (volume <= 0) return [this.#counted ? this.#last : this.#before];
    const price = bar.vwap;
    const candle =
      price === null
        ? { high: bar.high, low: bar.low, close: bar.close, volume }
        : { high: price, low: price, close: price, volume };
    this.#last = this.#vwap.update(candle, this.#counted) ?? this.#last;
    this.#counted = true;
    return [this.#last];
  }
}
