/**
 * The exchange's clock was put back when frames in a row, so many over so long, lie behind what is claimed by this to
 * that, and advance with our clock. Old states, which answer a subscription, do not.
 */
const FRAMES = 3;
const FOR_MS = 3_000;
const LEAST_MS = 5_000;
export const PUT_BACK_MOST_MS = 600_000;
const AGREE_MS = 2_000;

/**
 * Watches for an exchange whose clock ran ahead and was put back: it goes through some time twice. What was claimed of
 * it rests on the first pass; of the second one nothing is known before the clock is heard again.
 */
export class ClockStep {
  /** When the last frame came that was in step with what is claimed, by our clock. */
  #inStepAt = Number.NaN;
  /** Frames in a row that lie behind it, by how much our clock is ahead of theirs. */
  #behind: { frames: number; readonly since: number; readonly offsetMs: number } | undefined;
  /** What was claimed up to here is withdrawn already. */
  #withdrawnTo = Number.NEGATIVE_INFINITY;

  /**
   * A frame of `exchangeTime` came while everything up to `claimed` is claimed. Epoch milliseconds, `receivedAt` by our
   * clock.
   * @returns from when on nothing of that may be claimed: the last frame of the first pass, by the clock of the second;
   *   undefined as long as the clock is in step
   */
  putBack(receivedAt: number, exchangeTime: number, claimed: number): number | undefined {
    const behindMs = claimed - exchangeTime;
    if (claimed <= this.#withdrawnTo || behindMs < LEAST_MS || behindMs > PUT_BACK_MOST_MS) {
      this.#behind = undefined;
      this.#inStepAt = receivedAt;
      return undefined;
    }
    const offsetMs = receivedAt - exchangeTime;
    if (!this.#behind || Math.abs(offsetMs - this.#behind.offsetMs) > AGREE_MS) {
      this.#behind = { frames: 1, since: receivedAt, offsetMs };
      return undefined;
    }
    if (++this.#behind.frames < FRAMES || receivedAt - this.#behind.since < FOR_MS) return undefined;
    this.#behind = undefined;
    this.#withdrawnTo = claimed;
    const inStep = this.#inStepAt - offsetMs;
    return Math.floor(Number.isNaN(inStep) ? claimed - PUT_BACK_MOST_MS : Math.min(inStep, claimed));
  }
}
