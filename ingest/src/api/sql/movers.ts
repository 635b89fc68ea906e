import { at, type RunQuery } from './query.js';

export type MoverOrder = 'gainers' | 'losers' | 'volume' | 'absolute' | 'volume_ratio';
export type MoverWindow = 'day' | 'open' | '1m' | '5m' | '15m';

export interface MoverRow {
  token: number;
  symbol: string;
  exchange: string;
  lastPrice: number;
  previousClose: number | null;
  open: number | null;
  high: number | null;
  low: number | null;
  /** What `change` is against. */
  reference: number;
  change: number;
  changePercent: number;
  volume: number | null;
  openInterest: number | null;
  tradingDate: string;
}

const MINUTES: Readonly<Record<MoverWindow, number | null>> = {
  day: null,
  open: null,
  '1m': 1,
  '5m': 5,
  '15m': 15,
};

// One row an instrument a day, and for a window of minutes one probe of an index an instrument: the last price of its last
// packet before the window began, or the broker's minute that heals a hole there. (Any packet has the last price; to look
// for one that is a trade would read an illiquid option's whole hour.) What last traded before the window has not moved.
const MOVERS = `
with day as (
  select coalesce($1::date, (select max(trading_date) from day_state)) as date
), moved as (
  select i.token, i.symbol, i.exchange, s.last as "lastPrice", s.previous_close as "previousClose", s.open, s.high, s.low,
         case when $6 = 'day' then s.previous_close when $6 = 'open' then s.open
              else coalesce(m.price, case when coalesce(s.last_trade_time, s.updated_at) < $7 then s.last end)
         end as reference,
         s.volume, s.open_interest as "openInterest", s.trading_date as "tradingDate"
  from day
  join day_state s on s.trading_date = day.date
  join instruments i on i.token = s.instrument_token
  left join lateral (
    select p.price
    from (
      (select t.time, t.ltp as price from tick_data t
       where t.instrument_token = s.instrument_token and t.time < $7::timestamptz
         and t.time >= $7::timestamptz - interval '1 hour'
       order by t.time desc, t.seq desc limit 1)
      union all
      (select b.bucket + interval '1 minute', b.close from broker_candles b
       where b.instrument_token = s.instrument_token and b.interval = '1m'
         and b.bucket >= $7::timestamptz - interval '1 hour' and b.bucket <= $7::timestamptz - interval '1 minute'
       order by b.bucket desc limit 1)
    ) p
    order by p.time desc limit 1
  ) m on $7::timestamptz is not null
  where s.last is not null and ($2::text is null or i.segment = $2) and ($3::text is null or i.instrument_type = $3)
)
select *, round(("lastPrice" - reference)::numeric, 7)::double precision as change,
       ("lastPrice" - reference) / reference * 100 as "changePercent"
from moved
where reference > 0
order by case $4 when 'gainers' then -("lastPrice" - reference) / reference
                 when 'losers' then ("lastPrice" - reference) / reference
                 when 'volume' then -coalesce(volume, 0)::double precision
                 else -abs(("lastPrice" - reference) / reference) end, symbol
limit $5`;

const LAST_TRADE = `
select max(last_trade_time) as time from day_state
where trading_date = coalesce($1::date, (select max(trading_date) from day_state))`;

/** From when minutes count back: now, or the last trade of a day that is over. Epoch milliseconds. */
export async function asOf(run: RunQuery, date: string | undefined, now: number): Promise<number> {
  const [row] = await run<{ time: number | null }>(LAST_TRADE, [date ?? null]);
  return Math.min(now, row?.time ?? now);
}

export interface MoverFilter {
  readonly date?: string;
  readonly segment?: string;
  readonly type?: string;
  readonly by: MoverOrder;
  readonly window: MoverWindow;
  readonly limit: number;
  /** From when a window of minutes counts back, see `asOf`. Epoch milliseconds. */
  readonly asOf: number;
}

/** What moved most, on `date` or the latest day there is; `volume_ratio` is left to the caller's order. */
export function movers(run: RunQuery, filter: MoverFilter): Promise<MoverRow[]> {
  const minutes = MINUTES[filter.window];
  return run<MoverRow>(MOVERS, [
    filter.date ?? null,
    filter.segment ?? null,
    filter.type ?? null,
    filter.by,
    filter.limit,
    filter.window,
    minutes === null ? null : at(filter.asOf - minutes * 60_000),
  ]);
}

const USUAL_VOLUME = `
select t.token, w.volume
from unnest($1::bigint[]) t (token)
cross join lateral (
  select avg(d.volume)::double precision as volume
  from (select c.volume from candles_1d c
        where c.instrument_token = t.token and c.bucket < ist_midnight($2::date)
          and c.bucket >= ist_midnight($2::date - 30) and c.volume is not null
        order by c.bucket desc limit 5) d
) w
where w.volume > 0`;

/** Mean volume of the five days with a volume before `date` (at most a month back), by token. */
export async function usualVolumes(
  run: RunQuery,
  tokens: readonly number[],
  date: string,
): Promise<Map<number, number>> {
  const rows = await run<{ token: number; volume: number }>(USUAL_VOLUME, [tokens, date]);
  return new Map(rows.map(({ token, volume }) => [token, volume]));
}
