import { setTimeout as sleep } from 'node:timers/promises';

export interface PassesOptions {
  /** From one pass's end to the next one's begin. */
  readonly everyMs: number;
  pass(): Promise<unknown>;
  /** A pass has thrown; the next one comes all the same. Not called for what a stop interrupted. */
  onFailed(error: unknown): void;
}

/** Does the same work again and again, one pass at a time, with a pause between two that can be cut short. */
export class Passes {
  readonly #o: PassesOptions;
  #pause = new AbortController();
  #stopped = false;
  #running: Promise<void> | undefined;

  constructor(options: PassesOptions) {
    this.#o = options;
  }

  /** The first pass begins at once. */
  start(): void {
    if (!this.#stopped) this.#running ??= this.#run();
  }

  /** The next pass begins at once, or as soon as the one under way is over. */
  wake(): void {
    this.#pause.abort();
  }

  /** Ends after the pass under way, without another pause. Safe to call twice. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#pause.abort();
    await this.#running;
  }

  get stopped(): boolean {
    return this.#stopped;
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      // Made before the work, so that who wakes or stops during it is heard.
      this.#pause = new AbortController();
      try {
        await this.#o.pass();
      } catch (error) {
        if (!this.#stopped) this.#o.onFailed(error);
      }
      await sleep(this.#o.everyMs, undefined, { signal: this.#pause.signal }).catch(() => undefined);
    }
  }
}
