/** The `capacity` most recently used values, by number. */
export class Recent<V> {
  readonly #values = new Map<number, V>();

  constructor(readonly capacity: number) {}

  /** The value of `key`, made by `make` when it is not kept. */
  get(key: number, make: () => V): V {
    const found = this.#values.get(key);
    if (found !== undefined) {
      if (this.#values.size >= this.capacity) {
        this.#values.delete(key);
        this.#values.set(key, found);
      }
      return found;
    }
    const made = make();
    this.#values.set(key, made);
    if (this.#values.size > this.capacity) this.#values.delete(this.#values.keys().next().value!);
    return made;
  }
}
