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
