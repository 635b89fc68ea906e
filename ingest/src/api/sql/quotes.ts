import { at, type RunQuery } from './query.js';

/** The latest tick of an instrument with its day. Prices in rupees, times in epoch milliseconds. */
export interface QuoteRow {
  token: number;
  time: number;
  lastPrice: number;
  open: number | null;
  high: number | null;
  low: number | null;
  previousClose: number | null;
  volume: number | null;
  averagePrice: number | null;
  openInterest: number | null;
  bidPrice: number | null;
  bidQuantity: number | null;
  askPrice: number | null;
  askQuantity: number | null;
  totalBidQuantity: number | null;
  totalAskQuantity: number | null;
  lastTradeTime: number | null;
  lastQuantity: number | null;
}

// A packet whose last trade was on an earlier date carries that date's day fields (rule 8): they are the day's only
// when day_state has none newer.
const QUOTES = `
select q.instrument_token as token, q.time, q.ltp as "lastPrice",
       coalesce(d.open, q.day_open) as open, coalesce(d.high, q.day_high) as high, coalesce(d.low, q.day_low) as low,
       coalesce(d.previous_close, q.previous_close) as "previousClose",
       coalesce(d.volume, q.volume) as volume, coalesce(d.average_price, q.average_price) as "averagePrice",
       coalesce(d.open_interest, q.open_interest) as "openInterest",
       q.bid_price as "bidPrice", q.bid_qty as "bidQuantity", q.ask_price as "askPrice", q.ask_qty as "askQuantity",
       q.total_bid_qty as "totalBidQuantity", q.total_ask_qty as "totalAskQuantity",
       q.last_trade_time as "lastTradeTime", q.last_qty as "lastQuantity"
from quotes_latest q
left join day_state d on d.instrument_token = q.instrument_token
  and d.trading_date = (coalesce(q.last_trade_time, q.time) at time zone 'Asia/Kolkata')::date
where q.instrument_token = any($1::bigint[])`;

export function quotes(run: RunQuery, tokens: readonly number[]): Promise<QuoteRow[]> {
  return run<QuoteRow>(QUOTES, [tokens]);
}

export interface TickRow {
  time: number;
  seq: number;
  lastTradeTime: number | null;
  exchangeTime: number | null;
  lastPrice: number;
  lastQuantity: number | null;
  volume: number | null;
  volumeDelta: number | null;
  volumeUnplaced: number | null;
  openInterest: number | null;
  bidPrice: number | null;
  askPrice: number | null;
  bidQuantity: number | null;
  askQuantity: number | null;
  isTrade: boolean;
  inSession: boolean;
  timeSource: string;
  receivedAt: number;
}

const TICKS = `
select time, seq, last_trade_time as "lastTradeTime", exchange_time as "exchangeTime", ltp as "lastPrice",
       last_qty as "lastQuantity", volume, volume_delta as "volumeDelta", volume_unplaced as "volumeUnplaced",
       open_interest as "openInterest", bid_price as "bidPrice", ask_price as "askPrice", bid_qty as "bidQuantity",
       ask_qty as "askQuantity", is_trade as "isTrade", in_session as "inSession", time_source as "timeSource",
       received_at as "receivedAt"
from tick_data
where instrument_token = $1 and time >= $2 and time < $3
order by time desc, seq desc
limit $4`;

/** Ticks as received, newest first. */
export function ticks(
  run: RunQuery,
  token: number,
  from: number,
  to: number,
  limit: number,
): Promise<TickRow[]> {
  return run<TickRow>(TICKS, [token, at(from), at(to), limit]);
}
