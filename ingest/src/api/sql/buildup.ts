import type { RunQuery } from './query.js';

export type Buildup = 'long_buildup' | 'short_buildup' | 'long_unwinding' | 'short_covering';

export interface BuildupRow {
  token: number;
  symbol: string;
  exchange: string;
  tradingDate: string;
  buildup: Buildup;
  lastPrice: number;
  changePercent: number;
  openInterest: number;
  openInterestChange: number;
  openInterestChangePercent: number;
}

const BUILDUP = `
with day as (
  select coalesce($1::date, (select max(trading_date) from day_state)) as date
), moved as (
  select i.token, i.symbol, i.exchange, s.trading_date as "tradingDate", s.last as "lastPrice",
         (s.last - s.previous_close) / s.previous_close * 100 as "changePercent", s.open_interest as "openInterest",
         s.open_interest - p.open_interest as "openInterestChange",
         (s.open_interest - p.open_interest)::double precision / p.open_interest * 100 as "openInterestChangePercent"
  from day
  join day_state s on s.trading_date = day.date
  join instruments i on i.token = s.instrument_token
  cross join lateral (
    select c.open_interest from candles_1d c
    where c.instrument_token = s.instrument_token and c.bucket < ist_midnight(day.date)
      and c.bucket >= ist_midnight(day.date - 15)
    order by c.bucket desc limit 1
  ) p
  where s.last is not null and s.previous_close > 0 and s.open_interest is not null and p.open_interest > 0
    and ($2::text is null or i.segment = $2) and ($3::text is null or i.instrument_type = $3)
    and ($4::text is null or i.underlying = $4)
)
select *, case when "changePercent" > 0 and "openInterestChange" > 0 then 'long_buildup'
               when "changePercent" < 0 and "openInterestChange" > 0 then 'short_buildup'
               when "changePercent" < 0 then 'long_unwinding'
               else 'short_covering' end as buildup
from moved
where "changePercent" <> 0 and "openInterestChange" <> 0
order by abs("openInterestChangePercent") desc, symbol
limit $5`;

/** Who opens and who closes positions: price against the previous close, open interest against the day before. */
export function buildups(
  run: RunQuery,
  filter: { date?: string; segment?: string; type?: string; underlying?: string; limit: number },
): Promise<BuildupRow[]> {
  return run<BuildupRow>(BUILDUP, [
    filter.date ?? null,
    filter.segment ?? null,
    filter.type ?? null,
    filter.underlying ?? null,
    filter.limit,
  ]);
}
