-- End-of-day truth: each day's minutes held against the broker's, what differed replaced and kept, corporate actions.

-- A row is what was recorded before the comparison touched it; asked for again, it goes on saying so.
alter table data_quality_metrics
  add column session_seconds double precision,          -- continuous session of the day
  add column gap_seconds double precision,              -- of those, in gaps
  add column minutes_compared integer not null default 0,   -- made of ticks, outside gaps, and the broker has them too
  add column minutes_differing integer not null default 0,  -- of those, in a price or by too much volume
  add column minutes_missing integer not null default 0,    -- the broker has trades where we claimed to have heard none
  add column minutes_extra integer not null default 0,      -- we have trades where the broker has none; kept
  add column minutes_replaced integer not null default 0,   -- rows of candle_corrections: differing and missing
  add column minutes_healed integer not null default 0,     -- of gaps, that the comparison brought
  add column day_candle boolean not null default false,     -- the official day candle is stored
  add column compared_at timestamptz;
comment on column data_quality_metrics.completeness is 'share of the session heard or healed before the comparison, less its missing minutes; 0 to 1';
comment on column data_quality_metrics.accuracy is 'share of the minutes made of ticks that agree with the broker''s; null when there were none';
create index data_quality_metrics_date on data_quality_metrics (trading_date);

-- What was replaced, as it was; null where nothing was.
create table candle_corrections (
  instrument_token bigint not null,
  interval text not null,
  bucket timestamptz not null,
  found_at timestamptz not null,
  open double precision,
  high double precision,
  low double precision,
  close double precision,
  volume bigint,
  open_interest bigint,
  trades bigint,
  vwap double precision,
  source text check (source in ('ticks', 'broker', 'mixed')),
  broker_open double precision not null,
  broker_high double precision not null,
  broker_low double precision not null,
  broker_close double precision not null,
  broker_volume bigint,
  fields text[] not null,                               -- what differed: open, high, low, close, volume; or missing
  primary key (instrument_token, interval, bucket, found_at)
);
create index candle_corrections_bucket on candle_corrections (bucket);

-- Each trading day's comparison. A day that is DONE is not compared again unless somebody asks.
create table quality_days (
  trading_date date primary key,
  status text not null default 'WAITING' check (status in ('WAITING', 'RUNNING', 'DONE')),
  asked_at timestamptz,                                 -- by hand: what was compared before this is compared again
  started_at timestamptz,
  finished_at timestamptz,
  instruments integer not null default 0,
  compared integer not null default 0,
  message text                                          -- what it waits for
);

-- Asked and not given: an instrument's day that the broker could not answer for.
create table quality_attempts (
  trading_date date not null,
  instrument_token bigint not null,
  attempts integer not null,
  next_attempt_at timestamptz not null,
  message text not null,
  primary key (trading_date, instrument_token)
);

-- Splits, bonuses and large dividends, found because the broker's history changed its scale. Every stored candle is as
-- traded; the broker's rows are brought back to that scale when they come, and candles are scaled when read.
create table corporate_actions (
  instrument_token bigint not null,
  ex_date date not null,
  price_factor double precision not null check (price_factor > 0),    -- prices before ex_date times this
  volume_factor double precision not null check (volume_factor > 0),
  found_at timestamptz not null,
  primary key (instrument_token, ex_date)
);

-- By what prices and volumes of a day are scaled to today's.
create function price_factor(p_token bigint, p_day date) returns double precision
language sql stable parallel safe as $$
  select coalesce(exp(sum(ln(a.price_factor))), 1) from corporate_actions a
  where a.instrument_token = p_token and a.ex_date > p_day
$$;
create function volume_factor(p_token bigint, p_day date) returns double precision
language sql stable parallel safe as $$
  select coalesce(exp(sum(ln(a.volume_factor))), 1) from corporate_actions a
  where a.instrument_token = p_token and a.ex_date > p_day
$$;

-- get_candles on today's scale.
create function get_adjusted_candles(p_token bigint, p_from timestamptz, p_to timestamptz, p_interval text default '1m')
returns table (bucket timestamptz, instrument_token bigint, open double precision, high double precision,
               low double precision, close double precision, volume bigint, open_interest bigint, trades bigint,
               vwap double precision, source text, complete boolean)
language sql stable as $$
  select c.bucket, c.instrument_token, c.open * f.price, c.high * f.price, c.low * f.price, c.close * f.price,
         round(c.volume * f.volume)::bigint, c.open_interest, c.trades, c.vwap * f.price, c.source, c.complete
  from get_candles(p_token, p_from, p_to, p_interval) c
  cross join lateral (select price_factor(p_token, ist_date(c.bucket)) as price,
                             volume_factor(p_token, ist_date(c.bucket)) as volume) f
$$;

-- Instruments that a feed carried during a day's continuous session, and when the last session of any kind was over.
create function carried_on(p_day date) returns table (token bigint, closed_at timestamptz)
language sql stable as $$
  select a.token, max(s.closes_at)
  from (select distinct n.token from feed_assignments n
        join instrument_groups g on g.token = n.token and g.days @> p_day
        join market_sessions c on c.exchange = g.exchange and c.session_group = g.session_group and c.day = p_day
         and c.kind = 'continuous'
        where n.assigned_at < c.closes_at and n.released_at > c.opens_at) a
  join instrument_groups g on g.token = a.token and g.days @> p_day
  join market_sessions s on s.exchange = g.exchange and s.session_group = g.session_group and s.day = p_day
  group by a.token
$$;

-- The broker's rows of before an ex-date that were fetched on or after it may be on either scale: they go, with their
-- coverage, and are fetched again. Returns what is to be fetched.
create function forget_broker_candles(p_token bigint, p_before timestamptz, p_fetched_since timestamptz)
returns table (width text, gone_from timestamptz, gone_to timestamptz)
language sql as $$
  with gone as (
    delete from broker_candles b
    where b.instrument_token = p_token and b.bucket < p_before and b.fetched_at >= p_fetched_since
    returning b.interval, b.bucket
  ),
  spans as (
    select g.interval, range_agg(tstzrange(g.bucket, g.bucket + candle_width(g.interval))) as spans
    from gone g group by g.interval
  ),
  covered as (
    delete from broker_coverage c using spans s
    where c.token = p_token and c.interval = s.interval and c.span && s.spans
    returning c.interval, c.span
  ),
  rest as (
    select c.interval, range_agg(c.span) - (select s.spans from spans s where s.interval = c.interval) as spans
    from covered c group by c.interval
  ),
  kept as (
    insert into broker_coverage (token, interval, span)
    select p_token, r.interval, piece from rest r cross join lateral unnest(r.spans) piece
  ),
  wide as (
    select distinct w.interval, candle_bucket(w.interval, g.bucket) as bucket
    from gone g cross join (values ('5m'), ('15m'), ('1h')) w(interval)
    where g.interval = '1m'
  ),
  unmerged as (
    delete from merged_candles m using wide
    where m.instrument_token = p_token and m.interval = wide.interval and m.bucket = wide.bucket
  ),
  marked as (
    insert into pending_merges select p_token, wide.interval, wide.bucket from wide
    on conflict do nothing
  )
  select s.interval, lower(piece), upper(piece) from spans s cross join lateral unnest(s.spans) piece
$$;

do $$
begin
  for v_attempt in 1 .. 10 loop
    begin
      grant insert, update, delete on candle_corrections, quality_days, quality_attempts, corporate_actions
        to tickscope_writer;
      exit;
    exception
      when internal_error then perform pg_sleep(0.05);  -- "tuple concurrently updated"
    end;
  end loop;
exception
  when insufficient_privilege or undefined_object then
    raise warning 'the role tickscope_writer was not given the new tables: only the owner can use this database';
end $$;
