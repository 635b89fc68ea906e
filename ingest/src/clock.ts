/** Wall-clock time. Injected everywhere, so that tests run at any hour and on any day. */
export interface Clock {
  /** Epoch milliseconds, UTC. May carry a fraction. */
  now(): number;
}

export const systemClock: Clock = { now: () => Date.now() };
