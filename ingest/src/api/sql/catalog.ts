import type { RunQuery } from './query.js';

export interface UnderlyingRow {
  underlying: string;
  futures: number;
  options: number;
  token: number | null;
  symbol: string | null;
  exchange: string | null;
}

const UNDERLYINGS = `
select u.underlying, u.futures, u.options, i.token, i.symbol, i.exchange
from (select underlying, count(*) filter (where instrument_type = 'FUT') as futures,
             count(*) filter (where option_type is not null) as options, max(underlying_token) as underlying_token
      from instruments
      where active and underlying is not null
      group by underlying) u
left join instruments i on i.token = u.underlying_token
order by u.options desc, u.futures desc, u.underlying`;

/** What active contracts are written on, the largest chains first. */
export function underlyings(run: RunQuery): Promise<UnderlyingRow[]> {
  return run<UnderlyingRow>(UNDERLYINGS, []);
}

/** Strikes of an underlying's active options of an expiry, ascending. */
export async function strikesOf(run: RunQuery, underlying: string, expiry: string): Promise<number[]> {
  const rows = await run<{ strike: number }>(
    `select distinct strike from instruments
     where active and underlying = $1 and expiry = $2 and option_type is not null order by strike`,
    [underlying, expiry],
  );
  return rows.map(({ strike }) => strike);
}

/** Exchanges with active instruments and the segments of each. */
export function exchanges(run: RunQuery): Promise<Array<{ exchange: string; segments: string[] }>> {
  return run(
    `select exchange, array_agg(distinct segment order by segment) as segments
     from instruments where active group by exchange order by exchange`,
    [],
  );
}

/** Names of watchlists and how many instruments each has. */
export function watchlistSizes(run: RunQuery): Promise<Array<{ name: string; instruments: number }>> {
  return run(`select name, count(*) as instruments from watchlists group by name order by name`, []);
}

/** The members of one watchlist in its order. */
export function watchlistMembers(
  run: RunQuery,
  name: string,
): Promise<Array<{ token: number; symbol: string; exchange: string }>> {
  return run(
    `select i.token, i.symbol, i.exchange
     from watchlists w join instruments i on i.token = w.token where w.name = $1 order by w.position, i.symbol`,
    [name],
  );
}
