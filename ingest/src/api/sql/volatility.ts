import type { RunQuery } from './query.js';

export interface VolatilityRow {
  token: number;
  symbol: string;
  exchange: string;
  volatilityPercent: number;
  sessions: number;
  lastPrice: number;
}

/** Sessions a year, by which a day's deviation is annualised. */
const SESSIONS_A_YEAR = 252;
/** Calendar days that surely hold so many sessions: weekends and a fortnight of holidays. */
const spanDays = (sessions: number) => Math.ceil(sessions * 1.5) + 15;

const VOLATILITY = `
with closes as (
  select c.instrument_token, c.close, c.bucket,
         ln(c.close / (lag(c.close) over w * coalesce(a.price_factor, 1))) as change,
         row_number() over (partition by c.instrument_token order by c.bucket desc) as age
  from candles_1d c
  join instruments i on i.token = c.instrument_token
  -- candles are as traded: a split is no move
  left join corporate_actions a on a.instrument_token = c.instrument_token and a.ex_date = c.trading_date
  where c.bucket >= ist_midnight($1::date - $2::integer) and c.bucket < ist_midnight($1::date) and c.close > 0
    and i.active and ($3::text is null or i.segment = $3) and ($4::text is null or i.instrument_type = $4)
  window w as (partition by c.instrument_token order by c.bucket)
)
select i.token, i.symbol, i.exchange, v.deviation * sqrt($5::double precision) * 100 as "volatilityPercent", v.sessions,
       coalesce(q.ltp, v.close) as "lastPrice"
from (select instrument_token, stddev_samp(change) as deviation, count(change) as sessions,
             max(close) filter (where age = 1) as close
      from closes where age <= $6 group by instrument_token having count(change) > 1) v
join instruments i on i.token = v.instrument_token
left join quotes_latest q on q.instrument_token = i.token
order by 4 desc, i.symbol
limit $7`;

/** Annualised deviation of the daily returns over the last `days` sessions before `today`, the wildest first. */
export function volatilities(
  run: RunQuery,
  filter: { today: string; days: number; segment?: string; type?: string; limit: number },
): Promise<VolatilityRow[]> {
  return run<VolatilityRow>(VOLATILITY, [
    filter.today,
    spanDays(filter.days),
    filter.segment ?? null,
    filter.type ?? null,
    SESSIONS_A_YEAR,
    filter.days,
    filter.limit,
  ]);
}
