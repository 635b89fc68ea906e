const GATHER_MS = 3;

interface Waiting<V> {
  readonly promise: Promise<V | undefined>;
  readonly resolve: (value: V | undefined) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Asks for many keys at once: what is asked for within a few milliseconds, or while an earlier question is under way,
 * goes out together, at most `size` keys at a time and one question after the other.
 */
export class Gathered<K, V> {
  #waiting = new Map<K, Waiting<V>>();
  #asking = false;

  constructor(
    private readonly ask: (keys: readonly K[]) => Promise<ReadonlyMap<K, V>>,
    private readonly size: number,
  ) {}

  get(key: K): Promise<V | undefined> {
    const known = this.#waiting.get(key);
    if (known) return known.promise;
    let resolve!: Waiting<V>['resolve'];
    let reject!: Waiting<V>['reject'];
    const promise = new Promise<V | undefined>((yes, no) => {
      resolve = yes;
      reject = no;
    });
    this.#waiting.set(key, { promise, resolve, reject });
    if (!this.#asking) {
      this.#asking = true;
      setTimeout(() => void this.#askAll(), GATHER_MS);
    }
    return promise;
  }

  async #askAll(): Promise<void> {
    while (this.#waiting.size > 0) {
      const part = [...this.#waiting].slice(0, this.size);
      for (const [key] of part) this.#waiting.delete(key);
      try {
        const answers = await this.ask(part.map(([key]) => key));
        for (const [key, { resolve }] of part) resolve(answers.get(key));
      } catch (error) {
        for (const [, { reject }] of part) reject(error);
      }
    }
    this.#asking = false;
  }
}
