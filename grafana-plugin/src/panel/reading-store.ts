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

/** What `take` takes of it; renders only when that is another than before. */
export function usePointed<T>(store: ReadingStore, take: (pointed: Pointed) => T): T {
  const [taken, setTaken] = useState<{ value: T }>(() => ({ value: take(store.pointed) }));
  useEffect(() => {
    const hear = (pointed: Pointed) => {
      const value = take(pointed);
      setTaken((before) => (before.value === value ? before : { value }));
    };
    hear(store.pointed);
    return store.listen(hear);
  }, [store, take]);
  return taken.value;
}

/** The reading alone: a cursor that moves within a bar changes nothing. */
export const takeReading = ({ reading }: Pointed): SlotReading | undefined => reading;

/** Everything, while there is something to tell beside the legend. */
export const takeTelling = (pointed: Pointed): Pointed | undefined => {
  const { reading, at } = pointed;
  return reading && at && (reading.sentences.length > 0 || reading.notes.length > 0) ? pointed : undefined;
};
