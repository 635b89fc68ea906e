-- What may have been in holes too short for any broker to fill: a guess by a stated method, with how far to trust it. It
-- lies here and nowhere else: no candle, no tick and no coverage is ever made of it.
--
--   linear       holes under 0.5 s: on the line between the ticks before and after; volume shared out alike
--   last_known   up to 2 s: the last price; volume 0
--   vwap         up to 2 s while prices move much: the last minute's average price; volume as in that minute
--   missing      up to 5 s: nothing is claimed: one row without a price, confidence 0

alter table interpolated_data
  add column gap_from timestamptz,  -- the hole as this instrument's connection had it, in exchange time
  add column gap_to timestamptz,
  add constraint interpolated_data_method check (method in ('linear', 'last_known', 'vwap', 'missing')),
  drop constraint interpolated_data_gap_id_fkey,
  -- the ledger takes back rows that turned out to be no hole
  add constraint interpolated_data_gap_id_fkey foreign key (gap_id) references data_gaps on delete cascade;
create index interpolated_data_gap on interpolated_data (gap_id);
create index interpolated_data_time on interpolated_data (time);

-- How far a hole's parts were looked at; it may grow by another part.
alter table data_gaps add column interpolated_to timestamptz not null default '-infinity';
create index data_gaps_to_interpolate on data_gaps (gap_end) where kind = 'connection' and interpolated_to < gap_end;
