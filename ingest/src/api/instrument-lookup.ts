import type { Instrument } from '../instruments/instrument.js';
import { ApiError, badField } from './errors.js';
import type { InstrumentDirectory } from './services.js';
import { instrumentBySymbol, instrumentByToken, instrumentsLike } from './sql/instruments.js';
import type { RunQuery } from './sql/query.js';
import { quoted } from './times.js';

/** How long a looked-up instrument is trusted: the dump changes once a day. */
const CACHE_MS = 30_000;
const CACHE_SIZE = 20_000;
const HINTS = 3;

type Find = (reference: string) => Promise<Instrument | undefined>;

/** Memory first; what is not there (an instrument that expired long ago) from the database. */
export function createFind(
  directory: InstrumentDirectory | undefined,
  run: RunQuery,
  now: () => number,
): Find {
  const cache = new Map<string, { instrument: Instrument; until: number }>();
  return async (reference) => {
    const known = directory?.resolve(reference);
    if (known) return known;
    const hit = cache.get(reference);
    if (hit && hit.until > now()) return hit.instrument;
    const instrument = await fromDatabase(run, reference);
    if (cache.size >= CACHE_SIZE) cache.clear();
    if (instrument) cache.set(reference, { instrument, until: now() + CACHE_MS });
    return instrument;
  };
}

async function fromDatabase(run: RunQuery, text: string): Promise<Instrument | undefined> {
  if (/^\d+$/.test(text)) {
    const token = Number(text);
    return Number.isSafeInteger(token) ? instrumentByToken(run, token) : undefined;
  }
  const colon = text.indexOf(':');
  if (colon < 1) return undefined;
  const [exchange, symbol] = [text.slice(0, colon), text.slice(colon + 1)];
  return (
    (await instrumentBySymbol(run, exchange, symbol)) ??
    (await instrumentBySymbol(run, exchange.toUpperCase(), symbol.toUpperCase()))
  );
}

/** Turns what callers write (`256265`, `NSE:NIFTY 50`) into instruments. */
export interface InstrumentLookup {
  /** Undefined when there is none. */
  find(reference: string): Promise<Instrument | undefined>;
  /** @throws ApiError 404 with the nearest matches, or 400 when it cannot be a name at all. */
  one(reference: string | number, field?: string): Promise<Instrument>;
  /** Several, in the order asked; a comma separates. */
  many(references: ReadonlyArray<string | number>, field?: string): Promise<Instrument[]>;
}

/** @param looked hears of each instrument that somebody asks about */
export function createInstrumentLookup(
  find: Find,
  run: RunQuery,
  looked: (token: number) => void = () => undefined,
): InstrumentLookup {
  const one = async (reference: string | number, field = 'instrument'): Promise<Instrument> => {
    const text = String(reference).trim();
    // biome-ignore lint/suspicious/noControlCharactersInRegex: PostgreSQL takes no NUL and no symbol has any of them
    if (text === '' || text.length > 100 || /[\u0000-\u001f]/.test(text)) {
      throw badField(
        field,
        `${field} must be a token (256265) or EXCHANGE:SYMBOL (NSE:INFY); got ${quoted(text)}.`,
      );
    }
    const found = await find(text);
    if (found) {
      looked(found.token);
      return found;
    }
    const matches = await nearest(run, text);
    const hint =
      matches.length > 0
        ? ` Did you mean ${matches.join(' or ')}?`
        : ' Search with /api/instruments?search=; instruments come with POST /api/instruments/sync.';
    throw new ApiError(404, 'unknown_instrument', `There is no instrument ${quoted(text)}.${hint}`, {
      field,
      matches,
    });
  };
  return {
    find,
    one,
    many: async (references, field) => {
      const names = references
        .flatMap((reference) => String(reference).split(','))
        .map((name) => name.trim())
        .filter((name) => name !== '');
      return Promise.all([...new Set(names)].map((name) => one(name, field)));
    },
  };
}

async function nearest(run: RunQuery, text: string): Promise<string[]> {
  const symbol = text.slice(text.indexOf(':') + 1).toUpperCase();
  if (/^\d+$/.test(symbol) || symbol.length < 2) return [];
  const candidates = await instrumentsLike(run, symbol);
  return candidates
    .map((candidate) => ({ candidate, distance: editDistance(symbol, candidate.symbol.toUpperCase()) }))
    .filter(({ distance }) => distance <= Math.max(2, Math.ceil(symbol.length / 2)))
    .sort((a, b) => a.distance - b.distance)
    .slice(0, HINTS)
    .map(({ candidate }) => `${candidate.exchange}:${candidate.symbol}`);
}

/** Levenshtein: letters to insert, remove or replace. */
export function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replace = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replace, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
