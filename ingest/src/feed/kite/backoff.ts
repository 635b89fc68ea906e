/**
 * Exponential backoff with full jitter: a random part of a ceiling that doubles with each attempt, so that
 * thousands of clients that a broker's restart cut off do not come back in step.
 *
 * @param attempt 0 for the first retry
 * @param random in [0, 1)
 * @returns milliseconds
 */
export function fullJitter(attempt: number, baseMs: number, capMs: number, random: () => number): number {
  return random() * ceiling(attempt, baseMs, capMs);
}

/** Half of the ceiling for certain and a random part of the other half: for a server that asked us to wait. */
export function equalJitter(attempt: number, baseMs: number, capMs: number, random: () => number): number {
  return (0.5 + random() / 2) * ceiling(attempt, baseMs, capMs);
}

function ceiling(attempt: number, baseMs: number, capMs: number): number {
  // 2 ** 30 is beyond any cap; the bound keeps a week of attempts from reaching Infinity.
  return Math.min(capMs, baseMs * 2 ** Math.min(attempt, 30));
}
