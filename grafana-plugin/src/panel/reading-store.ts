import { useEffect, useState } from 'react';
import type { SlotReading } from '../chart/reading';

export interface Pointed {
  reading: SlotReading | undefined;
  /** The cursor in CSS pixels; undefined when another panel points or nobody does. */
  at: { x: number; y: number } | undefined;
}

/** What is under the cursor, so that moving it renders the legend and the hover text and nothing else. */
export class ReadingStore {
  #pointed: Pointed = { reading: undefined, at: undefined };
  readonly #listeners = new Set<(pointed: Pointed) => void>();

  get pointed(): Pointed {
    return this.#pointed;
  }

  set(pointed: Pointed): void {
    this.#pointed = pointed;
    for (const listener of this.#listeners) listener(pointed);
  }

  /** @returns what stops listening */
  listen(listener: (pointed: Pointed) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
    };
  }
}

export function usePointed(store: ReadingStore): Pointed {
  const [pointed, setPointed] = useState(store.pointed);
  useEffect(() => {
    setPointed(store.pointed);
    return store.listen(setPointed);
  }, [store]);
  return pointed;
}
