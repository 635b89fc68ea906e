/**
 * The last tick of each instrument with its day and its book, and the ticks that are committed and not folded into these
 * tables yet (at most those of a second or so), oldest first; all of one snapshot, of which `batch` is the last flush.
 * $1 tokens. One row a token at least.
 */
export const INSTRUMENTS_NOW = `
with w as materialized (
  select coalesce(max(last_batch_id), 0) as batch, coalesce(max(last_state_seq), 0) as seq,
         coalesce(max(fold_from), 'infinity') as fold_from
  from writer_state
)
select w.batch, t.token, k.seq, k.time, k.last_trade_time as "lastTradeTime", k.exchange_time as "exchangeTime",
       k.ltp as "lastPrice", k.high, k.low, k.last_qty as "lastQuantity", k.volume, k.volume_delta as "volumeDelta",
       k.open_interest as "openInterest", k.average_price as "averagePrice", k.day_open as "dayOpen",
       k.day_high as "dayHigh", k.day_low as "dayLow", k.previous_close as "previousClose", k.bid_price as "bidPrice",
       k.ask_price as "askPrice", k.bid_qty as "bidQuantity", k.ask_qty as "askQuantity",
       k.total_bid_qty as "totalBidQuantity", k.total_ask_qty as "totalAskQuantity", k.is_trade as "isTrade",
       k.in_session as "inSession", d.trading_date - date '1970-01-01' as "stateDay", d.open as "stateOpen",
       d.high as "stateHigh", d.low as "stateLow", d.last as "stateLast", d.previous_close as "statePreviousClose",
       d.average_price as "stateAveragePrice", d.volume as "stateVolume", d.open_interest as "stateOpenInterest",
       d.trades as "stateTrades", b.time as "bookTime", b.book
from w
cross join unnest($1::bigint[]) t (token)
left join lateral (
  select true as folded, q.time, q.seq, q.last_trade_time, q.exchange_time, q.ltp, q.high, q.low, q.last_qty, q.volume,
         q.volume_delta, q.open_interest, q.average_price, q.day_open, q.day_high, q.day_low, q.previous_close,
         q.bid_price, q.ask_price, q.bid_qty, q.ask_qty, q.total_bid_qty, q.total_ask_qty, q.is_trade, q.in_session
  from quotes_latest q where q.instrument_token = t.token
  union all
  select false, x.time, x.seq, x.last_trade_time, x.exchange_time, x.ltp, x.high, x.low, x.last_qty, x.volume,
         x.volume_delta, x.open_interest, x.average_price, x.day_open, x.day_high, x.day_low, x.previous_close,
         x.bid_price, x.ask_price, x.bid_qty, x.ask_qty, x.total_bid_qty, x.total_ask_qty, x.is_trade, x.in_session
  from tick_data x where x.instrument_token = t.token and x.time >= w.fold_from and x.seq > w.seq
) k on true
left join day_state d on k.folded and d.instrument_token = t.token
  and d.trading_date = (coalesce(k.last_trade_time, k.time) at time zone 'Asia/Kolkata')::date
left join lateral (
  select n.time, n.book
  from (select l.time, l.seq, l.book from depth_latest l where l.instrument_token = t.token
        union all
        select s.time, s.seq, s.book from depth_books s
        where s.instrument_token = t.token and s.time >= w.fold_from and s.seq > w.seq) n
  order by n.seq desc limit 1
) b on true
order by t.token, k.seq`;

export interface InstrumentNowRow {
  batch: number;
  token: number;
  /** Null, as everything after it, when there is no tick. */
  seq: number | null;
  time: number;
  lastTradeTime: number | null;
  exchangeTime: number | null;
  lastPrice: number;
  high: number;
  low: number;
  lastQuantity: number | null;
  volume: number | null;
  volumeDelta: number | null;
  openInterest: number | null;
  averagePrice: number | null;
  dayOpen: number | null;
  dayHigh: number | null;
  dayLow: number | null;
  previousClose: number | null;
  bidPrice: number | null;
  askPrice: number | null;
  bidQuantity: number | null;
  askQuantity: number | null;
  totalBidQuantity: number | null;
  totalAskQuantity: number | null;
  isTrade: boolean;
  inSession: boolean;
  stateDay: number | null;
  stateOpen: number | null;
  stateHigh: number | null;
  stateLow: number | null;
  stateLast: number | null;
  statePreviousClose: number | null;
  stateAveragePrice: number | null;
  stateVolume: number | null;
  stateOpenInterest: number | null;
  stateTrades: number | null;
  bookTime: number | null;
  book: Buffer | null;
}
