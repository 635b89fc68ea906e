import { Readable } from 'node:stream';
import { setImmediate } from 'node:timers/promises';
import { parse } from 'csv-parse';
import type { InstrumentType } from '../../instruments/instrument.js';
import type { BrokerInstrument } from '../broker.js';

const PIECE_CHARS = 65_536;
const ROWS_A_TURN = 1000;
const MAX_TOKEN = 2 ** 32 - 1;
const TYPES: ReadonlySet<string> = new Set(['EQ', 'FUT', 'CE', 'PE']);
const NEEDED = ['instrument_token', 'tradingsymbol', 'exchange', 'segment', 'instrument_type'];

export interface ParsedInstruments {
  readonly instruments: BrokerInstrument[];
  /** Rows whose type is none of ours or that lack what identifies an instrument. */
  readonly dropped: number;
}

/**
 * Reads the CSV dump of instruments (about 100,000 rows); undefined when `text` is no such dump. Works in
 * turns, because live ticks wait in the same process.
 */
export async function parseInstrumentRows(text: string): Promise<ParsedInstruments | undefined> {
  const header = text.slice(0, text.indexOf('\n')).trim().split(',');
  if (!NEEDED.every((column) => header.includes(column))) return undefined;
  const rows = Readable.from(pieces(text)).pipe(
    parse({ columns: true, relax_column_count: true, trim: true }),
  );
  const instruments: BrokerInstrument[] = [];
  let seen = 0;
  for await (const row of rows) {
    const instrument = parseRow(row as Record<string, string | undefined>);
    if (instrument) instruments.push(instrument);
    if (++seen % ROWS_A_TURN === 0) await setImmediate();
  }
  return { instruments, dropped: seen - instruments.length };
}

function* pieces(text: string): Generator<string> {
  for (let at = 0; at < text.length; at += PIECE_CHARS) yield text.slice(at, at + PIECE_CHARS);
}

function parseRow(row: Record<string, string | undefined>): BrokerInstrument | undefined {
  const brokerToken = Number(row['instrument_token']);
  const { tradingsymbol: symbol, exchange, segment } = row;
  const instrumentType = typeOf(row);
  if (!Number.isInteger(brokerToken) || brokerToken <= 0 || brokerToken > MAX_TOKEN) return undefined;
  if (!symbol || !exchange || !segment || !instrumentType) return undefined;
  const isOption = instrumentType === 'CE' || instrumentType === 'PE';
  const expiry = row['expiry'];
  return {
    brokerToken,
    symbol,
    exchange,
    segment,
    name: row['name'] || null,
    instrumentType,
    expiry: expiry && /^\d{4}-\d{2}-\d{2}$/.test(expiry) ? expiry : null,
    strike: isOption ? numberOr(row['strike'], null) : null,
    lotSize: numberOr(row['lot_size'], 1),
    tickSize: numberOr(row['tick_size'], 0),
  };
}

/** Kite's dump calls an index `EQ` of segment `INDICES`. */
function typeOf(row: Record<string, string | undefined>): InstrumentType | undefined {
  if (row['segment'] === 'INDICES') return 'INDEX';
  const type = row['instrument_type'];
  return type && TYPES.has(type) ? (type as InstrumentType) : undefined;
}

function numberOr<T>(text: string | undefined, otherwise: T): number | T {
  const value = Number(text);
  return text && Number.isFinite(value) ? value : otherwise;
}
