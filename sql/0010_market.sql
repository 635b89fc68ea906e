-- What the volatility engine needs to go on after a restart from its rows alone: nothing is kept in memory that is not
-- here. A row is a function of the minutes of India VIX up to it.
alter table vix_data
  add column mean_20m double precision,   -- of the values of the last 20 minutes (VIX_MEAN_MINUTES), this one included
  add column published double precision;  -- the value last pushed, up to and with this minute; trend is against the one before

comment on column vix_data.value is 'close of the minute that begins at time';
comment on column vix_data.change is 'against the minute before, in points';
