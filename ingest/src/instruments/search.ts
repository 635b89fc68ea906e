import type { IstDate } from '../sessions/ist.js';
import type { Instrument, InstrumentType } from './instrument.js';

export interface InstrumentFilters {
  readonly exchange?: string;
  readonly segment?: string;
  readonly instrumentType?: InstrumentType;
  readonly expiry?: IstDate;
  readonly underlying?: string;
  /** Expired ones too. */
  readonly inactive?: boolean;
}

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const TYPE_RANK: Readonly<Record<InstrumentType, number>> = { INDEX: 0, EQ: 1, FUT: 2, CE: 3, PE: 4 };

interface Entry {
  readonly instrument: Instrument;
  /** Lower-case words to look into, blanks between them. */
  readonly text: string;
}

/** Finds instruments by words, as people type them: `infy`, `nifty 25000 ce`, `nifty bank`, `hdfc nov fut`. */
export class InstrumentSearch {
  readonly #entries: readonly Entry[];

  constructor(instruments: readonly Instrument[]) {
    this.#entries = instruments.map((instrument) => ({ instrument, text: wordsOf(instrument) }));
  }

  find(text: string, filters: InstrumentFilters, limit: number): Instrument[] {
    const words = text
      .toLowerCase()
      .split(/[\s:,]+/)
      .filter((word) => word !== '');
    const found: Array<{ instrument: Instrument; score: number }> = [];
    for (const { instrument, text: haystack } of this.#entries) {
      if (!passes(instrument, filters) || !words.every((word) => haystack.includes(word))) continue;
      found.push({ instrument, score: score(instrument, haystack, words) });
    }
    return found
      .sort((a, b) => a.score - b.score || compare(a.instrument, b.instrument))
      .slice(0, limit)
      .map(({ instrument }) => instrument);
  }
}

function wordsOf({ symbol, name, exchange, underlying, expiry, strike, instrumentType }: Instrument): string {
  const parts = [symbol, name, exchange, underlying, strike, instrumentType, expiry];
  if (expiry) {
    const month = MONTHS[Number(expiry.slice(5, 7)) - 1]!;
    parts.push(`${expiry.slice(8)}${month}${expiry.slice(2, 4)}`, month);
  }
  return ` ${parts
    .filter((part) => part !== null)
    .join(' ')
    .toLowerCase()} `;
}

function passes(instrument: Instrument, filters: InstrumentFilters): boolean {
  const { exchange, segment, instrumentType, expiry, underlying, inactive } = filters;
  return (
    (inactive === true || instrument.active) &&
    (exchange === undefined || instrument.exchange === exchange.toUpperCase()) &&
    (segment === undefined || instrument.segment === segment.toUpperCase()) &&
    (instrumentType === undefined || instrument.instrumentType === instrumentType) &&
    (expiry === undefined || instrument.expiry === expiry) &&
    (underlying === undefined || instrument.underlying === underlying.toUpperCase())
  );
}

/** Lower is better: the symbol itself, whole words, beginnings of words, anything. */
function score(instrument: Instrument, haystack: string, words: readonly string[]): number {
  if (instrument.symbol.toLowerCase() === words.join(' ')) return 0;
  let score = 1;
  for (const word of words) {
    if (haystack.includes(` ${word} `)) continue;
    score += haystack.includes(` ${word}`) ? 1 : 3;
  }
  return score;
}

function compare(a: Instrument, b: Instrument): number {
  return (
    Number(b.active) - Number(a.active) ||
    TYPE_RANK[a.instrumentType] - TYPE_RANK[b.instrumentType] ||
    compareDates(a.expiry ?? '', b.expiry ?? '') ||
    (a.strike ?? 0) - (b.strike ?? 0) ||
    a.symbol.length - b.symbol.length ||
    compareDates(a.symbol, b.symbol)
  );
}

/** Orders ISO dates and symbols by their characters. */
export function compareDates(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
