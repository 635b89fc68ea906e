import type { RunQuery } from './query.js';

export interface DayRow {
  token: number;
  tradingDate: string;
  open: number | null;
  high: number | null;
  low: number | null;
  last: number | null;
  previousClose: number | null;
  averagePrice: number | null;
  volume: number | null;
  openInterest: number | null;
  trades: number;
  lastTradeTime: number | null;
}

const DAY = `
select instrument_token as token, trading_date as "tradingDate", open, high, low, last,
       previous_close as "previousClose", average_price as "averagePrice", volume, open_interest as "openInterest",
       trades, last_trade_time as "lastTradeTime"
from day_state
where instrument_token = $1 and ($2::date is null or trading_date = $2)
order by trading_date desc limit 1`;

/** The day of an instrument, the latest without a date. */
export async function dayOf(
  run: RunQuery,
  token: number,
  date: string | undefined,
): Promise<DayRow | undefined> {
  return (await run<DayRow>(DAY, [token, date ?? null]))[0];
}

export interface MoverRow {
  token: number;
  symbol: string;
  exchange: string;
  lastPrice: number;
  previousClose: number;
  change: number;
  changePercent: number;
  volume: number | null;
  tradingDate: string;
}

const MOVERS = `
with day as (
  select coalesce($1::date, (select max(trading_date) from day_state)) as date
)
select i.token, i.symbol, i.exchange, s.last as "lastPrice", s.previous_close as "previousClose",
       round((s.last - s.previous_close)::numeric, 7)::double precision as change,
       (s.last - s.previous_close) / s.previous_close * 100 as "changePercent", s.volume,
       s.trading_date as "tradingDate"
from day
join day_state s on s.trading_date = day.date
join instruments i on i.token = s.instrument_token
where s.previous_close > 0 and s.last is not null
  and ($2::text is null or i.segment = $2) and ($3::text is null or i.instrument_type = $3)
order by case $4 when 'gainers' then -(s.last - s.previous_close) / s.previous_close
                 when 'losers' then (s.last - s.previous_close) / s.previous_close
                 when 'volume' then -coalesce(s.volume, 0)::double precision
                 else -abs((s.last - s.previous_close) / s.previous_close) end, i.symbol
limit $5`;

export type MoverOrder = 'gainers' | 'losers' | 'volume' | 'absolute';

/** What moved most against its previous close, on `date` or the latest day there is. */
export function movers(
  run: RunQuery,
  filter: { date?: string; segment?: string; type?: string; by: MoverOrder; limit: number },
): Promise<MoverRow[]> {
  return run<MoverRow>(MOVERS, [
    filter.date ?? null,
    filter.segment ?? null,
    filter.type ?? null,
    filter.by,
    filter.limit,
  ]);
}

export interface BreadthRow {
  tradingDate: string | null;
  advances: number;
  declines: number;
  unchanged: number;
  advanceVolume: number;
  declineVolume: number;
}

const BREADTH = `
with day as (
  select coalesce($1::date, (select max(trading_date) from day_state)) as date
)
select max(s.trading_date) as "tradingDate",
       count(*) filter (where s.last > s.previous_close) as advances,
       count(*) filter (where s.last < s.previous_close) as declines,
       count(*) filter (where s.last = s.previous_close) as unchanged,
       coalesce(sum(s.volume) filter (where s.last > s.previous_close), 0) as "advanceVolume",
       coalesce(sum(s.volume) filter (where s.last < s.previous_close), 0) as "declineVolume"
from day
join day_state s on s.trading_date = day.date
join instruments i on i.token = s.instrument_token
where ($2::text is null or i.segment = $2) and ($3::text is null or i.instrument_type = $3)`;

/** How many rose and fell against their previous close. */
export async function breadth(
  run: RunQuery,
  filter: { date?: string; segment?: string; type?: string },
): Promise<BreadthRow> {
  const rows = await run<BreadthRow>(BREADTH, [
    filter.date ?? null,
    filter.segment ?? null,
    filter.type ?? null,
  ]);
  return rows[0]!;
}

export interface ChainLeg {
  token: number;
  symbol: string;
  strike: number;
  optionType: 'CE' | 'PE';
  lotSize: number;
  lastPrice: number | null;
  previousClose: number | null;
  volume: number | null;
  openInterest: number | null;
  bidPrice: number | null;
  askPrice: number | null;
  bidQuantity: number | null;
  askQuantity: number | null;
  time: number | null;
}

const CHAIN = `
select i.token, i.symbol, i.strike, i.option_type as "optionType", i.lot_size as "lotSize", q.ltp as "lastPrice",
       q.previous_close as "previousClose", q.volume, q.open_interest as "openInterest", q.bid_price as "bidPrice",
       q.ask_price as "askPrice", q.bid_qty as "bidQuantity", q.ask_qty as "askQuantity", q.time
from instruments i
left join quotes_latest q on q.instrument_token = i.token
where i.active and i.underlying = $1 and i.expiry = $2 and i.option_type is not null
order by i.strike, i.option_type`;

/** Every option of an underlying and expiry with its latest quote, by strike. */
export function chain(run: RunQuery, underlying: string, expiry: string): Promise<ChainLeg[]> {
  return run<ChainLeg>(CHAIN, [underlying, expiry]);
}

const SPOT = `
select q.ltp as price, i.token, i.symbol, i.exchange
from instruments o
join instruments i on i.token = o.underlying_token
left join quotes_latest q on q.instrument_token = i.token
where o.active and o.underlying = $1 and o.underlying_token is not null
limit 1`;

/** The cash or index instrument under the options, with its last price where there is one. */
export async function spot(
  run: RunQuery,
  underlying: string,
): Promise<{ price: number | null; token: number; symbol: string; exchange: string } | undefined> {
  const rows = await run<{ price: number | null; token: number; symbol: string; exchange: string }>(SPOT, [
    underlying,
  ]);
  return rows[0];
}
