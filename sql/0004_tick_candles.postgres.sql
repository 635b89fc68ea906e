-- Plain PostgreSQL: what TimescaleDB's continuous aggregates do, by hand. A rollup table a level holds what lies below
-- the level's watermark, the view adds what lies above it from the level beneath. A job of ours moves the watermark.
-- Names, columns and results are those of the continuous aggregates (see there for what the rows mean).

create table tick_rollup_1m (
  bucket timestamptz not null,
  instrument_token bigint not null,
  open double precision,
  high double precision,
  low double precision,
  close double precision,
  volume bigint,
  volume_unplaced bigint,
  open_interest bigint,
  trades bigint not null,
  turnover double precision,
  primary key (instrument_token, bucket)
);
create table tick_rollup_5m (like tick_rollup_1m including all);
create table tick_rollup_15m (like tick_rollup_1m including all);
create table tick_rollup_1h (like tick_rollup_1m including all);
create table tick_rollup_1d (like tick_rollup_1m including all);
create index tick_rollup_1m_bucket on tick_rollup_1m (bucket);
create index tick_rollup_5m_bucket on tick_rollup_5m (bucket);
create index tick_rollup_15m_bucket on tick_rollup_15m (bucket);
create index tick_rollup_1h_bucket on tick_rollup_1h (bucket);
create index tick_rollup_1d_bucket on tick_rollup_1d (bucket);

create table watermarks (
  view text primary key,
  watermark timestamptz not null default '-infinity'
);
insert into watermarks (view) values
  ('tick_candles_1m'), ('tick_candles_5m'), ('tick_candles_15m'), ('tick_candles_1h'), ('tick_candles_1d');
create view aggregate_watermarks as select view, watermark from watermarks;

create function ticks_by_minute(p_from timestamptz, p_to timestamptz) returns setof tick_rollup_1m
language sql stable parallel safe as $$
  select date_bin('1 minute', time, '2000-01-01 00:45:00+00'), instrument_token,
         (array_agg(ltp order by time, seq) filter (where is_trade))[1],
         max(high) filter (where is_trade),
         min(low) filter (where is_trade),
         (array_agg(ltp order by time desc, seq desc) filter (where is_trade))[1],
         case when count(volume) > 0 then coalesce(sum(volume_delta), 0)::bigint end,
         case when count(volume) > 0 then coalesce(sum(volume_unplaced), 0)::bigint end,
         (array_agg(open_interest order by time desc, seq desc) filter (where open_interest is not null))[1],
         count(*) filter (where is_trade),
         sum(ltp * volume_delta)
  from tick_data
  where in_session and time >= p_from and time < p_to
  group by 1, 2
$$;

create view tick_candles_1m as
select * from tick_rollup_1m
where bucket < (select watermark from watermarks where view = 'tick_candles_1m')
union all
select c.* from watermarks w cross join lateral ticks_by_minute(w.watermark, 'infinity') c
where w.view = 'tick_candles_1m';

create function minutes_by_five(p_from timestamptz, p_to timestamptz) returns setof tick_rollup_1m
language sql stable parallel safe as $$
  select date_bin('5 minutes', bucket, '2000-01-01 00:45:00+00'), instrument_token,
         (array_agg(open order by bucket) filter (where trades > 0))[1],
         max(high),
         min(low),
         (array_agg(close order by bucket desc) filter (where trades > 0))[1],
         sum(volume)::bigint,
         sum(volume_unplaced)::bigint,
         (array_agg(open_interest order by bucket desc) filter (where open_interest is not null))[1],
         sum(trades)::bigint,
         sum(turnover)
  from tick_candles_1m
  where bucket >= p_from and bucket < p_to
  group by 1, 2
$$;

create view tick_candles_5m as
select * from tick_rollup_5m
where bucket < (select watermark from watermarks where view = 'tick_candles_5m')
union all
select c.* from watermarks w cross join lateral minutes_by_five(w.watermark, 'infinity') c
where w.view = 'tick_candles_5m';

create function fives_by_quarter(p_from timestamptz, p_to timestamptz) returns setof tick_rollup_1m
language sql stable parallel safe as $$
  select date_bin('15 minutes', bucket, '2000-01-01 00:45:00+00'), instrument_token,
         (array_agg(open order by bucket) filter (where trades > 0))[1],
         max(high),
         min(low),
         (array_agg(close order by bucket desc) filter (where trades > 0))[1],
         sum(volume)::bigint,
         sum(volume_unplaced)::bigint,
         (array_agg(open_interest order by bucket desc) filter (where open_interest is not null))[1],
         sum(trades)::bigint,
         sum(turnover)
  from tick_candles_5m
  where bucket >= p_from and bucket < p_to
  group by 1, 2
$$;

create view tick_candles_15m as
select * from tick_rollup_15m
where bucket < (select watermark from watermarks where view = 'tick_candles_15m')
union all
select c.* from watermarks w cross join lateral fives_by_quarter(w.watermark, 'infinity') c
where w.view = 'tick_candles_15m';

create function quarters_by_hour(p_from timestamptz, p_to timestamptz) returns setof tick_rollup_1m
language sql stable parallel safe as $$
  select date_bin('1 hour', bucket, '2000-01-01 00:45:00+00'), instrument_token,
         (array_agg(open order by bucket) filter (where trades > 0))[1],
         max(high),
         min(low),
         (array_agg(close order by bucket desc) filter (where trades > 0))[1],
         sum(volume)::bigint,
         sum(volume_unplaced)::bigint,
         (array_agg(open_interest order by bucket desc) filter (where open_interest is not null))[1],
         sum(trades)::bigint,
         sum(turnover)
  from tick_candles_15m
  where bucket >= p_from and bucket < p_to
  group by 1, 2
$$;

create view tick_candles_1h as
select * from tick_rollup_1h
where bucket < (select watermark from watermarks where view = 'tick_candles_1h')
union all
select c.* from watermarks w cross join lateral quarters_by_hour(w.watermark, 'infinity') c
where w.view = 'tick_candles_1h';

create function ticks_by_day(p_from timestamptz, p_to timestamptz) returns setof tick_rollup_1m
language sql stable parallel safe as $$
  select date_bin('1 day', time, '1999-12-31 18:30:00+00'), instrument_token,
         coalesce((array_agg(day_open order by seq desc) filter (where day_open is not null))[1],
                  (array_agg(ltp order by time, seq))[1]),
         greatest(max(day_high), max(high) filter (where is_trade)),
         least(min(day_low), min(low) filter (where is_trade)),
         (array_agg(ltp order by seq desc))[1],
         max(volume),
         case when count(volume) > 0 then coalesce(sum(volume_unplaced), 0)::bigint end,
         (array_agg(open_interest order by seq desc) filter (where open_interest is not null))[1],
         count(*) filter (where is_trade),
         (array_agg(average_price * volume order by seq desc)
            filter (where average_price is not null and volume is not null))[1]
  from tick_data
  where time >= p_from and time < p_to
    and (coalesce(last_trade_time, case when in_session then exchange_time end) at time zone 'Asia/Kolkata')::date
        = (time at time zone 'Asia/Kolkata')::date
  group by 1, 2
$$;

create view tick_candles_1d as
select * from tick_rollup_1d
where bucket < (select watermark from watermarks where view = 'tick_candles_1d')
union all
select c.* from watermarks w cross join lateral ticks_by_day(w.watermark, 'infinity') c
where w.view = 'tick_candles_1d';

-- Computes the buckets [p_from, p_to) of one level again. Both must lie on the level's buckets.
create function refresh_rollup(p_view text, p_from timestamptz, p_to timestamptz) returns void
language plpgsql as $$
begin
  case p_view
    when 'tick_candles_1m' then
      delete from tick_rollup_1m where bucket >= p_from and bucket < p_to;
      insert into tick_rollup_1m select * from ticks_by_minute(p_from, p_to);
    when 'tick_candles_5m' then
      delete from tick_rollup_5m where bucket >= p_from and bucket < p_to;
      insert into tick_rollup_5m select * from minutes_by_five(p_from, p_to);
    when 'tick_candles_15m' then
      delete from tick_rollup_15m where bucket >= p_from and bucket < p_to;
      insert into tick_rollup_15m select * from fives_by_quarter(p_from, p_to);
    when 'tick_candles_1h' then
      delete from tick_rollup_1h where bucket >= p_from and bucket < p_to;
      insert into tick_rollup_1h select * from quarters_by_hour(p_from, p_to);
    when 'tick_candles_1d' then
      delete from tick_rollup_1d where bucket >= p_from and bucket < p_to;
      insert into tick_rollup_1d select * from ticks_by_day(p_from, p_to);
    else raise exception 'no rollup %', p_view;
  end case;
end $$;

create function drop_rollup(p_view text, p_before timestamptz) returns void
language plpgsql as $$
begin
  case p_view
    when 'tick_candles_1m' then delete from tick_rollup_1m where bucket < p_before;
    when 'tick_candles_5m' then delete from tick_rollup_5m where bucket < p_before;
    when 'tick_candles_15m' then delete from tick_rollup_15m where bucket < p_before;
    when 'tick_candles_1h' then delete from tick_rollup_1h where bucket < p_before;
    when 'tick_candles_1d' then delete from tick_rollup_1d where bucket < p_before;
    else raise exception 'no rollup %', p_view;
  end case;
end $$;
