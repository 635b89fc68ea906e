const BASE_MS = 500;

/**
 * How long to wait after the `attempt`-th failure, in milliseconds: twice as long each time, less up to half by chance, so
 * that what failed together does not come back together.
 */
export function retryWaitMs(baseMs: number | undefined, attempt: number): number {
  return (baseMs ?? BASE_MS) * 2 ** attempt * (0.5 + Math.random() / 2);
}
