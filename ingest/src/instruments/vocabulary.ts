/** Shorter words are too like each other to guess at. */
const SHORTEST_MISSPELT = 4;
const LONG_WORD = 7;

/** Words and where each occurs: a small inverted index, sorted so that beginnings of words are ranges. */
export class Vocabulary {
  #collected = new Map<string, number[]>();
  #positions: ReadonlyMap<string, Int32Array> = new Map();
  #words: readonly string[] = [];

  add(word: string, position: number): void {
    const known = this.#collected.get(word);
    if (known) known.push(position);
    else this.#collected.set(word, [position]);
  }

  /** After the last `add`. */
  finish(): void {
    this.#words = [...this.#collected.keys()].sort();
    this.#positions = new Map(this.#words.map((word) => [word, Int32Array.from(this.#collected.get(word)!)]));
    this.#collected = new Map();
  }

  /** Sets `cost` wherever `word` occurs. @returns whether it does, as the others do. */
  markWord(word: string, costs: Uint8Array, cost: number): boolean {
    const positions = this.#positions.get(word);
    if (!positions) return false;
    for (let i = 0; i < positions.length; i++) costs[positions[i]!] = cost;
    return true;
  }

  markBeginning(start: string, costs: Uint8Array, cost: number): boolean {
    const first = firstNotBefore(this.#words, start);
    let i = first;
    while (i < this.#words.length && this.#words[i]!.startsWith(start)) {
      this.markWord(this.#words[i++]!, costs, cost);
    }
    return i > first;
  }

  markContaining(part: string, costs: Uint8Array, cost: number): boolean {
    let found = false;
    for (const word of this.#words) {
      if (word.includes(part)) found = this.markWord(word, costs, cost);
    }
    return found;
  }

  /** Words that one slip away from `word` make (two in a long one): a letter too many, missing, wrong or swapped. */
  markLike(word: string, costs: Uint8Array, cost: number): boolean {
    if (word.length < SHORTEST_MISSPELT || /\d/.test(word)) return false;
    const slips = word.length >= LONG_WORD ? 2 : 1;
    let found = false;
    for (const known of this.#words) {
      if (known[0] !== word[0] || Math.abs(known.length - word.length) > slips) continue;
      if (slipsBetween(word, known) <= slips) found = this.markWord(known, costs, cost);
    }
    return found;
  }
}

/**
 * Optimal string alignment distance: letters inserted, removed, replaced, or two neighbours swapped.
 * Source: https://en.wikipedia.org/wiki/Damerau-Levenshtein_distance, "Optimal string alignment distance".
 */
export function slipsBetween(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      let least = Math.min(row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1), row[j]! + 1, next[j - 1]! + 1);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) {
        least = Math.min(least, before[j - 2]! + 1);
      }
      next.push(least);
    }
    before = row;
    row = next;
  }
  return row[b.length]!;
}

/** Where `text` stands or would stand in a sorted list. */
export function firstNotBefore(sorted: readonly string[], text: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! < text) low = middle + 1;
    else high = middle;
  }
  return low;
}
