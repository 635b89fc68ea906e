import type { Logger } from 'pino';

interface Entry {
  readonly name: string;
  readonly stop: () => void | Promise<void>;
  /** Longer than this and the next one is stopped anyway. */
  readonly withinMs: number;
}

const STOP_WITHIN_MS = 10_000;

/** What was started, stopped in reverse order. One part that fails or hangs does not keep the others from stopping. */
export class StopStack {
  readonly #entries: Entry[] = [];
  #stopping: Promise<boolean> | undefined;

  constructor(readonly log: Logger) {}

  /** Adds what must be stopped before everything added so far. */
  push(name: string, stop: () => void | Promise<void>, withinMs = STOP_WITHIN_MS): void {
    this.#entries.push({ name, stop, withinMs });
  }

  /** Stops everything once, however often it is called. @returns whether all of it stopped cleanly. */
  stop(): Promise<boolean> {
    this.#stopping ??= this.#stop();
    return this.#stopping;
  }

  async #stop(): Promise<boolean> {
    let clean = true;
    for (let entry = this.#entries.pop(); entry; entry = this.#entries.pop()) {
      const { name, stop, withinMs } = entry;
      try {
        await within(Promise.resolve(stop()), withinMs);
        this.log.debug({ part: name }, 'stopped a part');
      } catch (error) {
        clean = false;
        this.log.error({ part: name, err: error }, 'a part did not stop cleanly');
      }
    }
    return clean;
  }
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`It did not stop within ${ms / 1000} s.`)), ms);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
