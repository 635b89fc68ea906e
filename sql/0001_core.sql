-- What both databases share: instruments, sessions, the feed's coverage and the broker's candles.
-- Prices are rupees, instants timestamptz (UTC inside), tokens our stable instrument ids.

create table data_origin (
  origin text not null,                       -- live | simulator:<seed> | replay
  recorded_at timestamptz not null default now(),
  only_one boolean primary key default true check (only_one)
);

-- Settings that the views and functions need; written by serve from its configuration.
create table settings (
  name text primary key,
  value double precision not null
);
insert into settings values
  ('day_settle_minutes', 120),                -- from the post-close session's end to the broker's day candle
  ('vix_low', 15), ('vix_high', 25), ('vix_extreme', 35);  -- below low = LOW, from high on = HIGH, ...

-- Candles of `relation` (candles_1m ...) older than this were dropped by retention: what was heard then is no
-- longer there, so it counts as a hole again. Ticks: raw rows before this must not be refreshed from.
create table retention_state (
  relation text primary key,
  dropped_before timestamptz not null
);

-- ---------------------------------------------------------------- instruments and sessions

create table instruments (
  token bigint primary key,
  symbol text not null,
  exchange text not null,
  segment text not null,
  name text,
  instrument_type text not null check (instrument_type in ('EQ', 'INDEX', 'FUT', 'CE', 'PE')),
  expiry date,
  strike double precision,
  option_type text check (option_type in ('CE', 'PE')),
  lot_size bigint not null default 1,
  tick_size double precision not null default 0.05,
  underlying text,
  underlying_token bigint,
  active boolean not null default true,
  first_seen timestamptz not null default now(),
  last_seen timestamptz not null default now()
);
create unique index instruments_active_symbol on instruments (exchange, symbol) where active;
create index instruments_chain on instruments (underlying, expiry, strike) where active;
create index instruments_underlying_token on instruments (underlying_token);

-- For instruments whose broker token was taken: ids above 32 bits, the segment byte kept in the low 8 (prices need it).
create sequence instrument_token_number start 16777216;

-- Exchanges reuse derivative tokens after an expiry, so a broker's token means an instrument for a time only.
create table broker_tokens (
  broker text not null,
  broker_token bigint not null,
  token bigint not null references instruments,
  valid tstzrange not null,
  primary key (broker, broker_token, valid)
);
create index broker_tokens_token on broker_tokens (token);

-- Which hours an instrument keeps on which days: a stock changes group on the day it gets a future.
-- `exchange` is the calendar's: NSE's hours hold for NFO and BSE too. Rows of one token do not overlap.
create table instrument_groups (
  token bigint not null references instruments,
  session_group text not null,
  days daterange not null,
  exchange text not null default 'NSE',
  primary key (token, days)
);

create table market_sessions (
  exchange text not null,
  segment text not null default '',
  session_group text not null,
  day date not null,
  kind text not null check (kind in ('preopen', 'continuous', 'closing_auction', 'post_close')),
  opens_at timestamptz not null,
  closes_at timestamptz not null check (closes_at > opens_at),
  known boolean not null default true,        -- false past the calendar: judged by the last era's usual week
  primary key (exchange, session_group, day, kind, opens_at)
);
create index market_sessions_time on market_sessions (exchange, session_group, opens_at);

create table market_holidays (
  exchange text not null,
  day date not null,
  name text,
  primary key (exchange, day)
);

create table subscriptions (
  token bigint primary key references instruments,
  mode text not null default 'full' check (mode in ('ltp', 'quote', 'full')),
  added_at timestamptz not null default now()
);
create table watchlists (
  name text not null,
  token bigint not null references instruments,
  position integer not null default 0,
  primary key (name, token)
);

-- ---------------------------------------------------------------- coverage: what we heard, and what we know without hearing

-- Which connection slot carried an instrument when. `span` stays open while it is assigned.
create table feed_assignments (
  feed text not null,
  token bigint not null,
  assigned_at timestamptz not null,
  released_at timestamptz not null default 'infinity' check (released_at >= assigned_at),
  primary key (token, feed, assigned_at)
);

-- One row a connection, in exchange time: everything in [covered_from, covered_to) was heard and is committed.
-- Rows of one feed never overlap. `cause` says why it ended, null while it is open.
create table live_coverage (
  id bigint generated always as identity primary key,
  feed text not null,
  covered_from timestamptz not null,
  covered_to timestamptz not null,
  ended_at timestamptz,
  cause text check (cause in ('disconnect', 'stall', 'halt', 'restart', 'overload')),
  check (covered_to >= covered_from)
) with (fillfactor = 50);                     -- the open row moves with every flush: let it stay on its page
create index live_coverage_feed on live_coverage (feed, covered_from desc);

-- Spans that a connection's row claims but must not: stragglers after a subscribe, dropped batches, late ticks,
-- packets without a time. One instrument, or (token null) every instrument of a feed.
create table coverage_exceptions (
  id bigint generated always as identity primary key,
  feed text,
  token bigint,
  from_time timestamptz not null,
  to_time timestamptz not null check (to_time > from_time),
  reason text not null check (reason in ('disconnect', 'stall', 'halt', 'restart', 'overload', 'not_subscribed', 'untimed', 'late')),
  check (feed is not null or token is not null)
);
create index coverage_exceptions_token on coverage_exceptions
  using gist (int8range(token, token, '[]'), tstzrange(from_time, to_time)) where token is not null;
create index coverage_exceptions_feed on coverage_exceptions
  using gist (tstzrange(from_time, to_time)) where token is null;

-- Rule 14: between two packets with equal cumulative volume and last-trade time nothing traded.
-- Rows of one token do not overlap.
create table proven_empty (
  token bigint not null,
  from_time timestamptz not null,
  to_time timestamptz not null check (to_time > from_time),
  primary key (token, from_time)
);

-- Rule 16: buckets below an aggregate's watermark that were written to since its last refresh. token null = all.
-- Cleared once 1m to 1h are refreshed; the day level, which no reading view needs, follows from stale_days.
create table stale_ranges (
  id bigint generated always as identity primary key,
  token bigint,
  from_time timestamptz not null,
  to_time timestamptz not null check (to_time > from_time)
);
create index stale_ranges_token on stale_ranges (token, from_time);
create table stale_days (
  id bigint generated always as identity primary key,
  from_time timestamptz not null,
  to_time timestamptz not null check (to_time > from_time)
);

-- Spans for which the broker answered with candles of this width, or with nothing because nothing traded.
-- Rows of one (token, interval) neither overlap nor touch.
create table broker_coverage (
  token bigint not null,
  interval text not null check (interval in ('1m', '5m', '15m', '1h', '1d')),
  span tstzrange not null,
  primary key (token, interval, span)
);

-- Asked and not given: when to ask again, and what a gap says meanwhile.
create table heal_failures (
  token bigint not null,
  interval text not null,
  from_time timestamptz not null,
  to_time timestamptz not null,
  failures integer not null default 1,
  message text not null,
  retry_at timestamptz not null,
  primary key (token, interval, from_time)
);

-- ---------------------------------------------------------------- candles that ticks did not make

create table broker_candles (
  instrument_token bigint not null,
  interval text not null check (interval in ('1m', '5m', '15m', '1h', '1d')),
  bucket timestamptz not null,
  open double precision not null,
  high double precision not null,
  low double precision not null,
  close double precision not null,
  volume bigint,
  open_interest bigint,
  fetched_at timestamptz not null default now(),
  primary key (instrument_token, interval, bucket)
);

-- Wide candles rebuilt from merged minutes, stored once every session minute of the bucket is complete.
create table merged_candles (
  instrument_token bigint not null,
  interval text not null check (interval in ('5m', '15m', '1h')),
  bucket timestamptz not null,
  open double precision not null,
  high double precision not null,
  low double precision not null,
  close double precision not null,
  volume bigint,
  open_interest bigint,
  trades bigint,
  vwap double precision,
  source text not null check (source in ('broker', 'mixed')),
  primary key (instrument_token, interval, bucket)
);

-- Wide buckets that hold a broker minute and are not in merged_candles (yet): computed when read.
create table pending_merges (
  instrument_token bigint not null,
  interval text not null check (interval in ('5m', '15m', '1h')),
  bucket timestamptz not null,
  primary key (instrument_token, interval, bucket)
);

-- ---------------------------------------------------------------- the day so far, and the latest of everything

create table day_state (
  instrument_token bigint not null,
  trading_date date not null,
  open double precision,
  high double precision,
  low double precision,
  last double precision,
  previous_close double precision,
  average_price double precision,
  volume bigint,
  open_interest bigint,
  trades bigint not null default 0,
  last_trade_time timestamptz,
  updated_at timestamptz not null,
  primary key (instrument_token, trading_date)
) with (fillfactor = 70);
create index day_state_date on day_state (trading_date);

-- What the writer's state tables hold: every tick with seq <= last_state_seq is folded into them.
create table writer_state (
  only_one boolean primary key default true check (only_one),
  last_state_seq bigint not null,
  -- Every tick not folded yet has a time at or after this, so that folding need not search all of tick_data.
  fold_from timestamptz not null default '-infinity',
  -- Grows with every flush: tells whether a commit whose answer was lost took place.
  last_batch_id bigint not null default 0,
  updated_at timestamptz not null default now()
);

create table tick_rejects (
  received_at timestamptz not null,
  reason text not null,
  packet bytea not null
);
create index tick_rejects_time on tick_rejects (received_at);

-- ---------------------------------------------------------------- repair, quality, volatility

create table data_gaps (
  id bigint generated always as identity primary key,
  feed text,
  instrument_token bigint,
  gap_start timestamptz not null,
  gap_end timestamptz,
  duration interval generated always as (gap_end - gap_start) stored,
  instruments integer not null default 1,
  cause text not null,
  status text not null default 'PENDING'
    check (status in ('PENDING', 'IN_PROGRESS', 'RECOVERED', 'FAILED', 'UNRECOVERABLE')),
  attempts integer not null default 0,
  last_attempt_at timestamptz,
  recovered_at timestamptz,
  source text check (source in ('HISTORICAL_API', 'BACKUP_SOURCE', 'MANUAL'))
);
create index data_gaps_open on data_gaps (gap_start) where status in ('PENDING', 'IN_PROGRESS');

create table interpolated_data (
  instrument_token bigint not null,
  time timestamptz not null,
  price double precision,
  volume bigint,
  method text not null,
  confidence double precision not null check (confidence between 0 and 1),
  gap_id bigint references data_gaps,
  primary key (instrument_token, time)
);

create table data_quality_metrics (
  instrument_token bigint not null,
  trading_date date not null,
  completeness double precision,
  accuracy double precision,
  source text,
  anomaly_flags jsonb not null default '[]',
  quality text,
  primary key (instrument_token, trading_date)
);

create table vix_data (
  time timestamptz primary key,
  value double precision not null,
  change double precision,
  open double precision,
  high double precision,
  low double precision,
  close double precision,
  trend text check (trend in ('UP', 'DOWN', 'STABLE')),
  regime text check (regime in ('LOW', 'NORMAL', 'HIGH', 'EXTREME'))
);
