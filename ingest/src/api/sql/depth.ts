import { priceDivisor } from '../../instruments/instrument.js';
import { at, type RunQuery } from './query.js';

/** One side's level, the best first. Price in rupees. */
export interface DepthLevel {
  price: number;
  quantity: number;
  orders: number;
}
export interface DepthBook {
  /** Epoch milliseconds. */
  time: number;
  bids: DepthLevel[];
  asks: DepthLevel[];
}

interface BookRow {
  time: number;
  book: Buffer;
}

export async function latestBook(run: RunQuery, token: number): Promise<DepthBook | undefined> {
  const rows = await run<BookRow>('select time, book from depth_latest where instrument_token = $1', [token]);
  return rows[0] && unpackBook(rows[0], token);
}

const HISTORY = `
select time, book from depth_books
where instrument_token = $1 and time >= $2 and time < $3
order by time desc, seq desc
limit $4`;

/** Books as they changed, newest first. */
export async function books(
  run: RunQuery,
  token: number,
  from: number,
  to: number,
  limit: number,
): Promise<DepthBook[]> {
  const rows = await run<BookRow>(HISTORY, [token, at(from), at(to), limit]);
  return rows.map((row) => unpackBook(row, token));
}

const LEVELS = 5;
const LEVEL_BYTES = 12;

/**
 * Kite's ten entries of 12 bytes, big-endian: int32 quantity, int32 price, int16 orders, 2 unused; five bids, then
 * five asks. A level without a quantity is left out, as in the view `market_depth`. Source: Kite Connect v3, "WebSocket streaming".
 */
export function unpackBook({ time, book }: BookRow, token: number): DepthBook {
  const divisor = priceDivisor(token);
  const side = (first: number): DepthLevel[] => {
    const levels: DepthLevel[] = [];
    for (let level = first; level < first + LEVELS; level++) {
      const start = level * LEVEL_BYTES;
      if (start + LEVEL_BYTES > book.length) break;
      const quantity = book.readInt32BE(start);
      const price = book.readInt32BE(start + 4) / divisor;
      if (quantity > 0) levels.push({ price, quantity, orders: book.readUInt16BE(start + 8) });
    }
    return levels;
  };
  return { time, bids: side(0), asks: side(LEVELS) };
}
