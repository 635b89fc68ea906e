// The statements of one instrument sync, in the order in which they run. `dump` holds the broker's rows; `token` is filled
// with our stable id step by step: known contracts, contracts under a new broker token, new ones.

export const CREATE_DUMP = `
  create temporary table dump (
    broker_token bigint primary key,
    symbol text not null,
    exchange text not null,
    segment text not null,
    name text,
    instrument_type text not null,
    expiry date,
    strike double precision,
    lot_size bigint not null,
    tick_size double precision not null,
    token bigint,
    is_new boolean not null default false,
    reused boolean not null default false
  ) on commit drop;
  create temporary table exchanges_with_hours (exchange text) on commit drop;
  create temporary table was_active on commit drop as select token from instruments where active`;

/** A dump that names a token or a symbol twice contradicts itself: the first row counts. */
export const FILL_DUMP = `
  insert into dump
  select distinct on (w.exchange, w.symbol) w.*
  from (select distinct on (broker_token) *
        from unnest($1::bigint[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::date[],
                    $8::float8[], $9::bigint[], $10::float8[])
          with ordinality as t(broker_token, symbol, exchange, segment, name, instrument_type, expiry, strike,
                               lot_size, tick_size, row_number)
        order by broker_token, row_number) u
  cross join lateral (select u.broker_token, u.symbol, u.exchange, u.segment, u.name, u.instrument_type, u.expiry,
                             u.strike, u.lot_size, u.tick_size) w
  order by w.exchange, w.symbol, u.row_number`;

/**
 * A broker token still means the same thing when it is cash or an index as before (a stock may be renamed), or a
 * contract of the same underlying, type and expiry (an unexpired one may be renamed and its strike adjusted).
 */
export const MATCH_KNOWN = `
  update dump d
  set token = case when s.same then s.token end, reused = not s.same
  from (
    select bt.broker_token, i.token,
           i.exchange = d.exchange and i.instrument_type = d.instrument_type
             and i.expiry is not distinct from d.expiry
             and (d.expiry is null or i.underlying is not distinct from d.name)
             and (d.expiry is null or i.symbol = d.symbol or i.expiry >= $2::date) as same
    from dump d
    join broker_tokens bt on bt.broker = $1 and bt.broker_token = d.broker_token and upper_inf(bt.valid)
    join instruments i on i.token = bt.token
  ) s
  where s.broker_token = d.broker_token`;

/** The same contract under a new broker token: same active symbol and expiry, and its old token is not in the dump. */
export const MATCH_MOVED = `
  update dump d
  set token = i.token
  from instruments i
  where d.token is null and i.active and i.exchange = d.exchange and i.symbol = d.symbol
    and i.instrument_type = d.instrument_type and i.expiry is not distinct from d.expiry
    and not exists (select from dump o where o.token = i.token)
    and exists (select from broker_tokens bt where bt.broker = $1 and bt.token = i.token)`;

/** Hashed look-ups only: joined by `or`, a dump of 100,000 rows would be compared with every token there is. */
export const END_REUSED = `
  update broker_tokens bt
  set valid = tstzrange(lower(bt.valid), greatest($2::timestamptz, lower(bt.valid)))
  where bt.broker = $1 and upper_inf(bt.valid)
    and (bt.broker_token in (select broker_token from dump where reused)
         or bt.token in (select token from dump where token is not null)
            and (bt.broker_token, bt.token) not in (select broker_token, token from dump where token is not null))`;

/** The broker's token where it is free, else a number above 32 bits that keeps its segment byte. */
export const ASSIGN_TOKENS = `
  update dump d
  set is_new = true,
      token = case when exists (select from instruments i where i.token = d.broker_token)
                   then (nextval('instrument_token_number') << 8) | (d.broker_token & 255)
                   else d.broker_token end
  where d.token is null`;

/** Also those whose symbol changes: two that swap symbols must not meet. */
export const DEACTIVATE = `
  update instruments i
  set active = false
  from (
    select i.token
    from instruments i
    left join dump d on d.token = i.token
    left join dump taker on taker.exchange = i.exchange and taker.symbol = i.symbol
    left join (select distinct token from broker_tokens where broker = $1) b on b.token = i.token
    where i.active
      and (i.expiry < $2::date
           or b.token is not null and (d.token is null or (d.exchange, d.symbol) <> (i.exchange, i.symbol))
           or taker.token <> i.token)
  ) gone
  where gone.token = i.token`;

export const UPSERT = `
  insert into instruments as i (token, symbol, exchange, segment, name, instrument_type, expiry, strike, option_type,
                                lot_size, tick_size, underlying, active, first_seen, last_seen)
  select token, symbol, exchange, segment, name, instrument_type, expiry, strike,
         case when instrument_type in ('CE', 'PE') then instrument_type end,
         lot_size, tick_size, case when instrument_type in ('FUT', 'CE', 'PE') then name end,
         coalesce(expiry >= $2::date, true), $1::timestamptz, $1::timestamptz
  from dump
  on conflict (token) do update set
    symbol = excluded.symbol, exchange = excluded.exchange, segment = excluded.segment, name = excluded.name,
    instrument_type = excluded.instrument_type, expiry = excluded.expiry, strike = excluded.strike,
    option_type = excluded.option_type, lot_size = excluded.lot_size, tick_size = excluded.tick_size,
    underlying = excluded.underlying, active = excluded.active, last_seen = excluded.last_seen`;

export const ADD_BROKER_TOKENS = `
  insert into broker_tokens (broker, broker_token, token, valid)
  select $1, d.broker_token, d.token,
         -- what a token means for the first time it has always meant, as far as we know
         tstzrange(case when exists (select from broker_tokens o where o.broker = $1 and o.broker_token = d.broker_token)
                        then $2::timestamptz end, null)
  from dump d
  where not exists (select from broker_tokens bt
                    where bt.broker = $1 and bt.broker_token = d.broker_token and bt.token = d.token
                      and upper_inf(bt.valid))
  on conflict do nothing`;

export const RESOLVE_UNDERLYINGS = `
  update instruments i
  set underlying_token = u.token
  from (
    select distinct on (d.token) d.token as contract, c.token
    from instruments d
    left join unnest($1::text[], $2::text[]) as n(underlying, index_symbol) on n.underlying = d.underlying
    join instruments c
      on c.symbol = coalesce(n.index_symbol, d.underlying)
     and c.instrument_type = case when n.index_symbol is null then 'EQ' else 'INDEX' end
     and c.exchange in ('NSE', 'BSE')
    where d.underlying is not null and d.active
    order by d.token, c.active desc, (c.exchange = 'NSE') desc
  ) u
  where i.token = u.contract and i.underlying_token is distinct from u.token`;

/**
 * Which hours an instrument keeps: indices; contracts until they expire (index contracts have their own last day); cash by
 * whether it has a future now.
 */
export const WANTED_GROUPS = `
  create temporary table wanted_groups on commit drop as
  with with_future as (
    select distinct underlying_token as token from instruments where active and instrument_type = 'FUT'
  )
  select i.token, i.instrument_type = 'EQ' as cash, g.session_group, g.days
  from instruments i
  left join instruments u on u.token = i.underlying_token
  left join with_future f on f.token = i.token
  cross join lateral (
    select 'index' as session_group, daterange(null, null) as days where i.instrument_type = 'INDEX'
    union all
    select case when f.token is not null then 'cash_with_derivatives' else 'cash' end, daterange(null, null)
    where i.instrument_type = 'EQ'
    union all
    select 'derivatives', daterange(null, i.expiry, case when u.instrument_type = 'INDEX' then '()' else '(]' end)
    where i.expiry is not null
    union all
    select 'derivatives_expiring_index', daterange(i.expiry, i.expiry, '[]')
    where i.expiry is not null and u.instrument_type = 'INDEX'
  ) g
  where i.active and i.exchange in (select exchange from exchanges_with_hours)`;

export const REMOVE_OTHER_GROUPS = `
  delete from instrument_groups g
  where g.token in (select token from wanted_groups where not cash)
    and not exists (select from wanted_groups w
                    where w.token = g.token and w.session_group = g.session_group and w.days = g.days)`;

export const ADD_CONTRACT_GROUPS = `
  insert into instrument_groups (token, session_group, days)
  select token, session_group, days from wanted_groups where not cash
  on conflict do nothing`;

/** A stock that gets its first future (or loses its last) changes from today on; its past stays as it was. */
export const END_CASH_GROUPS = `
  update instrument_groups g
  set days = case when lower(g.days) >= $1::date then g.days else daterange(lower(g.days), $1::date) end,
      session_group = case when lower(g.days) >= $1::date then w.session_group else g.session_group end
  from wanted_groups w
  where w.cash and g.token = w.token and g.days @> $1::date and g.session_group <> w.session_group`;

export const ADD_CASH_GROUPS = `
  insert into instrument_groups (token, session_group, days)
  select w.token, w.session_group,
         daterange(case when exists (select from instrument_groups g where g.token = w.token) then $1::date end, null)
  from wanted_groups w
  where w.cash and not exists (select from instrument_groups g where g.token = w.token and g.days @> $1::date)`;

export const COUNT_DEACTIVATED = `
  select count(*) as n from was_active w join instruments i using (token) where not i.active`;
