-- TimescaleDB: a hypertable.
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
);
create index tick_data_instrument on tick_data (instrument_token, time desc);

-- Books that differ from the instrument's previous one: the packet's own 120 bytes, unpacked by market_depth.
create table depth_books (
  time timestamptz not null,
  seq bigint not null,
  instrument_token bigint not null,
  book bytea not null
);
create index depth_books_instrument on depth_books (instrument_token, time desc);

select create_hypertable('tick_data', by_range('time', interval '1 day'), create_default_indexes => false);
select create_hypertable('depth_books', by_range('time', interval '1 day'), create_default_indexes => false);

alter table tick_data set (timescaledb.compress, timescaledb.compress_segmentby = 'instrument_token',
                           timescaledb.compress_orderby = 'time desc, seq desc');
alter table depth_books set (timescaledb.compress, timescaledb.compress_segmentby = 'instrument_token',
                             timescaledb.compress_orderby = 'time desc, seq desc');
