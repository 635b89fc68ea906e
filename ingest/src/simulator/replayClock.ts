import type { Clock } from '../clock.js';
import type { FileMinute } from './replayFile.js';

const MINUTE_MS = 60_000;
/** Nothing for so long in the file is a closed exchange, and the clock leaps over it. */
const LONGEST_PAUSE_MS = 5 * MINUTE_MS;
const BEFORE_MS = 2_000;
const AFTER_MS = 5_000;

/**
 * The exchange's time during a replay: stands at the first minute until it is started, then runs `speed` times as
 * fast as ours and leaps over nights and holidays.
 */
export class ReplayClock implements Clock {
  readonly #spans: ReadonlyArray<{ from: number; to: number }>;
  #startedAt: number | undefined;

  constructor(
    minutes: readonly FileMinute[],
    readonly speed: number,
    readonly monotonicMs: () => number = () => performance.now(),
  ) {
    const spans: Array<{ from: number; to: number }> = [];
    for (const { time } of minutes) {
      const last = spans.at(-1);
      if (last && time - last.to <= LONGEST_PAUSE_MS) last.to = time + MINUTE_MS + AFTER_MS;
      else spans.push({ from: time - BEFORE_MS, to: time + MINUTE_MS + AFTER_MS });
    }
    this.#spans = spans;
  }

  /** Starts the clock; later calls change nothing. */
  start(): void {
    this.#startedAt ??= this.monotonicMs();
  }

  now(): number {
    let left = this.#startedAt === undefined ? 0 : (this.monotonicMs() - this.#startedAt) * this.speed;
    for (const { from, to } of this.#spans) {
      if (left < to - from) return from + left;
      left -= to - from;
    }
    return (this.#spans.at(-1)?.to ?? 0) + left;
  }

  /** Whether every minute has been played. */
  get ended(): boolean {
    return this.now() >= (this.#spans.at(-1)?.to ?? 0);
  }
}
