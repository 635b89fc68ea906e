-- Plain PostgreSQL: one partition an IST day.
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
