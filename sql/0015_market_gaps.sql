-- Gaps of many instruments at once. What instruments share (hours, the feed that carried them, what that feed missed) is
-- worked out once, and only what is an instrument's own for each. The answers are those of gap_spans and candle_gaps.

-- `spans` are gap_spans of each token. `shared` numbers the instruments whose causes are the same; those of an instrument
-- that has causes of its own (exceptions, stale ranges, failed requests, an expiry) are null.
create function market_gap_spans(p_tokens bigint[], p_from timestamptz, p_to timestamptz, p_interval text)
returns table (token bigint, spans tstzmultirange, shared bigint)
language plpgsql stable parallel safe set jit = off as $$
#variable_conflict use_column
declare
  v_to timestamptz := least(p_to, tickscope_now() - live_settle());
  v_range tstzrange;
  v_kept tstzmultirange;
  v_stale tstzmultirange;
begin
  perform candle_width(p_interval);
  if p_from >= v_to or p_from is null or v_to is null then
    return query select distinct t, '{}'::tstzmultirange, null::bigint from unnest(p_tokens) t;
    return;
  end if;
  if p_interval = '1d' then
    return query select d.t, gap_spans(d.t, p_from, p_to, p_interval), null::bigint
      from (select distinct t from unnest(p_tokens) t) d;
    return;
  end if;
  v_range := tstzrange(p_from, v_to);
  v_kept := tstzmultirange(tstzrange(
    (select r.dropped_before from retention_state r where r.relation = 'candles_' || p_interval), null));
  v_stale := coalesce((select range_agg(tstzrange(s.from_time, s.to_time)) from stale_ranges s
                       where s.token is null and s.from_time < v_to and s.to_time > p_from), '{}');
  return query
  with asked as materialized (select distinct t as token from unnest(p_tokens) t),
  grouped as materialized (
    select g.token, dense_rank() over (order by g.exchange, g.session_group, g.days) as id, g.exchange, g.session_group, g.days
    from asked a join instrument_groups g on g.token = a.token
  ),
  hours as materialized (
    select k.id, range_agg(tstzrange(greatest(s.opens_at, p_from), least(s.closes_at, v_to))) as spans
    from (select distinct id, exchange, session_group, days from grouped) k
    join market_sessions s on s.exchange = k.exchange and s.session_group = k.session_group and k.days @> s.day
    where s.kind = 'continuous' and s.opens_at < v_to and s.opens_at > p_from - interval '24 hours' and s.closes_at > p_from
    group by k.id
  ),
  assigned as materialized (
    select f.token, dense_rank() over (order by f.feed, f.assigned_at, f.released_at) as id, f.feed, f.assigned_at, f.released_at
    from asked a join feed_assignments f on f.token = a.token
    where f.assigned_at < v_to and f.released_at > p_from
  ),
  missed as materialized (
    select e.feed, range_agg(tstzrange(e.from_time, e.to_time)) as spans
    from coverage_exceptions e
    where e.token is null and tstzrange(e.from_time, e.to_time) && v_range
    group by e.feed
  ),
  heard as materialized (
    select k.id, range_agg(tstzrange(greatest(k.assigned_at, c.covered_from, p_from), least(k.released_at, c.covered_to, v_to)))
                 - coalesce((select m.spans from missed m where m.feed = k.feed), '{}') as spans
    from (select distinct id, feed, assigned_at, released_at from assigned) k
    join live_coverage c on c.feed = k.feed
     and c.covered_from < least(v_to, k.released_at) and c.covered_to > greatest(p_from, k.assigned_at)
     and c.covered_from >= coalesce((select n.covered_from from live_coverage n
                                     where n.feed = k.feed and n.covered_from <= p_from
                                     order by n.covered_from desc limit 1), p_from)
    group by k.id, k.feed
  ),
  alike as materialized (
    select a.token, coalesce(g.ids, '{}') as hour_ids, coalesce(f.ids, '{}') as feed_ids
    from asked a
    left join (select token, array_agg(id order by id) as ids from grouped group by token) g on g.token = a.token
    left join (select token, array_agg(id order by id) as ids from assigned group by token) f on f.token = a.token
  ),
  kinds as materialized (
    select k.hour_ids, k.feed_ids, row_number() over () as id, h.spans as hours,
           h.spans - coalesce((select range_agg(l.spans) from heard l where l.id = any (k.feed_ids)), '{}') * v_kept as unheard
    from (select distinct hour_ids, feed_ids from alike) k
    cross join lateral (select coalesce(range_agg(s.spans), '{}') as spans from hours s where s.id = any (k.hour_ids)) h
  ),
  own as materialized (
    select o.token, range_agg(o.span) as spans
    from (select e.token, tstzrange(e.from_time, e.to_time) as span from coverage_exceptions e
          where e.token = any (p_tokens) and e.from_time < v_to and tstzrange(e.from_time, e.to_time) && v_range
          union all
          select s.token, tstzrange(s.from_time, s.to_time) from stale_ranges s
          where s.token = any (p_tokens) and s.from_time < v_to and s.to_time > p_from) o
    group by o.token
  ),
  failed as materialized (
    select distinct h.token from heal_failures h
    where h.token = any (p_tokens) and h.interval in (p_interval, '1m')
      and h.from_time < v_to and h.to_time > p_from and h.retry_at > tickscope_now()
  )
  select a.token,
         case when isempty(m.missing) then m.missing
              else m.missing - broker_spans(a.token, p_from, v_to, p_interval)
                   - case when p_interval = '1m' then '{}' else broker_spans(a.token, p_from, v_to, '1m') end
                   - coalesce((select range_agg(tstzrange(e.from_time, e.to_time)) from proven_empty e
                               where e.token = a.token and e.from_time < v_to and e.to_time > p_from
                                 and e.from_time >= coalesce((select n.from_time from proven_empty n
                                                              where n.token = a.token and n.from_time <= p_from
                                                              order by n.from_time desc limit 1), p_from)), '{}') end,
         case when o.token is null and failed.token is null
               and not coalesce(i.expiry < ist_date(tickscope_now()), false) then k.id end
  from alike a
  join kinds k on k.hour_ids = a.hour_ids and k.feed_ids = a.feed_ids
  left join own o on o.token = a.token
  left join failed on failed.token = a.token
  left join instruments i on i.token = a.token
  cross join lateral (
    select case when o.token is null and isempty(v_stale) then k.unheard
                else k.unheard + k.hours * (coalesce(o.spans, '{}') + v_stale) end as missing
  ) m;
end $$;

-- Gaps cut where their causes change, the first of the causes that holds.
create function gaps_by_cause(p_gaps tstzmultirange, p_reasons text[], p_spans tstzmultirange[])
returns table (gap_from timestamptz, gap_to timestamptz, reason text)
language plpgsql immutable parallel safe as $$
declare
  v_left tstzmultirange := p_gaps;
  v_reasons text[] := '{}';
  v_spans tstzmultirange[] := '{}';
begin
  for i in 1 .. coalesce(cardinality(p_reasons), 0) loop
    if v_left && p_spans[i] then
      v_reasons := v_reasons || p_reasons[i];
      v_spans := v_spans || (v_left * p_spans[i]);
      v_left := v_left - p_spans[i];
      exit when isempty(v_left);
    end if;
  end loop;
  if not isempty(v_left) then
    v_reasons := v_reasons || 'not_subscribed'::text;
    v_spans := v_spans || v_left;
  end if;
  if cardinality(v_reasons) = 1 then
    return query select lower(piece), upper(piece), v_reasons[1] from unnest(v_spans[1]) piece;
    return;
  end if;
  return query
    select lower(piece), upper(piece), joined.reason
    from (select u.reason, range_agg(u.spans) as spans from unnest(v_reasons, v_spans) as u (reason, spans) group by 1) joined
    cross join lateral unnest(joined.spans) piece;
end $$;

-- candle_gaps of each token.
create function market_gaps(p_tokens bigint[], p_from timestamptz, p_to timestamptz, p_interval text)
returns table (token bigint, gap_from timestamptz, gap_to timestamptz, reason text)
language plpgsql stable parallel safe set jit = off as $$
#variable_conflict use_column
declare
  v_to timestamptz := least(p_to, tickscope_now() - live_settle());
begin
  perform candle_width(p_interval);
  if p_from >= v_to then
    return;
  end if;
  return query
  with missing as materialized (
    select m.token, m.spans, coalesce(m.shared, -m.token) as kind
    from market_gap_spans(p_tokens, p_from, p_to, p_interval) m
    where not isempty(m.spans)
  ),
  causes as materialized (
    select k.kind, array_agg(c.reason order by c.rank, c.reason) as reasons, array_agg(c.spans order by c.rank, c.reason) as spans
    from (select kind, min(token) as token from missing group by kind) k
    cross join lateral gap_causes(k.token, p_from, v_to, p_interval) c
    where c.spans is not null
    group by k.kind
  )
  select m.token, g.gap_from, g.gap_to, g.reason
  from missing m
  left join causes c on c.kind = m.kind
  cross join lateral gaps_by_cause(m.spans, c.reasons, c.spans) g;
end $$;
