-- Plain PostgreSQL: one partition an IST day, made ahead by a job; an odd time goes to the default partition.
-- Ticks and depth as received. No unique index: bulk loads into a compressed hypertable tolerate none,
-- and the writer never stores a batch twice.

create table tick_data (
  time timestamptz not null,          -- last-trade time of a new trade, else exchange time, else receipt less skew
  seq bigint not null,                -- strictly growing per instrument in the order of receipt
  instrument_token bigint not null,
  last_trade_time timestamptz,
  exchange_time timestamptz,
  ltp double precision not null,
  high double precision not null,     -- ltp, or the day's new extreme that conflation hid (rule 10)
  low double precision not null,
  last_qty bigint,
  volume bigint,                      -- cumulative, as received
  volume_delta bigint,
  volume_unplaced bigint,
  open_interest bigint,
  average_price double precision,
  day_open double precision,
  day_high double precision,
  day_low double precision,
  previous_close double precision,
  bid_price double precision,
  ask_price double precision,
  bid_qty bigint,
  ask_qty bigint,
  total_bid_qty bigint,
  total_ask_qty bigint,
  is_trade boolean not null,
  in_session boolean not null,
  time_source "char" not null,        -- t | e | r
  broker text not null,
  received_at timestamptz not null
) partition by range (time);
create index tick_data_instrument on tick_data (instrument_token, time desc);

-- Books that differ from the instrument's previous one: the packet's own 120 bytes, unpacked by market_depth.
create table depth_books (
  time timestamptz not null,
  seq bigint not null,
  instrument_token bigint not null,
  book bytea not null
) partition by range (time);
create index depth_books_instrument on depth_books (instrument_token, time desc);

create table tick_data_default partition of tick_data default;
create table depth_books_default partition of depth_books default;

-- Makes the partition of one IST day of tick_data or depth_books, taking over what the default partition holds of it.
-- Returns false when it was there already.
create function ensure_day_partition(p_table text, p_day date) returns boolean
language plpgsql security definer set search_path = public, pg_temp as $$
declare
  v_name text := format('%s_%s', p_table, to_char(p_day, 'YYYYMMDD'));
  v_from timestamptz := p_day::timestamp at time zone 'Asia/Kolkata';
  v_to timestamptz := (p_day + 1)::timestamp at time zone 'Asia/Kolkata';
begin
  if p_table not in ('tick_data', 'depth_books') then
    raise exception 'no daily partitions on %', p_table;
  end if;
  if to_regclass(v_name) is not null then
    return false;
  end if;
  execute format('lock table %I in share update exclusive mode', p_table);
  if to_regclass(v_name) is not null then
    return false;
  end if;
  execute format('create table %I (like %I including defaults including constraints)', v_name, p_table);
  execute format('lock table %I in access exclusive mode', p_table || '_default');
  execute format('with moved as (delete from %I where time >= %L and time < %L returning *) insert into %I select * from moved',
                 p_table || '_default', v_from, v_to, v_name);
  execute format('alter table %I attach partition %I for values from (%L) to (%L)', p_table, v_name, v_from, v_to);
  return true;
end $$;

-- The partitions of whole IST days, oldest first; `upper_bound` is the first instant after the day.
create function day_partitions(p_table text) returns table (partition regclass, day date, upper_bound timestamptz)
language sql stable as $$
  select c.oid::regclass, d.day, (d.day + 1)::timestamp at time zone 'Asia/Kolkata'
  from pg_inherits i
  join pg_class c on c.oid = i.inhrelid
  cross join lateral (select to_date(right(c.relname, 8), 'YYYYMMDD') as day) d
  where i.inhparent = p_table::regclass and c.relname ~ '_[0-9]{8}$'
  order by d.day
$$;

-- Drops the partitions that end at or before p_before, and what the default partition holds from then. Returns how many
-- partitions and rows went.
create function drop_day_partitions(p_table text, p_before timestamptz) returns bigint
language plpgsql as $$
declare
  v_partition record;
  v_dropped bigint := 0;
  v_rows bigint;
begin
  for v_partition in select partition from day_partitions(p_table) where upper_bound <= p_before loop
    execute format('drop table %s', v_partition.partition);
    v_dropped := v_dropped + 1;
  end loop;
  execute format('delete from %I where time < %L', p_table || '_default', p_before);
  get diagnostics v_rows = row_count;
  return v_dropped + v_rows;
end $$;
