/** Samples farther than this from our clock say that a packet is old, or that a clock is broken. */
const OLDEST_SAMPLE_MS = 60_000;
const FARTHEST_AHEAD_MS = 600_000;
/** A clock that is farther off is believed to be so after so many frames that agree, over so long, as both clocks go on. */
const FAR_FRAMES = 5;
const FAR_FOR_MS = 5_000;
const FAR_AGREE_MS = 3_000;
const BUCKET_MS = 2_000;
const BUCKETS = 128;

/**
 * By how much our clock, plus the way from the exchange, is ahead of the exchange's clock.
 *
 * Exchange times come in whole seconds, so a sample (`receivedAt - exchangeTime`) is up to a second too large and never
 * too small: the smallest of a window tells. One packet with a time in the future must not shift everything, hence the
 * second smallest among buckets of two seconds over four minutes.
 *
 * A machine whose clock is minutes off would have every packet refused for ever. So frames that do not fit are compared
 * with each other: when they agree, and the exchange's clock advances with ours, it is our clock that is wrong, and what
 * it is off by becomes the new middle of what is believed. A single packet of the future, or old states, never get there.
 */
export class SkewEstimate {
  readonly #smallest = new Float64Array(BUCKETS).fill(Number.POSITIVE_INFINITY);
  #bucket = Number.NEGATIVE_INFINITY;
  #ms = 0;
  #known = false;
  /** What our clock is off by, as far as it is more than `sample` would believe. */
  #base = 0;
  #far: { ms: number; frames: number; readonly since: number; readonly exchangeSince: number } | undefined;

  /** Milliseconds: exchange time = our time - ms. 0 until something is known. */
  get ms(): number {
    return this.#ms;
  }

  get known(): boolean {
    return this.#known;
  }

  /**
   * Both in epoch milliseconds; `exchangeTime` is the newest of a frame.
   * @returns whether our clock turned out to be far off just now
   */
  sample(receivedAt: number, exchangeTime: number): boolean {
    const ms = receivedAt - exchangeTime;
    const off = ms - this.#base;
    if (off > OLDEST_SAMPLE_MS || off < -FARTHEST_AHEAD_MS) return this.refused(receivedAt, exchangeTime);
    this.#far = undefined;
    this.#take(receivedAt, ms);
    return false;
  }

  /** The same of a frame of which nothing could be believed. */
  refused(receivedAt: number, exchangeTime: number): boolean {
    const ms = receivedAt - exchangeTime;
    const far = this.#far;
    if (!far || Math.abs(ms - far.ms) > FAR_AGREE_MS || receivedAt < far.since) {
      this.#far = { ms, frames: 1, since: receivedAt, exchangeSince: exchangeTime };
      return false;
    }
    far.frames++;
    far.ms = Math.min(far.ms, ms);
    const lasted = Math.min(receivedAt - far.since, exchangeTime - far.exchangeSince);
    if (far.frames < FAR_FRAMES || lasted < FAR_FOR_MS) return false;
    this.#base = far.ms;
    this.restart();
    this.#take(receivedAt, far.ms);
    return true;
  }

  /** One of the clocks was set: what was measured before says nothing. */
  restart(): void {
    this.#far = undefined;
    this.#smallest.fill(Number.POSITIVE_INFINITY);
    this.#bucket = Number.NEGATIVE_INFINITY;
  }

  #take(receivedAt: number, ms: number): void {
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
