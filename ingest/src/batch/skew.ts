/** Samples farther than this from our clock say that a packet is old, or that a clock is broken. */
const OLDEST_SAMPLE_MS = 60_000;
const FARTHEST_AHEAD_MS = 600_000;
const BUCKET_MS = 2_000;
const BUCKETS = 128;

/**
 * By how much our clock, plus the way from the exchange, is ahead of the exchange's clock.
 *
 * Exchange times come in whole seconds, so a sample (`receivedAt - exchangeTime`) is up to a second too large and never
 * too small: the smallest of a window tells. One packet with a time in the future must not shift everything, hence the
 * second smallest among buckets of two seconds over four minutes.
 */
export class SkewEstimate {
  readonly #smallest = new Float64Array(BUCKETS).fill(Number.POSITIVE_INFINITY);
  #bucket = Number.NEGATIVE_INFINITY;
  #ms = 0;
  #known = false;

  /** Milliseconds: exchange time = our time - ms. 0 until something is known. */
  get ms(): number {
    return this.#ms;
  }

  get known(): boolean {
    return this.#known;
  }

  /** Both in epoch milliseconds; `exchangeTime` is the newest of a frame. */
  sample(receivedAt: number, exchangeTime: number): void {
    const ms = receivedAt - exchangeTime;
    if (ms > OLDEST_SAMPLE_MS || ms < -FARTHEST_AHEAD_MS) return;
    const bucket = Math.floor(receivedAt / BUCKET_MS);
    const at = ((bucket % BUCKETS) + BUCKETS) % BUCKETS;
    if (bucket !== this.#bucket) {
      if (bucket - this.#bucket >= BUCKETS || bucket < this.#bucket) {
        this.#smallest.fill(Number.POSITIVE_INFINITY);
      } else {
        for (let b = this.#bucket + 1; b <= bucket; b++)
          this.#smallest[b % BUCKETS] = Number.POSITIVE_INFINITY;
      }
      this.#bucket = bucket;
    } else if (ms >= this.#smallest[at]!) {
      return;
    }
    this.#smallest[at] = ms;
    this.#measure();
  }

  #measure(): void {
    let first = Number.POSITIVE_INFINITY;
    let second = Number.POSITIVE_INFINITY;
    for (const ms of this.#smallest) {
      if (ms < first) {
        second = first;
        first = ms;
      } else if (ms < second) second = ms;
    }
    this.#ms = second === Number.POSITIVE_INFINITY ? first : second;
    this.#known = true;
  }
}
