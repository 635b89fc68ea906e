import type { CandleInterval } from '../broker/broker.js';
import type { Candle, CandleGap } from './candle.js';
import type { Span } from './span.js';
import { GAPS } from './sql/gaps.js';
import { CONTINUOUS_SESSIONS } from './sql/hours.js';
import { SERIES } from './sql/series.js';
import { type Queryable, timestamp } from './sql-clock.js';

/** What the database holds of a range at one instant. */
export interface Series {
  /** Oldest first. */
  readonly candles: Candle[];
  /** True when there were more candles than `limit`; the newest are here. */
  readonly cut: boolean;
  readonly gaps: CandleGap[];
  /** Continuous sessions in the range, in order. */
  readonly sessions: Span[];
  /** The database's present, epoch milliseconds. */
  readonly now: number;
}

interface SeriesRow {
  readonly kind: 'c' | 'g' | 's' | 'n';
  readonly a: number;
  readonly b: number | null;
  readonly open: number | null;
  readonly high: number | null;
  readonly low: number | null;
  readonly close: number | null;
  readonly volume: number | null;
  readonly open_interest: number | null;
  readonly trades: number | null;
  readonly vwap: number | null;
  readonly word: string | null;
  readonly complete: boolean | null;
}

/** @param range on bucket boundaries of `interval` */
export async function readSeries(
  db: Queryable,
  token: number,
  interval: CandleInterval,
  range: Span,
  limit: number,
): Promise<Series> {
  const { rows } = await db.query<SeriesRow>({
    name: 'candle-series',
    text: SERIES,
    values: [token, timestamp(range.from), timestamp(range.to), interval, limit + 1],
  });
  const candles: Candle[] = [];
  const gaps: CandleGap[] = [];
  const sessions: Span[] = [];
  let now = 0;
  for (const row of rows) {
    if (row.kind === 'c') candles.push(candleOf(row));
    else if (row.kind === 'g') gaps.push({ from: row.a, to: row.b!, reason: row.word! });
    else if (row.kind === 's') sessions.push({ from: row.a, to: row.b! });
    else now = row.a;
  }
  candles.sort((a, b) => a.time - b.time);
  gaps.sort((a, b) => a.from - b.from);
  sessions.sort((a, b) => a.from - b.from);
  const cut = candles.length > limit;
  if (cut) candles.shift();
  return { candles, cut, gaps, sessions, now };
}

/** Gaps and sessions of a range, without its candles. Two statements: for those who only heal. */
export async function readGaps(
  db: Queryable,
  token: number,
  interval: CandleInterval,
  range: Span,
): Promise<Pick<Series, 'gaps' | 'sessions'>> {
  const values = [token, timestamp(range.from), timestamp(range.to)];
  const gaps = await db.query<CandleGap>(GAPS, [...values, interval]);
  const sessions = await db.query<Span>(CONTINUOUS_SESSIONS, values);
  return { gaps: gaps.rows.sort((a, b) => a.from - b.from), sessions: sessions.rows };
}

function candleOf(row: SeriesRow): Candle {
  return {
    time: row.a,
    open: row.open!,
    high: row.high!,
    low: row.low!,
    close: row.close!,
    volume: row.volume,
    openInterest: row.open_interest,
    trades: row.trades,
    vwap: row.vwap,
    source: row.word!,
    complete: row.complete!,
  };
}
