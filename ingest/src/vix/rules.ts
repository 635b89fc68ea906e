import { withoutDust } from '../api/difference.js';
import { MINUTE_MS, type VixMinute, type VixRow, type VixTrend } from './minute.js';
import { RegimeSwitch } from './regime.js';
import type { VixSettings } from './settings.js';

const DUST = 1e-9;

/** A derived row and whether its value is worth telling those who listen. */
export interface DerivedRow {
  readonly row: VixRow;
  readonly pushed: boolean;
}

/**
 * The rules of the volatility engine, a minute at a time. What it says of a minute depends on the minutes up to it alone,
 * and whoever resumes from the rows of the last `memoryMs` goes on exactly as if it had seen them all.
 *
 * - trend: UP or DOWN when the value is further than `trendPercent` from the last *published* one (not from the value a
 *   second or a minute before: no second moves the index by a percent), else STABLE;
 * - push: when it is further than `pushPercent` from the last pushed one; that publishes it. The first value is pushed;
 * - regime: see `RegimeSwitch`, on the mean of the values of the last `meanMinutes` minutes by the clock.
 */
export class VixRules {
  readonly #settings: VixSettings;
  #switch: RegimeSwitch;
  #window: Array<{ time: number; value: number }> = [];
  #last: VixRow | undefined;

  /** @param rows stored rows right before the first minute to come, oldest first; as many as there are within `memoryMs`. */
  constructor(settings: VixSettings, rows: readonly VixRow[] = []) {
    this.#settings = settings;
    this.#switch = new RegimeSwitch(settings, rows[0]?.regime);
    for (const row of rows) {
      this.#switch.resume(row.time, row.mean, row.regime);
      this.#window.push({ time: row.time, value: row.value });
      this.#last = row;
    }
  }

  /** How far back rows matter. */
  static memoryMs({ meanMinutes, holdMinutes }: VixSettings): number {
    return (Math.max(meanMinutes, holdMinutes) + 1) * MINUTE_MS;
  }

  step(minute: VixMinute): DerivedRow {
    const { time, close: value } = minute;
    const { pushPercent, meanMinutes } = this.#settings;
    const last = this.#last;
    const moved = last === undefined ? null : (value / last.published - 1) * 100;
    const pushed = moved === null || Math.abs(moved) > pushPercent + DUST;
    this.#window.push({ time, value });
    this.#window = this.#window.filter((entry) => entry.time > time - meanMinutes * MINUTE_MS);
    const mean = this.#window.reduce((sum, entry) => sum + entry.value, 0) / this.#window.length;
    const row: VixRow = {
      ...minute,
      value,
      change: last === undefined ? null : withoutDust(value - last.value),
      trend: this.#trend(moved),
      regime: this.#switch.step(time, mean),
      mean,
      published: pushed ? value : last!.published,
    };
    this.#last = row;
    return { row, pushed };
  }

  #trend(moved: number | null): VixTrend {
    const { trendPercent } = this.#settings;
    if (moved === null || Math.abs(moved) <= trendPercent + DUST) return 'STABLE';
    return moved > 0 ? 'UP' : 'DOWN';
  }
}
