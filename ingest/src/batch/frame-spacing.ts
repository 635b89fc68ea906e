const UNUSUAL_TIMES = 8;
/** Frames after which it is known how far apart they come. */
const KNOWN_FRAMES = 50;
const WEIGHT = 1 / 64;

/** How far apart a connection's data frames come. */
export class FrameSpacing {
  #meanMs = 0;
  #frames = 0;

  /** NaN, before the first frame of a connection, tells nothing. */
  add(ms: number): void {
    if (!(ms >= 0)) return;
    this.#meanMs += (ms - this.#meanMs) * Math.max(WEIGHT, 1 / (this.#frames + 1));
    this.#frames++;
  }

  /** Whether two frames never come so far apart; false as long as that is not known. */
  isUnusual(ms: number): boolean {
    return this.#frames >= KNOWN_FRAMES && ms > UNUSUAL_TIMES * this.#meanMs;
  }
}
