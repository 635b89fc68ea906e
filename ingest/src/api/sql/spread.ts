import { withoutDust } from '../difference.js';
import { type DepthBook, unpackBook } from './depth.js';
import { at, type RunQuery } from './query.js';

// The last book of each step by one probe of the index: a day of books is never read.
const SPREAD = `
select b.time, b.book
from generate_series($2::timestamptz, $3::timestamptz - interval '1 millisecond', make_interval(secs => $4::double precision / 1000)) s (step)
cross join lateral (
  select d.time, d.book from depth_books d
  where d.instrument_token = $1 and d.time >= s.step
    and d.time < least(s.step + make_interval(secs => $4::double precision / 1000), $3::timestamptz)
  order by d.time desc, d.seq desc limit 1
) b
order by b.time`;

/** The last book of each step of `[from, to)` in which one was stored, oldest first. */
export async function lastBooks(
  run: RunQuery,
  token: number,
  range: { from: number; to: number },
  stepMs: number,
): Promise<DepthBook[]> {
  const rows = await run<{ time: number; book: Buffer }>(SPREAD, [
    token,
    at(range.from),
    at(range.to),
    stepMs,
  ]);
  return rows.map((row) => unpackBook(row, token));
}

export interface SpreadPoint {
  /** Epoch milliseconds. */
  time: number;
  /** Best ask less best bid, rupees. */
  spread: number | null;
  /** The spread in hundredths of a percent of the middle. */
  spreadBps: number | null;
  mid: number | null;
  /** (bid - ask) / (bid + ask) quantity of the five levels, -1 to 1; null without any. */
  imbalance: number | null;
}

/** What a book says about the cost and the pressure of trading; a side that is empty has no spread. */
export function spreadOf({ time, bids, asks }: DepthBook): SpreadPoint {
  const [bid, ask] = [bids[0]?.price, asks[0]?.price];
  const both = bid !== undefined && ask !== undefined;
  const spread = both ? withoutDust(ask - bid) : null;
  const mid = both ? withoutDust((bid + ask) / 2) : null;
  const quantity = (side: DepthBook['bids']) => side.reduce((sum, level) => sum + level.quantity, 0);
  const [bought, sold] = [quantity(bids), quantity(asks)];
  return {
    time,
    spread,
    spreadBps: spread !== null && mid ? (spread / mid) * 10_000 : null,
    mid,
    imbalance: bought + sold > 0 ? (bought - sold) / (bought + sold) : null,
  };
}
