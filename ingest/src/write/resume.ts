import type pg from 'pg';
import type { CoverageEnd } from '../batch/truth.js';
import { instant } from './instants.js';
import { UNLESS_OLDER } from './statements.js';

/** The latest tick of an instrument as the database has it. Prices in rupees, instants in epoch milliseconds. */
export interface StoredQuote {
  readonly token: number;
  readonly seq: number;
  readonly time: number;
  readonly inSession: boolean;
  readonly receivedAt: number;
  readonly lastTradeTime: number | null;
  readonly exchangeTime: number | null;
  readonly ltp: number;
  readonly lastQuantity: number | null;
  readonly averagePrice: number | null;
  readonly volume: number | null;
  readonly openInterest: number | null;
  readonly dayOpen: number | null;
  readonly dayHigh: number | null;
  readonly dayLow: number | null;
  readonly previousClose: number | null;
  readonly totalBidQuantity: number | null;
  readonly totalAskQuantity: number | null;
  readonly book: Buffer | null;
}

export interface StoredDay {
  readonly token: number;
  /** Number of the IST date. */
  readonly day: number;
  readonly volume: number | null;
  readonly trades: number;
}

/** A connection slot as the last process left it. */
export interface StoredFeed {
  readonly feed: string;
  readonly tokens: readonly number[];
  readonly cause: CoverageEnd | null;
  /** The last coverage row, in exchange time; `endedAt` by our clock. null when there is none. */
  readonly coveredFrom: number | null;
  readonly coveredTo: number | null;
  readonly endedAt: number | null;
}

export interface StoredState {
  readonly quotes: readonly StoredQuote[];
  readonly days: readonly StoredDay[];
  readonly feeds: readonly StoredFeed[];
  readonly lastBatchId: number;
  /** Highest sequence number of any tick; 0 when there is none. */
  readonly lastSeq: number;
}

/** Ticks that were committed after the state tables were last written: at most those of a second or so. */
const UNFOLDED = `
  create temporary table unfolded on commit drop as
  select t.*
  from (select distinct token from feed_assignments where released_at >= $1) a
  cross join lateral (
    select * from tick_data t where t.instrument_token = a.token and t.time >= $1 and t.seq > $2
  ) t`;

const FOLD_QUOTES = `
  insert into quotes_latest as q
  select distinct on (instrument_token) * from unfolded order by instrument_token, seq desc
  ${UNLESS_OLDER}`;

/** The day that a tick's day fields belong to is that of its last trade (an index: of its exchange time, in session). */
const FOLD_DAYS = `
  with dated as (
    select u.*, (coalesce(last_trade_time, case when in_session then exchange_time end) at time zone 'Asia/Kolkata')::date as day
    from unfolded u
  )
  insert into day_state as d (
    instrument_token, trading_date, open, high, low, last, previous_close, average_price, volume, open_interest, trades,
    last_trade_time, updated_at)
  select n.instrument_token, n.day, n.day_open, n.day_high, n.day_low, n.ltp, n.previous_close, n.average_price,
         s.volume, n.open_interest, s.trades, n.last_trade_time, n.received_at
  from (
    select instrument_token, day, max(volume) as volume, count(*) filter (where is_trade and in_session) as trades,
           max(seq) as seq
    from dated where day = (time at time zone 'Asia/Kolkata')::date group by 1, 2
  ) s
  join dated n on n.instrument_token = s.instrument_token and n.seq = s.seq
  on conflict (instrument_token, trading_date) do update set (
    open, high, low, last, previous_close, average_price, volume, open_interest, trades, last_trade_time,
    updated_at) = row(
    coalesce(excluded.open, d.open), coalesce(excluded.high, d.high), coalesce(excluded.low, d.low), excluded.last,
    coalesce(excluded.previous_close, d.previous_close), coalesce(excluded.average_price, d.average_price),
    greatest(excluded.volume, d.volume), coalesce(excluded.open_interest, d.open_interest),
    d.trades + excluded.trades, greatest(excluded.last_trade_time, d.last_trade_time), excluded.updated_at)`;

const FOLD_BOOKS = `
  insert into depth_latest as d (instrument_token, time, seq, book)
  select a.token, b.time, b.seq, b.book
  from (select distinct token from feed_assignments where released_at >= $1) a
  cross join lateral (
    select * from depth_books b where b.instrument_token = a.token and b.time >= $1 and b.seq > $2
    order by b.seq desc limit 1
  ) b
  on conflict (instrument_token) do update set (time, seq, book) = row(excluded.time, excluded.seq, excluded.book)
  where excluded.seq > d.seq`;

const FOLDED = `
  update writer_state
  set last_state_seq = greatest(last_state_seq, (select coalesce(max(seq), 0) from quotes_latest)), fold_from = 'infinity'`;

/** Rows of connections that a crash left open end where they were last committed. */
const CLOSE_COVERAGE = `
  update live_coverage set ended_at = $1, cause = 'restart' where ended_at is null`;

/** Lasting exceptions end with the process that knew when they would. Nothing is claimed between the two. */
const CLOSE_EXCEPTIONS = `
  update coverage_exceptions set to_time = greatest($1::timestamptz, from_time + interval '1 millisecond')
  where to_time = 'infinity'`;

const QUOTES = `
  select q.instrument_token as token, q.seq, extract(epoch from q.time)::float8 * 1000 as time,
         q.in_session as "inSession", extract(epoch from q.received_at)::float8 * 1000 as "receivedAt",
         extract(epoch from q.last_trade_time)::float8 * 1000 as "lastTradeTime",
         extract(epoch from q.exchange_time)::float8 * 1000 as "exchangeTime",
         q.ltp, q.last_qty as "lastQuantity", q.average_price as "averagePrice", q.volume,
         q.open_interest as "openInterest", q.day_open as "dayOpen", q.day_high as "dayHigh", q.day_low as "dayLow",
         q.previous_close as "previousClose", q.total_bid_qty as "totalBidQuantity",
         q.total_ask_qty as "totalAskQuantity", d.book
  from quotes_latest q left join depth_latest d using (instrument_token)`;

const DAYS = `
  select distinct on (instrument_token) instrument_token as token, trading_date - date '1970-01-01' as day, volume, trades
  from day_state order by instrument_token, trading_date desc`;

const FEEDS = `
  select f.feed, f.tokens, c.cause, extract(epoch from c.covered_from)::float8 * 1000 as "coveredFrom",
         extract(epoch from c.covered_to)::float8 * 1000 as "coveredTo",
         extract(epoch from c.ended_at)::float8 * 1000 as "endedAt"
  from (select feed, array_agg(token::float8) as tokens from feed_assignments
        where released_at = 'infinity' group by feed) f
  left join lateral (select * from live_coverage c where c.feed = f.feed order by c.covered_from desc limit 1) c on true`;

/**
 * Brings the state tables up to the last committed tick, ends what a crash left open, and reads where the last process
 * stopped. `open`: rows that were open until now, by feed; their instruments' last packets came within them.
 * @param now epoch milliseconds
 */
export async function resume(client: pg.Client, now: number): Promise<StoredState> {
  await client.query('begin');
  try {
    const state = await client.query<{ seq: number; fold_from: string; last_batch_id: number }>(
      'select last_state_seq as seq, fold_from::text, last_batch_id from writer_state',
    );
    const { seq = 0, fold_from = 'infinity', last_batch_id = 0 } = state.rows[0] ?? {};
    if (fold_from !== 'infinity') {
      await client.query(UNFOLDED.replaceAll('$1', `'${fold_from}'::timestamptz`).replace('$2', String(seq)));
      await client.query(FOLD_DAYS);
      await client.query(FOLD_QUOTES);
      await client.query(FOLD_BOOKS, [fold_from, seq]);
      await client.query(FOLDED);
    }
    await client.query(CLOSE_COVERAGE, [instant(now)]);
    await client.query(CLOSE_EXCEPTIONS, [instant(now)]);
    await client.query('commit');
    const quotes = await client.query<StoredQuote>(QUOTES);
    const days = await client.query<StoredDay>(DAYS);
    const feeds = await client.query<StoredFeed>(FEEDS);
    return {
      quotes: quotes.rows,
      days: days.rows,
      feeds: feeds.rows,
      lastBatchId: last_batch_id,
      lastSeq: quotes.rows.reduce((last, quote) => Math.max(last, quote.seq), 0),
    };
  } catch (error) {
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}
