import type { Instrument } from './instrument.js';
import { INDEX_OF_UNDERLYING } from './underlying.js';

/** The words under which an instrument is found. */
export interface SearchWords {
  /** What it is: words of its symbol, its underlying, strike, type and expiry. */
  readonly own: readonly string[];
  /** What else it is known by: words of its name, its exchange, what its underlying is called. */
  readonly other: readonly string[];
}

const MONTHS = [
  'january',
  'february',
  'march',
  'april',
  'may',
  'june',
  'july',
  'august',
  'september',
  'october',
  'november',
  'december',
];
const SHORT_MONTH = 3;
const TYPE_WORDS: Readonly<Record<Instrument['instrumentType'], readonly string[]>> = {
  INDEX: ['index', 'indices'],
  EQ: ['eq', 'equity', 'stock', 'share'],
  FUT: ['fut', 'future', 'futures'],
  CE: ['ce', 'call', 'calls', 'option', 'options'],
  PE: ['pe', 'put', 'puts', 'option', 'options'],
};
/** How an index's contracts are named: `NIFTY BANK` is `BANKNIFTY` there. */
const UNDERLYING_OF_INDEX = new Map(
  Object.entries(INDEX_OF_UNDERLYING).map(([underlying, index]) => [index, underlying.toLowerCase()]),
);

/** Lower-case words: letters and digits, `&` and the decimal point inside (`M&M`, `127.5`). */
export function wordsOf(text: string): string[] {
  return (
    text
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}&]+(?:\.\p{N}+)?/gu) ?? []
  );
}

/** @param underlying the cash or index instrument under a contract. */
export function searchWords(instrument: Instrument, underlying: Instrument | undefined): SearchWords {
  const { symbol, name, exchange, expiry, strike, instrumentType } = instrument;
  const own = new Set<string>(TYPE_WORDS[instrumentType]);
  const other = new Set<string>([exchange.toLowerCase()]);
  if (expiry === null) {
    const words = wordsOf(symbol);
    for (const word of words) own.add(word);
    own.add(words.join(''));
    const contracts = UNDERLYING_OF_INDEX.get(symbol);
    if (contracts) own.add(contracts);
  } else {
    // The symbol itself is looked up on its own, see `InstrumentSearch`: most of 100,000 words would be symbols.
    for (const word of wordsOf(instrument.underlying ?? '')) own.add(word);
    if (strike !== null) own.add(String(strike));
    for (const word of expiryWords(expiry)) own.add(word);
    for (const word of underlying ? wordsOf(`${underlying.symbol} ${underlying.name ?? ''}`) : []) {
      other.add(word);
    }
  }
  for (const word of wordsOf(name ?? '')) other.add(word);
  return { own: [...own], other: [...other].filter((word) => !own.has(word)) };
}

/** `24nov`, `nov`, `november`, `24`, `2026`, `26nov`, `24nov26`, `2026-11-24` of 2026-11-24. */
function expiryWords(expiry: string): string[] {
  const [year = '', month = '', day = ''] = expiry.split('-');
  const long = MONTHS[Number(month) - 1]!;
  const short = long.slice(0, SHORT_MONTH);
  const plainDay = String(Number(day));
  return [
    long,
    short,
    year,
    day,
    plainDay,
    `${day}${short}`,
    `${plainDay}${short}`,
    `${year.slice(2)}${short}`,
    `${day}${short}${year.slice(2)}`,
  ];
}
