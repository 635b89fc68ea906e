import type { Instrument } from '../../instruments/instrument.js';
import type { RunQuery } from './query.js';

const COLUMNS = `token, symbol, exchange, segment, name, instrument_type as "instrumentType", expiry, strike,
  option_type as "optionType", lot_size as "lotSize", tick_size as "tickSize", underlying,
  underlying_token as "underlyingToken", active`;

export async function instrumentByToken(run: RunQuery, token: number): Promise<Instrument | undefined> {
  const rows = await run<Instrument>(`select ${COLUMNS} from instruments where token = $1`, [token]);
  return rows[0];
}

/** The active one, or the one last seen among the expired. */
export async function instrumentBySymbol(
  run: RunQuery,
  exchange: string,
  symbol: string,
): Promise<Instrument | undefined> {
  const rows = await run<Instrument>(
    `select ${COLUMNS} from instruments where exchange = $1 and symbol = $2
     order by active desc, last_seen desc limit 1`,
    [exchange, symbol],
  );
  return rows[0];
}

export interface InstrumentFilter {
  /** Part of the symbol or name, any case. */
  readonly search?: string | undefined;
  readonly exchange?: string | undefined;
  readonly segment?: string | undefined;
  readonly type?: string | undefined;
  readonly underlying?: string | undefined;
  readonly expiry?: string | undefined;
  readonly limit: number;
}

const SEARCH = `
select ${COLUMNS}
from instruments
where active
  and ($1::text is null or symbol ilike '%' || $2 || '%' or name ilike '%' || $2 || '%')
  and ($3::text is null or exchange = $3)
  and ($4::text is null or segment = $4)
  and ($5::text is null or instrument_type = $5)
  and ($6::text is null or underlying = $6)
  and ($7::date is null or expiry = $7)
order by
  case when upper(symbol) = upper($1) then 0
       when symbol ilike $2 || '%' then 1
       when symbol ilike '% ' || $2 || '%' then 2
       else 3 end,
  case instrument_type when 'INDEX' then 0 when 'EQ' then 1 when 'FUT' then 2 else 3 end,
  expiry nulls first, symbol, strike
limit $8`;

/** Active instruments, the closest match first. */
export function searchInstruments(run: RunQuery, filter: InstrumentFilter): Promise<Instrument[]> {
  const pattern = filter.search?.replace(/[\\%_]/g, '\\$&') ?? '';
  return run<Instrument>(SEARCH, [
    filter.search ?? null,
    pattern,
    filter.exchange ?? null,
    filter.segment ?? null,
    filter.type ?? null,
    filter.underlying ?? null,
    filter.expiry ?? null,
    filter.limit,
  ]);
}

/** Active instruments that start like `symbol`: where a misspelling's meaning is looked for. */
export function instrumentsLike(
  run: RunQuery,
  symbol: string,
): Promise<Array<{ exchange: string; symbol: string }>> {
  const start = symbol.slice(0, 2).replace(/[\\%_]/g, '\\$&');
  return run(
    `select exchange, symbol from instruments
     where active and (symbol ilike $1 || '%' or name ilike $2 || '%')
     order by abs(length(symbol) - $3), symbol limit 500`,
    [start, symbol.slice(0, 4).replace(/[\\%_]/g, '\\$&'), symbol.length],
  );
}

/** Expiry dates of an underlying's active contracts, soonest first. */
export function expiries(
  run: RunQuery,
  underlying: string,
): Promise<Array<{ expiry: string; options: number; futures: number }>> {
  return run(
    `select expiry, count(*) filter (where option_type is not null) as options,
            count(*) filter (where instrument_type = 'FUT') as futures
     from instruments where active and underlying = $1 and expiry is not null
     group by expiry order by expiry`,
    [underlying],
  );
}
