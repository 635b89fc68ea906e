import { at, type RunQuery } from './query.js';

export interface ChainLeg {
  token: number;
  symbol: string;
  strike: number;
  optionType: 'CE' | 'PE';
  lotSize: number;
  lastPrice: number | null;
  previousClose: number | null;
  change: number | null;
  changePercent: number | null;
  volume: number | null;
  openInterest: number | null;
  openInterestChange: number | null;
  bidPrice: number | null;
  askPrice: number | null;
  bidQuantity: number | null;
  askQuantity: number | null;
  time: number | null;
}

// Open interest of the day before: of its day candle, the broker's or ours.
const CHAIN = `
select i.token, i.symbol, i.strike, i.option_type as "optionType", i.lot_size as "lotSize", q.ltp as "lastPrice",
       q.previous_close as "previousClose", round((q.ltp - q.previous_close)::numeric, 7)::double precision as change,
       (q.ltp - q.previous_close) / nullif(q.previous_close, 0) * 100 as "changePercent",
       q.volume, q.open_interest as "openInterest", q.open_interest - p.open_interest as "openInterestChange",
       q.bid_price as "bidPrice", q.ask_price as "askPrice", q.bid_qty as "bidQuantity", q.ask_qty as "askQuantity", q.time
from instruments i
left join quotes_latest q on q.instrument_token = i.token
left join lateral (
  select c.open_interest from candles_1d c
  where c.instrument_token = i.token and c.bucket < ist_midnight(ist_date(q.time))
    and c.bucket >= ist_midnight(ist_date(q.time) - 15)
  order by c.bucket desc limit 1
) p on true
where i.active and i.underlying = $1 and i.expiry = $2 and i.option_type is not null
order by i.strike, i.option_type`;

/** Every option of an underlying and expiry with its latest quote, by strike. */
export function chain(run: RunQuery, underlying: string, expiry: string): Promise<ChainLeg[]> {
  return run<ChainLeg>(CHAIN, [underlying, expiry]);
}

export interface Spot {
  price: number | null;
  token: number;
  symbol: string;
  exchange: string;
}

const SPOT = `
select coalesce(q.ltp, d.close) as price, i.token, i.symbol, i.exchange
from (select underlying_token from instruments
      where active and underlying = $1 and underlying_token is not null limit 1) o
join instruments i on i.token = o.underlying_token
left join quotes_latest q on q.instrument_token = i.token
left join lateral (
  select c.close from candles_1d c where c.instrument_token = i.token order by c.bucket desc limit 1
) d on q.ltp is null`;

/** The cash or index instrument under the contracts, with its last price, or its last close before there is one. */
export async function spot(run: RunQuery, underlying: string): Promise<Spot | undefined> {
  return (await run<Spot>(SPOT, [underlying]))[0];
}

const LIFE = `
select max(s.closes_at) as "expiresAt",
       (select count(distinct d.day) from market_sessions d
        where d.exchange = g.exchange and d.session_group = g.session_group and d.kind = 'continuous'
          and d.closes_at > $2 and d.day <= i.expiry) as sessions
from instruments i
join instrument_groups g on g.token = i.token and g.days @> i.expiry
left join market_sessions s on s.exchange = g.exchange and s.session_group = g.session_group and s.day = i.expiry
  and s.kind = 'continuous'
where i.token = $1
group by g.exchange, g.session_group, i.expiry`;

/**
 * When a contract's last session ends (epoch milliseconds; null where the calendar does not reach) and how many days with
 * a session are left, today's included until it is over.
 */
export async function lifeOf(
  run: RunQuery,
  token: number,
  now: number,
): Promise<{ expiresAt: number | null; sessions: number } | undefined> {
  return (await run<{ expiresAt: number | null; sessions: number }>(LIFE, [token, at(now)]))[0];
}
