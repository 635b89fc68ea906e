-- What users read: the broker's candle where there is one, else what ticks made.
-- `complete` is exactly "over and outside candle_gaps": first by a few index probes, which are right whenever they say
-- yes; the exact function judges the few rows left, the edges of reconnects and the bucket in progress.
-- (The token of an exception is compared twice: as a range for the index, as a number because a small table is scanned.)
-- (Stale ranges are few and gone within seconds: one multirange of all of them is looked at, whoever they belong to.)

create view candles_1m as
select r.bucket, r.instrument_token, r.open, r.high, r.low, r.close, r.volume, r.open_interest, r.trades, r.vwap, r.source,
       case
         when r.bucket > (select tickscope_now() - live_settle() - interval '1 minute')
           then bucket_is_complete(r.instrument_token, r.bucket, r.bucket + interval '1 minute', '1m')
         when r.source <> 'ticks' and (
             select b.span @> tstzrange(r.bucket, r.bucket + interval '1 minute') from broker_coverage b
             where b.token = r.instrument_token and b.interval = '1m' and b.span <= tstzrange(r.bucket, null)
             order by b.span desc limit 1) then true
         when exists (
             select from feed_assignments a
             cross join lateral (select c.covered_to from live_coverage c
                                 where c.feed = a.feed and c.covered_from <= r.bucket
                                 order by c.covered_from desc limit 1) c
             where a.token = r.instrument_token and a.assigned_at <= r.bucket
               and a.released_at >= r.bucket + interval '1 minute' and c.covered_to >= r.bucket + interval '1 minute'
               and not exists (select from coverage_exceptions e
                               where e.token is null and e.feed = a.feed
                                 and tstzrange(e.from_time, e.to_time) && tstzrange(r.bucket, r.bucket + interval '1 minute')))
           and not exists (
             select from coverage_exceptions e
             where e.token = r.instrument_token
               and int8range(e.token, e.token, '[]') = int8range(r.instrument_token, r.instrument_token, '[]')
               and tstzrange(e.from_time, e.to_time) && tstzrange(r.bucket, r.bucket + interval '1 minute'))
           and not coalesce((select range_agg(tstzrange(s.from_time, s.to_time)) from stale_ranges s)
                            && tstzrange(r.bucket, r.bucket + interval '1 minute'), false)
           and r.bucket >= coalesce((select k.dropped_before from retention_state k where k.relation = 'candles_1m'), '-infinity')
           then true
         else bucket_is_complete(r.instrument_token, r.bucket, r.bucket + interval '1 minute', '1m')
       end as complete
from (
  select bucket, instrument_token, open, high, low, close, volume, open_interest,
         null::bigint as trades, null::double precision as vwap, 'broker' as source
  from broker_candles
  where interval = '1m'
  union all
  select t.bucket, t.instrument_token, t.open, t.high, t.low, t.close, t.volume, t.open_interest,
         t.trades, t.turnover / nullif(t.volume, 0), 'ticks'
  from tick_candles_1m t
  where t.trades > 0
    and not exists (select from broker_candles b
                    where b.interval = '1m' and b.instrument_token = t.instrument_token and b.bucket = t.bucket)
) r;

-- Wide candles of pending_merges, rebuilt from merged minutes as they are now.
create view merging_candles_5m as
select p.bucket, p.instrument_token, m.open, m.high, m.low, m.close, m.volume, m.open_interest,
       m.trades, m.vwap, m.source
from pending_merges p
cross join lateral (
  select (array_agg(c.open order by c.bucket))[1] as open, max(c.high) as high, min(c.low) as low,
         (array_agg(c.close order by c.bucket desc))[1] as close, sum(c.volume)::bigint as volume,
         (array_agg(c.open_interest order by c.bucket desc) filter (where c.open_interest is not null))[1] as open_interest,
         case when bool_and(c.source = 'ticks') then sum(c.trades)::bigint end as trades,
         case when bool_and(c.source = 'ticks') then sum(c.vwap * c.volume) / nullif(sum(c.volume), 0) end as vwap,
         case when bool_and(c.source = 'broker') then 'broker' when bool_and(c.source = 'ticks') then 'ticks'
              else 'mixed' end as source
  from candles_1m c
  where c.instrument_token = p.instrument_token and c.bucket >= p.bucket and c.bucket < p.bucket + interval '5 minutes'
  having count(*) > 0
) m
where p.interval = '5m';

create view candles_5m as
select r.bucket, r.instrument_token, r.open, r.high, r.low, r.close, r.volume, r.open_interest, r.trades, r.vwap, r.source,
       case
         when r.bucket > (select tickscope_now() - live_settle() - interval '5 minutes')
           then bucket_is_complete(r.instrument_token, r.bucket, r.bucket + interval '5 minutes', '5m')
         when r.source = 'broker' and (
             select b.span @> tstzrange(r.bucket, r.bucket + interval '5 minutes') from broker_coverage b
             where b.token = r.instrument_token and b.interval = '5m' and b.span <= tstzrange(r.bucket, null)
             order by b.span desc limit 1) then true
         when exists (
             select from feed_assignments a
             cross join lateral (select c.covered_to from live_coverage c
                                 where c.feed = a.feed and c.covered_from <= r.bucket
                                 order by c.covered_from desc limit 1) c
             where a.token = r.instrument_token and a.assigned_at <= r.bucket
               and a.released_at >= r.bucket + interval '5 minutes' and c.covered_to >= r.bucket + interval '5 minutes'
               and not exists (select from coverage_exceptions e
                               where e.token is null and e.feed = a.feed
                                 and tstzrange(e.from_time, e.to_time) && tstzrange(r.bucket, r.bucket + interval '5 minutes')))
           and not exists (
             select from coverage_exceptions e
             where e.token = r.instrument_token
               and int8range(e.token, e.token, '[]') = int8range(r.instrument_token, r.instrument_token, '[]')
               and tstzrange(e.from_time, e.to_time) && tstzrange(r.bucket, r.bucket + interval '5 minutes'))
           and not coalesce((select range_agg(tstzrange(s.from_time, s.to_time)) from stale_ranges s)
                            && tstzrange(r.bucket, r.bucket + interval '5 minutes'), false)
           and r.bucket >= coalesce((select k.dropped_before from retention_state k where k.relation = 'candles_5m'), '-infinity')
           then true
         else bucket_is_complete(r.instrument_token, r.bucket, r.bucket + interval '5 minutes', '5m')
       end as complete
from (
  select bucket, instrument_token, open, high, low, close, volume, open_interest,
         null::bigint as trades, null::double precision as vwap, 'broker' as source
  from broker_candles
  where interval = '5m'
  union all
  select m.bucket, m.instrument_token, m.open, m.high, m.low, m.close, m.volume, m.open_interest, m.trades, m.vwap, m.source
  from merged_candles m
  where m.interval = '5m'
    and not exists (select from broker_candles b
                    where b.interval = '5m' and b.instrument_token = m.instrument_token and b.bucket = m.bucket)
  union all
  select p.bucket, p.instrument_token, p.open, p.high, p.low, p.close, p.volume, p.open_interest, p.trades, p.vwap, p.source
  from merging_candles_5m p
  where not exists (select from broker_candles b
                    where b.interval = '5m' and b.instrument_token = p.instrument_token and b.bucket = p.bucket)
    and not exists (select from merged_candles m
                    where m.interval = '5m' and m.instrument_token = p.instrument_token and m.bucket = p.bucket)
  union all
  select t.bucket, t.instrument_token, t.open, t.high, t.low, t.close, t.volume, t.open_interest,
         t.trades, t.turnover / nullif(t.volume, 0), 'ticks'
  from tick_candles_5m t
  where t.trades > 0
    and not exists (select from broker_candles b
                    where b.interval = '5m' and b.instrument_token = t.instrument_token and b.bucket = t.bucket)
    and not exists (select from merged_candles m
                    where m.interval = '5m' and m.instrument_token = t.instrument_token and m.bucket = t.bucket)
    and not exists (select from pending_merges p
                    where p.interval = '5m' and p.instrument_token = t.instrument_token and p.bucket = t.bucket)
) r;

-- Wide candles of pending_merges, rebuilt from merged minutes as they are now.
create view merging_candles_15m as
select p.bucket, p.instrument_token, m.open, m.high, m.low, m.close, m.volume, m.open_interest,
       m.trades, m.vwap, m.source
from pending_merges p
cross join lateral (
  select (array_agg(c.open order by c.bucket))[1] as open, max(c.high) as high, min(c.low) as low,
         (array_agg(c.close order by c.bucket desc))[1] as close, sum(c.volume)::bigint as volume,
         (array_agg(c.open_interest order by c.bucket desc) filter (where c.open_interest is not null))[1] as open_interest,
         case when bool_and(c.source = 'ticks') then sum(c.trades)::bigint end as trades,
         case when bool_and(c.source = 'ticks') then sum(c.vwap * c.volume) / nullif(sum(c.volume), 0) end as vwap,
         case when bool_and(c.source = 'broker') then 'broker' when bool_and(c.source = 'ticks') then 'ticks'
              else 'mixed' end as source
  from candles_1m c
  where c.instrument_token = p.instrument_token and c.bucket >= p.bucket and c.bucket < p.bucket + interval '15 minutes'
  having count(*) > 0
) m
where p.interval = '15m';

create view candles_15m as
select r.bucket, r.instrument_token, r.open, r.high, r.low, r.close, r.volume, r.open_interest, r.trades, r.vwap, r.source,
       case
         when r.bucket > (select tickscope_now() - live_settle() - interval '15 minutes')
           then bucket_is_complete(r.instrument_token, r.bucket, r.bucket + interval '15 minutes', '15m')
         when r.source = 'broker' and (
             select b.span @> tstzrange(r.bucket, r.bucket + interval '15 minutes') from broker_coverage b
             where b.token = r.instrument_token and b.interval = '15m' and b.span <= tstzrange(r.bucket, null)
             order by b.span desc limit 1) then true
         when exists (
             select from feed_assignments a
             cross join lateral (select c.covered_to from live_coverage c
                                 where c.feed = a.feed and c.covered_from <= r.bucket
                                 order by c.covered_from desc limit 1) c
             where a.token = r.instrument_token and a.assigned_at <= r.bucket
               and a.released_at >= r.bucket + interval '15 minutes' and c.covered_to >= r.bucket + interval '15 minutes'
               and not exists (select from coverage_exceptions e
                               where e.token is null and e.feed = a.feed
                                 and tstzrange(e.from_time, e.to_time) && tstzrange(r.bucket, r.bucket + interval '15 minutes')))
           and not exists (
             select from coverage_exceptions e
             where e.token = r.instrument_token
               and int8range(e.token, e.token, '[]') = int8range(r.instrument_token, r.instrument_token, '[]')
               and tstzrange(e.from_time, e.to_time) && tstzrange(r.bucket, r.bucket + interval '15 minutes'))
           and not coalesce((select range_agg(tstzrange(s.from_time, s.to_time)) from stale_ranges s)
                            && tstzrange(r.bucket, r.bucket + interval '15 minutes'), false)
           and r.bucket >= coalesce((select k.dropped_before from retention_state k where k.relation = 'candles_15m'), '-infinity')
           then true
         else bucket_is_complete(r.instrument_token, r.bucket, r.bucket + interval '15 minutes', '15m')
       end as complete
from (
  select bucket, instrument_token, open, high, low, close, volume, open_interest,
         null::bigint as trades, null::double precision as vwap, 'broker' as source
  from broker_candles
  where interval = '15m'
  union all
  select m.bucket, m.instrument_token, m.open, m.high, m.low, m.close, m.volume, m.open_interest, m.trades, m.vwap, m.source
  from merged_candles m
  where m.interval = '15m'
    and not exists (select from broker_candles b
                    where b.interval = '15m' and b.instrument_token = m.instrument_token and b.bucket = m.bucket)
  union all
  select p.bucket, p.instrument_token, p.open, p.high, p.low, p.close, p.volume, p.open_interest, p.trades, p.vwap, p.source
  from merging_candles_15m p
  where not exists (select from broker_candles b
                    where b.interval = '15m' and b.instrument_token = p.instrument_token and b.bucket = p.bucket)
    and not exists (select from merged_candles m
                    where m.interval = '15m' and m.instrument_token = p.instrument_token and m.bucket = p.bucket)
  union all
  select t.bucket, t.instrument_token, t.open, t.high, t.low, t.close, t.volume, t.open_interest,
         t.trades, t.turnover / nullif(t.volume, 0), 'ticks'
  from tick_candles_15m t
  where t.trades > 0
    and not exists (select from broker_candles b
                    where b.interval = '15m' and b.instrument_token = t.instrument_token and b.bucket = t.bucket)
    and not exists (select from merged_candles m
                    where m.interval = '15m' and m.instrument_token = t.instrument_token and m.bucket = t.bucket)
    and not exists (select from pending_merges p
                    where p.interval = '15m' and p.instrument_token = t.instrument_token and p.bucket = t.bucket)
) r;

-- Wide candles of pending_merges, rebuilt from merged minutes as they are now.
create view merging_candles_1h as
select p.bucket, p.instrument_token, m.open, m.high, m.low, m.close, m.volume, m.open_interest,
       m.trades, m.vwap, m.source
from pending_merges p
cross join lateral (
  select (array_agg(c.open order by c.bucket))[1] as open, max(c.high) as high, min(c.low) as low,
         (array_agg(c.close order by c.bucket desc))[1] as close, sum(c.volume)::bigint as volume,
         (array_agg(c.open_interest order by c.bucket desc) filter (where c.open_interest is not null))[1] as open_interest,
         case when bool_and(c.source = 'ticks') then sum(c.trades)::bigint end as trades,
         case when bool_and(c.source = 'ticks') then sum(c.vwap * c.volume) / nullif(sum(c.volume), 0) end as vwap,
         case when bool_and(c.source = 'broker') then 'broker' when bool_and(c.source = 'ticks') then 'ticks'
              else 'mixed' end as source
  from candles_1m c
  where c.instrument_token = p.instrument_token and c.bucket >= p.bucket and c.bucket < p.bucket + interval '1 hour'
  having count(*) > 0
) m
where p.interval = '1h';

create view candles_1h as
select r.bucket, r.instrument_token, r.open, r.high, r.low, r.close, r.volume, r.open_interest, r.trades, r.vwap, r.source,
       case
         when r.bucket > (select tickscope_now() - live_settle() - interval '1 hour')
           then bucket_is_complete(r.instrument_token, r.bucket, r.bucket + interval '1 hour', '1h')
         when r.source = 'broker' and (
             select b.span @> tstzrange(r.bucket, r.bucket + interval '1 hour') from broker_coverage b
             where b.token = r.instrument_token and b.interval = '1h' and b.span <= tstzrange(r.bucket, null)
             order by b.span desc limit 1) then true
         when exists (
             select from feed_assignments a
             cross join lateral (select c.covered_to from live_coverage c
                                 where c.feed = a.feed and c.covered_from <= r.bucket
                                 order by c.covered_from desc limit 1) c
             where a.token = r.instrument_token and a.assigned_at <= r.bucket
               and a.released_at >= r.bucket + interval '1 hour' and c.covered_to >= r.bucket + interval '1 hour'
               and not exists (select from coverage_exceptions e
                               where e.token is null and e.feed = a.feed
                                 and tstzrange(e.from_time, e.to_time) && tstzrange(r.bucket, r.bucket + interval '1 hour')))
           and not exists (
             select from coverage_exceptions e
             where e.token = r.instrument_token
               and int8range(e.token, e.token, '[]') = int8range(r.instrument_token, r.instrument_token, '[]')
               and tstzrange(e.from_time, e.to_time) && tstzrange(r.bucket, r.bucket + interval '1 hour'))
           and not coalesce((select range_agg(tstzrange(s.from_time, s.to_time)) from stale_ranges s)
                            && tstzrange(r.bucket, r.bucket + interval '1 hour'), false)
           and r.bucket >= coalesce((select k.dropped_before from retention_state k where k.relation = 'candles_1h'), '-infinity')
           then true
         else bucket_is_complete(r.instrument_token, r.bucket, r.bucket + interval '1 hour', '1h')
       end as complete
from (
  select bucket, instrument_token, open, high, low, close, volume, open_interest,
         null::bigint as trades, null::double precision as vwap, 'broker' as source
  from broker_candles
  where interval = '1h'
  union all
  select m.bucket, m.instrument_token, m.open, m.high, m.low, m.close, m.volume, m.open_interest, m.trades, m.vwap, m.source
  from merged_candles m
  where m.interval = '1h'
    and not exists (select from broker_candles b
                    where b.interval = '1h' and b.instrument_token = m.instrument_token and b.bucket = m.bucket)
  union all
  select p.bucket, p.instrument_token, p.open, p.high, p.low, p.close, p.volume, p.open_interest, p.trades, p.vwap, p.source
  from merging_candles_1h p
  where not exists (select from broker_candles b
                    where b.interval = '1h' and b.instrument_token = p.instrument_token and b.bucket = p.bucket)
    and not exists (select from merged_candles m
                    where m.interval = '1h' and m.instrument_token = p.instrument_token and m.bucket = p.bucket)
  union all
  select t.bucket, t.instrument_token, t.open, t.high, t.low, t.close, t.volume, t.open_interest,
         t.trades, t.turnover / nullif(t.volume, 0), 'ticks'
  from tick_candles_1h t
  where t.trades > 0
    and not exists (select from broker_candles b
                    where b.interval = '1h' and b.instrument_token = t.instrument_token and b.bucket = t.bucket)
    and not exists (select from merged_candles m
                    where m.interval = '1h' and m.instrument_token = t.instrument_token and m.bucket = t.bucket)
    and not exists (select from pending_merges p
                    where p.interval = '1h' and p.instrument_token = t.instrument_token and p.bucket = t.bucket)
) r;

-- The official day candle where the broker gave one, else the day so far, which is never complete (rule 7).
create view candles_1d as
select r.bucket, r.instrument_token, r.open, r.high, r.low, r.close, r.volume, r.open_interest, r.trades, r.vwap, r.source,
       case
         when r.source <> 'broker' then false
         when r.bucket <= (select tickscope_now() - live_settle() - interval '24 hours') and (
             select b.span @> tstzrange(r.bucket, r.bucket + interval '24 hours') from broker_coverage b
             where b.token = r.instrument_token and b.interval = '1d' and b.span <= tstzrange(r.bucket, null)
             order by b.span desc limit 1) then true
         else bucket_is_complete(r.instrument_token, r.bucket, r.bucket + interval '24 hours', '1d')
       end as complete,
       ist_date(r.bucket) as trading_date
from (
  select bucket, instrument_token, open, high, low, close, volume, open_interest,
         null::bigint as trades, null::double precision as vwap, 'broker' as source
  from broker_candles
  where interval = '1d'
  union all
  select ist_midnight(d.trading_date), d.instrument_token, coalesce(d.open, d.last), greatest(d.high, d.last),
         least(d.low, d.last), d.last, d.volume, d.open_interest, d.trades, d.average_price, 'ticks'
  from day_state d
  where d.last is not null
    and not exists (select from broker_candles b
                    where b.interval = '1d' and b.instrument_token = d.instrument_token
                      and b.bucket = ist_midnight(d.trading_date))
) r;

-- The merged rows of one instrument, p_from <= bucket < p_to, judged by p_gaps: the gap_spans of at least every bucket asked
-- for. For internal use, by who needs the gaps as well.
create function candles_beside_gaps(p_token bigint, p_from timestamptz, p_to timestamptz, p_interval text,
                                    p_gaps tstzmultirange)
returns table (bucket timestamptz, instrument_token bigint, open double precision, high double precision,
               low double precision, close double precision, volume bigint, open_interest bigint, trades bigint,
               vwap double precision, source text, complete boolean)
language plpgsql stable as $$
declare
  v_width interval := candle_width(p_interval);
  v_settled timestamptz := tickscope_now() - live_settle();
begin
  if p_interval = '1m' then
    return query select c.bucket, c.instrument_token, c.open, c.high, c.low, c.close, c.volume, c.open_interest,
                        c.trades, c.vwap, c.source,
                        case when c.bucket + v_width > v_settled
                             then bucket_is_complete(c.instrument_token, c.bucket, c.bucket + v_width, p_interval)
                             else not (p_gaps && tstzrange(c.bucket, c.bucket + v_width)) end
      from candles_1m c
      where c.instrument_token = p_token and c.bucket >= p_from and c.bucket < p_to order by c.bucket;
  elsif p_interval = '5m' then
    return query select c.bucket, c.instrument_token, c.open, c.high, c.low, c.close, c.volume, c.open_interest,
                        c.trades, c.vwap, c.source,
                        case when c.bucket + v_width > v_settled
                             then bucket_is_complete(c.instrument_token, c.bucket, c.bucket + v_width, p_interval)
                             else not (p_gaps && tstzrange(c.bucket, c.bucket + v_width)) end
      from candles_5m c
      where c.instrument_token = p_token and c.bucket >= p_from and c.bucket < p_to order by c.bucket;
  elsif p_interval = '15m' then
    return query select c.bucket, c.instrument_token, c.open, c.high, c.low, c.close, c.volume, c.open_interest,
                        c.trades, c.vwap, c.source,
                        case when c.bucket + v_width > v_settled
                             then bucket_is_complete(c.instrument_token, c.bucket, c.bucket + v_width, p_interval)
                             else not (p_gaps && tstzrange(c.bucket, c.bucket + v_width)) end
      from candles_15m c
      where c.instrument_token = p_token and c.bucket >= p_from and c.bucket < p_to order by c.bucket;
  elsif p_interval = '1h' then
    return query select c.bucket, c.instrument_token, c.open, c.high, c.low, c.close, c.volume, c.open_interest,
                        c.trades, c.vwap, c.source,
                        case when c.bucket + v_width > v_settled
                             then bucket_is_complete(c.instrument_token, c.bucket, c.bucket + v_width, p_interval)
                             else not (p_gaps && tstzrange(c.bucket, c.bucket + v_width)) end
      from candles_1h c
      where c.instrument_token = p_token and c.bucket >= p_from and c.bucket < p_to order by c.bucket;
  else
    return query select c.bucket, c.instrument_token, c.open, c.high, c.low, c.close, c.volume, c.open_interest,
                        c.trades, c.vwap, c.source,
                        c.source = 'broker' and case when c.bucket + v_width > v_settled
                             then bucket_is_complete(c.instrument_token, c.bucket, c.bucket + v_width, p_interval)
                             else not (p_gaps && tstzrange(c.bucket, c.bucket + v_width)) end
      from candles_1d c
      where c.instrument_token = p_token and c.bucket >= p_from and c.bucket < p_to order by c.bucket;
  end if;
end $$;

-- The merged rows of one instrument, p_from <= bucket < p_to. Faster than the views where `complete` is wanted: the gaps of
-- the range are worked out once, not a row at a time.
create function get_candles(p_token bigint, p_from timestamptz, p_to timestamptz, p_interval text default '1m')
returns table (bucket timestamptz, instrument_token bigint, open double precision, high double precision,
               low double precision, close double precision, volume bigint, open_interest bigint, trades bigint,
               vwap double precision, source text, complete boolean)
language plpgsql stable as $$
begin
  return query select c.* from candles_beside_gaps(p_token, p_from, p_to, p_interval,
    gap_spans(p_token, p_from, p_to + candle_width(p_interval), p_interval)) c;
end $$;

-- After broker minutes of [p_from, p_to) were stored: every wide bucket that holds one waits for its merge again, and
-- what was stored for it is thrown away. Returns how many wide buckets wait.
create function mark_pending_merges(p_token bigint, p_from timestamptz, p_to timestamptz) returns bigint
language sql as $$
  with wide as (
    select distinct w.interval, candle_bucket(w.interval, b.bucket) as bucket
    from broker_candles b cross join (values ('5m'), ('15m'), ('1h')) w(interval)
    where b.instrument_token = p_token and b.interval = '1m' and b.bucket >= p_from and b.bucket < p_to
  ),
  forgotten as (
    delete from merged_candles m using wide
    where m.instrument_token = p_token and m.interval = wide.interval and m.bucket = wide.bucket
  ),
  marked as (
    insert into pending_merges select p_token, wide.interval, wide.bucket from wide
    on conflict do nothing
  )
  select count(*) from wide
$$;

-- Stores the wide rows of pending_merges in [p_from, p_to) whose bucket is over and complete (rule 17); the others go on
-- being computed when read. p_token null: every instrument. Returns how many were stored.
create function store_merged_candles(p_token bigint, p_from timestamptz, p_to timestamptz) returns bigint
language plpgsql as $$
declare
  v_stored bigint;
begin
  with ready as materialized (
    select p.instrument_token, p.interval, p.bucket
    from pending_merges p
    where (p_token is null or p.instrument_token = p_token) and p.bucket >= p_from and p.bucket < p_to
      and bucket_is_complete(p.instrument_token, p.bucket, p.bucket + candle_width(p.interval), '1m')
    for update skip locked
  ),
  rebuilt as materialized (
    select r.interval, m.*
    from ready r
    join lateral (
      select * from merging_candles_5m c
      where r.interval = '5m' and c.instrument_token = r.instrument_token and c.bucket = r.bucket
      union all
      select * from merging_candles_15m c
      where r.interval = '15m' and c.instrument_token = r.instrument_token and c.bucket = r.bucket
      union all
      select * from merging_candles_1h c
      where r.interval = '1h' and c.instrument_token = r.instrument_token and c.bucket = r.bucket
    ) m on true
  ),
  stored as (
    insert into merged_candles (instrument_token, interval, bucket, open, high, low, close, volume, open_interest,
                                trades, vwap, source)
    select instrument_token, interval, bucket, open, high, low, close, volume, open_interest, trades, vwap, source
    from rebuilt where source <> 'ticks'
    on conflict (instrument_token, interval, bucket) do update
      set open = excluded.open, high = excluded.high, low = excluded.low, close = excluded.close,
          volume = excluded.volume, open_interest = excluded.open_interest, trades = excluded.trades,
          vwap = excluded.vwap, source = excluded.source
    returning 1
  ),
  done as (
    delete from pending_merges p using ready r
    where p.instrument_token = r.instrument_token and p.interval = r.interval and p.bucket = r.bucket
  )
  select count(*) into v_stored from stored;
  return v_stored;
end $$;

-- Ticks came late into [p_from, p_to): what was stored from the minutes before is computed again (rule 17: a stored row
-- never hides ticks newer than itself). p_token null: every instrument.
create function reopen_merged_candles(p_token bigint, p_from timestamptz, p_to timestamptz) returns bigint
language sql as $$
  with reopened as (
    delete from merged_candles m
    where (p_token is null or m.instrument_token = p_token)
      and m.bucket < p_to and m.bucket + candle_width(m.interval) > p_from and m.bucket > p_from - interval '1 hour'
    returning m.instrument_token, m.interval, m.bucket
  ),
  marked as (
    insert into pending_merges select * from reopened on conflict do nothing
  )
  select count(*) from reopened
$$;

-- Retention of one interval's broker and merged rows. Coverage goes with the rows, so that what is gone is a hole again;
-- minutes that cover a wider interval, whose rows stay, hand their coverage to it first.
create function drop_broker_candles(p_interval text, p_before timestamptz) returns void
language plpgsql as $$
begin
  if p_interval = '1m' then
    with minutes as (
      select token, range_agg(span * tstzrange(null, p_before)) as spans
      from broker_coverage where interval = '1m' and span && tstzrange(null, p_before) group by token
    ),
    wide as (
      select m.token, w.interval,
             m.spans + coalesce((select range_agg(c.span) from broker_coverage c
                                 where c.token = m.token and c.interval = w.interval), '{}') as spans
      from minutes m cross join (values ('5m'), ('15m'), ('1h')) w(interval)
    ),
    replaced as (
      delete from broker_coverage c using wide
      where c.token = wide.token and c.interval = wide.interval
        and not (c.span = any (select unnest(wide.spans)))
    )
    insert into broker_coverage (token, interval, span)
    select wide.token, wide.interval, piece from wide cross join lateral unnest(wide.spans) piece
    on conflict do nothing;
  end if;
  delete from broker_coverage where interval = p_interval and upper(span) <= p_before;
  update broker_coverage set span = span * tstzrange(p_before, null)
    where interval = p_interval and span @> p_before and lower(span) is distinct from p_before;
  delete from broker_candles where interval = p_interval and bucket < p_before;
  delete from merged_candles where interval = p_interval and bucket < p_before;
  delete from pending_merges
    where bucket < p_before and (interval = p_interval or p_interval = '1m');
end $$;
