/** Typing stops this long before a search is sent. */
export const SEARCH_DELAY_MS = 250;

type Load<T> = (search: string) => Promise<T[]>;

/**
 * The same search, sent once the typing pauses. A search that another one overtakes, or that fails, finds nothing: a
 * list of choices is no place for an error, and free text goes on working.
 */
export function debounced<T>(load: Load<T>, delayMs: number = SEARCH_DELAY_MS): Load<T> {
  let last = 0;
  return async (search) => {
    last += 1;
    const own = last;
    if (search !== '') {
      await new Promise((resolve) => setTimeout(resolve, delayMs));
    }
    if (own !== last) {
      return [];
    }
    return load(search).catch(() => []);
  };
}
