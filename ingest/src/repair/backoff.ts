const FIRST_MS = 31_000;
const LONGEST_MS = 601_000;
/** An instrument's hole that could not be repaired so many times is given up: after about an hour. */
export const MOST_ATTEMPTS = 10;

/** How long an instrument waits after its `attempts`-th failure: as long as a failed fetch is not asked for again. */
export function waitAfter(attempts: number): number {
  return Math.min(FIRST_MS * 2 ** (Math.min(attempts, 10) - 1), LONGEST_MS);
}

const FIRST_PAUSE_MS = 5_000;
const LONGEST_PAUSE_MS = 300_000;
/** So many failures of the broker in a row are not the instruments' fault. */
const IN_A_ROW = 3;

/** Leaves a broker alone that is away: everything waits, and waiting costs no instrument an attempt. */
export class Breaker {
  #failures = 0;
  #until = Number.NEGATIVE_INFINITY;

  /** Whether to wait at `now`, epoch milliseconds. */
  isOpen(now: number): boolean {
    return now < this.#until;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#until = Number.NEGATIVE_INFINITY;
  }

  failed(now: number): void {
    this.#failures++;
    const beyond = this.#failures - IN_A_ROW;
    if (beyond >= 0)
      this.#until = now + Math.min(FIRST_PAUSE_MS * 2 ** Math.min(beyond, 10), LONGEST_PAUSE_MS);
  }
}
