import type { IstDate } from '../sessions/ist.js';
import type { Instrument, InstrumentType } from './instrument.js';
import { searchWords, wordsOf } from './search-words.js';
import { firstNotBefore, Vocabulary } from './vocabulary.js';

export interface InstrumentFilters {
  readonly exchange?: string;
  readonly segment?: string;
  readonly instrumentType?: InstrumentType;
  readonly expiry?: IstDate;
  readonly underlying?: string;
  /** Expired ones too. */
  readonly inactive?: boolean;
}

/** Rupees of an instrument now; undefined where unknown. Puts strikes near the money first. */
export type PriceOf = (token: number) => number | undefined;

const TYPE_RANK: Readonly<Record<InstrumentType, number>> = { INDEX: 0, EQ: 1, FUT: 2, CE: 3, PE: 3 };

// Costs of one word of the text; the instrument with the least sum comes first.
const OWN_WORD = 0;
const OTHER_WORD = 1;
const OWN_BEGINNING = 2;
const OTHER_BEGINNING = 3;
const INSIDE = 5;
const SHORTEST_INSIDE = 3;
const MISSPELT = 7;
const MOST_WORDS = 12;
/** Of equal cost so many are looked at to find those near the money: more than the nearest chain holds. */
const NEAR_MONEY_OF = 1_500;

/**
 * Finds instruments by words as people type them, in any order: `infy`, `nifty 25000 ce`, `bank nifty`, `hdfc nov fut`,
 * `reliance industries`, `relaince`. Every word must be found. Built once for a list; built at the first search.
 */
export class InstrumentSearch {
  readonly #source: readonly Instrument[];
  #index: Index | undefined;

  constructor(instruments: readonly Instrument[]) {
    this.#source = instruments;
  }

  find(text: string, filters: InstrumentFilters, limit: number, priceOf?: PriceOf): Instrument[] {
    this.#index ??= buildIndex(this.#source);
    const index = this.#index;
    const wanted = lowerFilters(filters);
    for (const words of readings(text)) {
      const found = words.length === 0 ? everything(index) : match(index, words);
      if (!found) continue;
      const best = closest(index, found, wanted, limit, priceOf);
      if (best.length > 0) return withExactFirst(index, text, wanted, best, limit);
    }
    return [];
  }
}

interface Index {
  /** In the order in which equals are shown; what is found is a position in it. */
  readonly instruments: readonly Instrument[];
  readonly own: Vocabulary;
  readonly other: Vocabulary;
  /** Symbols of contracts in lower case, sorted, and whose they are. */
  readonly symbols: readonly string[];
  readonly symbolOwner: Int32Array;
  readonly bySymbol: ReadonlyMap<string, readonly number[]>;
}

function buildIndex(source: readonly Instrument[]): Index {
  const byToken = new Map(source.map((instrument) => [instrument.token, instrument]));
  const instruments = [...source].sort(compare);
  const own = new Vocabulary();
  const other = new Vocabulary();
  const bySymbol = new Map<string, number[]>();
  const contracts: number[] = [];
  instruments.forEach((instrument, position) => {
    const { underlyingToken } = instrument;
    const words = searchWords(
      instrument,
      underlyingToken === null ? undefined : byToken.get(underlyingToken),
    );
    for (const word of words.own) own.add(word, position);
    for (const word of words.other) other.add(word, position);
    const symbol = instrument.symbol.toLowerCase();
    const same = bySymbol.get(symbol);
    if (same) same.push(position);
    else bySymbol.set(symbol, [position]);
    if (instrument.expiry !== null) contracts.push(position);
  });
  const symbolOf = (position: number) => instruments[position]!.symbol.toLowerCase();
  const sorted = contracts
    .map((position) => ({ position, symbol: symbolOf(position) }))
    .sort((a, b) => compareText(a.symbol, b.symbol));
  own.finish();
  other.finish();
  return {
    instruments,
    own,
    other,
    symbols: sorted.map(({ symbol }) => symbol),
    symbolOwner: Int32Array.from(sorted, ({ position }) => position),
    bySymbol,
  };
}

/** The text as words, and where that finds nothing: digits apart from letters (`25000ce`), words run together. */
function* readings(text: string): Generator<string[]> {
  const words = wordsOf(text).slice(0, MOST_WORDS);
  yield words;
  const apart = words.flatMap((word) => word.match(/\p{L}+|[\p{N}.]+|&/gu) ?? [word]).slice(0, MOST_WORDS);
  if (apart.length !== words.length) yield apart;
  for (let i = 0; i + 1 < words.length; i++) {
    yield [...words.slice(0, i), words[i]! + words[i + 1]!, ...words.slice(i + 2)];
  }
}

/** Cost of each instrument, 255 where a word is missing. */
type Costs = Uint8Array;
const MISSING = 255;

function everything({ instruments }: Index): Costs {
  return new Uint8Array(instruments.length);
}

function match(index: Index, words: readonly string[]): Costs | undefined {
  let total: Costs | undefined;
  for (const word of words) {
    const costs = new Uint8Array(index.instruments.length).fill(MISSING);
    if (!markWord(index, word, costs)) return undefined;
    if (total) {
      for (let i = 0; i < costs.length; i++) {
        total[i] = total[i] === MISSING || costs[i] === MISSING ? MISSING : total[i]! + costs[i]!;
      }
    } else total = costs;
  }
  return total;
}

/** Dearest first, so that the cheapest way in which a word is found stays. @returns whether anything has it. */
function markWord({ own, other, symbols, symbolOwner }: Index, word: string, costs: Costs): boolean {
  let found = false;
  if (word.length >= SHORTEST_INSIDE) {
    found = other.markContaining(word, costs, INSIDE) || found;
    found = own.markContaining(word, costs, INSIDE) || found;
  }
  found = other.markBeginning(word, costs, OTHER_BEGINNING) || found;
  found = own.markBeginning(word, costs, OWN_BEGINNING) || found;
  for (let i = firstNotBefore(symbols, word); i < symbols.length && symbols[i]!.startsWith(word); i++) {
    costs[symbolOwner[i]!] = OWN_BEGINNING;
    found = true;
  }
  found = other.markWord(word, costs, OTHER_WORD) || found;
  found = own.markWord(word, costs, OWN_WORD) || found;
  if (found) return true;
  const otherLike = other.markLike(word, costs, MISSPELT);
  return own.markLike(word, costs, MISSPELT) || otherLike;
}

/** The cheapest `limit` that pass, equals in the index's order, options of a chain by their distance from the money. */
function closest(
  { instruments }: Index,
  costs: Costs,
  filters: InstrumentFilters,
  limit: number,
  priceOf: PriceOf | undefined,
): Instrument[] {
  const levels: Instrument[][] = [];
  const most = Math.max(limit, NEAR_MONEY_OF);
  for (let i = 0; i < costs.length; i++) {
    const cost = costs[i]!;
    if (cost === MISSING) continue;
    levels[cost] ??= [];
    const level = levels[cost];
    if (level.length < most && passes(instruments[i]!, filters)) level.push(instruments[i]!);
  }
  const best: Instrument[] = [];
  for (const level of levels) {
    if (best.length >= limit) break;
    if (level) best.push(...nearMoneyFirst(level, priceOf));
  }
  return best.slice(0, limit);
}

/** Stretches of one chain in `level` (they lie together there), nearest to the money first. */
function nearMoneyFirst(level: readonly Instrument[], priceOf: PriceOf | undefined): readonly Instrument[] {
  const ordered: Instrument[] = [];
  for (let from = 0; from < level.length; ) {
    const first = level[from]!;
    let to = from + 1;
    if (first.strike !== null) while (to < level.length && sameChain(first, level[to]!)) to++;
    const chain = level.slice(from, to);
    if (chain.length > 1) {
      const money = moneyOf(chain, priceOf);
      chain.sort((a, b) => Math.abs(a.strike! - money) - Math.abs(b.strike! - money) || compare(a, b));
    }
    ordered.push(...chain);
    from = to;
  }
  return ordered;
}

/** The underlying's price, or the middle of the chain: exchanges list strikes around the money. */
function moneyOf(chain: readonly Instrument[], priceOf: PriceOf | undefined): number {
  const { underlyingToken } = chain[0]!;
  const price = underlyingToken === null ? undefined : priceOf?.(underlyingToken);
  return price ?? chain[chain.length >> 1]!.strike!;
}

function sameChain(a: Instrument, b: Instrument): boolean {
  return (
    b.strike !== null && a.underlying === b.underlying && a.expiry === b.expiry && a.exchange === b.exchange
  );
}

/** Whoever types a whole symbol means it, whatever else its words fit. */
function withExactFirst(
  { bySymbol, instruments }: Index,
  text: string,
  filters: InstrumentFilters,
  found: readonly Instrument[],
  limit: number,
): Instrument[] {
  const symbol = text.slice(text.indexOf(':') + 1);
  const exact = (bySymbol.get(symbol.trim().toLowerCase()) ?? [])
    .map((position) => instruments[position]!)
    .filter((instrument) => passes(instrument, filters));
  return [...new Set([...exact, ...found])].slice(0, limit);
}

function lowerFilters(filters: InstrumentFilters): InstrumentFilters {
  const { exchange, segment, underlying } = filters;
  return {
    ...filters,
    ...(exchange !== undefined && { exchange: exchange.toUpperCase() }),
    ...(segment !== undefined && { segment: segment.toUpperCase() }),
    ...(underlying !== undefined && { underlying: underlying.toUpperCase() }),
  };
}

function passes(instrument: Instrument, filters: InstrumentFilters): boolean {
  const { exchange, segment, instrumentType, expiry, underlying, inactive } = filters;
  return (
    (inactive === true || instrument.active) &&
    (exchange === undefined || instrument.exchange === exchange) &&
    (segment === undefined || instrument.segment === segment) &&
    (instrumentType === undefined || instrument.instrumentType === instrumentType) &&
    (expiry === undefined || instrument.expiry === expiry) &&
    (underlying === undefined || instrument.underlying?.toUpperCase() === underlying)
  );
}

/** Active ones, then by type, the nearest expiry, the shorter symbol. */
function compare(a: Instrument, b: Instrument): number {
  return (
    Number(b.active) - Number(a.active) ||
    TYPE_RANK[a.instrumentType] - TYPE_RANK[b.instrumentType] ||
    compareText(a.expiry ?? '', b.expiry ?? '') ||
    compareText(a.underlying ?? '', b.underlying ?? '') ||
    (a.strike ?? 0) - (b.strike ?? 0) ||
    a.symbol.length - b.symbol.length ||
    compareText(a.symbol, b.symbol)
  );
}

/** Orders ISO dates and symbols by their characters. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
