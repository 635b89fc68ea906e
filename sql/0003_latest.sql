-- The latest of everything: one row an instrument, with every column of tick_data.
create table quotes_latest (
  like tick_data,
  primary key (instrument_token)
) with (fillfactor = 50);

create table depth_latest (
  instrument_token bigint primary key,
  time timestamptz not null,
  seq bigint not null,
  book bytea not null
) with (fillfactor = 50);
