-- Coverage decides: which sessions an instrument has, what of them is covered, and why the rest is not.
-- Everything here is multirange arithmetic over the truth tables; [p_from, p_to) throughout.

-- Now, or the instant that the session setting tickscope.now names: tests stand at any hour and day.
create function tickscope_now() returns timestamptz
language sql stable parallel safe as $$
  select coalesce(nullif(current_setting('tickscope.now', true), '')::timestamptz, now())
$$;

-- How long after an instant everything received by then is committed (rule 12).
create function live_settle() returns interval
language sql immutable parallel safe as $$ select interval '3 seconds' $$;

create function ist_date(p_time timestamptz) returns date
language sql immutable parallel safe as $$ select (p_time at time zone 'Asia/Kolkata')::date $$;

create function ist_midnight(p_day date) returns timestamptz
language sql immutable parallel safe as $$ select p_day::timestamp at time zone 'Asia/Kolkata' $$;

create function candle_width(p_interval text) returns interval
language plpgsql immutable parallel safe as $$
begin
  case p_interval
    when '1m' then return interval '1 minute';
    when '5m' then return interval '5 minutes';
    when '15m' then return interval '15 minutes';
    when '1h' then return interval '1 hour';
    when '1d' then return interval '24 hours';
    else raise exception 'interval must be one of 1m, 5m, 15m, 1h, 1d, not %', coalesce(p_interval, 'null')
      using errcode = '22023';
  end case;
end $$;

-- The start of the bucket that holds p_time: counted from 09:15 IST, 1d from 00:00 IST.
create function candle_bucket(p_interval text, p_time timestamptz) returns timestamptz
language sql immutable parallel safe as $$
  select date_bin(candle_width(p_interval), p_time,
                  case p_interval when '1d' then timestamptz '1999-12-31 18:30:00+00'
                                  else timestamptz '2000-01-01 00:45:00+00' end)
$$;

-- Sessions of any kind of one instrument.
create function instrument_sessions(p_token bigint, p_from timestamptz, p_to timestamptz)
returns table (day date, kind text, opens_at timestamptz, closes_at timestamptz, known boolean)
language sql stable parallel safe as $$
  select s.day, s.kind, s.opens_at, s.closes_at, s.known
  from instrument_groups g
  join market_sessions s on s.exchange = g.exchange and s.session_group = g.session_group and g.days @> s.day
  where g.token = p_token
    and s.opens_at < p_to and s.opens_at > p_from - interval '24 hours' and s.closes_at > p_from
$$;

create function continuous_spans(p_token bigint, p_from timestamptz, p_to timestamptz) returns tstzmultirange
language plpgsql stable parallel safe as $$
begin
  return (select coalesce(range_agg(tstzrange(greatest(s.opens_at, p_from), least(s.closes_at, p_to))), '{}')
          from instrument_groups g
          join market_sessions s on s.exchange = g.exchange and s.session_group = g.session_group and g.days @> s.day
          where g.token = p_token and s.kind = 'continuous'
            and s.opens_at < p_to and s.opens_at > p_from - interval '24 hours' and s.closes_at > p_from);
end $$;

-- The continuous sessions of IST days that are over (1d has a gap only then), cut to [p_from, p_to).
create function ended_day_spans(p_token bigint, p_from timestamptz, p_to timestamptz) returns tstzmultirange
language plpgsql stable parallel safe as $$
declare
  v_from timestamptz := ist_midnight(ist_date(p_from));
  v_to timestamptz := ist_midnight(ist_date(p_to) + 1);
begin
  return (select coalesce(range_agg(d.spans), '{}') * tstzmultirange(tstzrange(p_from, p_to))
          from (select range_agg(tstzrange(s.opens_at, s.closes_at)) as spans
                from instrument_sessions(p_token, v_from, v_to) s
                where s.kind = 'continuous'
                group by s.day
                having max(s.closes_at) <= tickscope_now() - live_settle()) d);
end $$;

-- Heard and committed: every feed's rows while it carried the instrument, less that feed's exceptions, less the
-- instrument's own exceptions and what was written late and not refreshed yet.
create function live_spans(p_token bigint, p_from timestamptz, p_to timestamptz) returns tstzmultirange
language plpgsql stable parallel safe as $$
begin
  return (
    select coalesce(range_agg(f.spans), '{}')
           - (select coalesce(range_agg(tstzrange(e.from_time, e.to_time)), '{}') from coverage_exceptions e
              where e.token = p_token and int8range(e.token, e.token, '[]') = int8range(p_token, p_token, '[]')
                and tstzrange(e.from_time, e.to_time) && tstzrange(p_from, p_to))
           - (select coalesce(range_agg(tstzrange(s.from_time, s.to_time)), '{}') from stale_ranges s
              where (s.token = p_token or s.token is null) and s.from_time < p_to and s.to_time > p_from)
    from (
      select range_agg(tstzrange(greatest(a.assigned_at, c.covered_from, p_from), least(a.released_at, c.covered_to, p_to)))
             - (select coalesce(range_agg(tstzrange(e.from_time, e.to_time)), '{}') from coverage_exceptions e
                where e.token is null and e.feed = a.feed
                  and tstzrange(e.from_time, e.to_time) && tstzrange(p_from, p_to)) as spans
      from feed_assignments a
      join live_coverage c on c.feed = a.feed
       and c.covered_from < least(p_to, a.released_at) and c.covered_to > greatest(p_from, a.assigned_at)
       -- rows of a feed do not overlap: the one that began last before p_from is the earliest that can reach it
       and c.covered_from >= coalesce((select n.covered_from from live_coverage n
                                       where n.feed = a.feed and n.covered_from <= p_from
                                       order by n.covered_from desc limit 1), p_from)
      where a.token = p_token and a.assigned_at < p_to and a.released_at > p_from
      group by a.feed
    ) f);
end $$;

-- What the broker answered for at exactly this interval. Rows of one (token, interval) do not overlap: read from the last
-- one that begins at or before p_from.
create function broker_spans(p_token bigint, p_from timestamptz, p_to timestamptz, p_interval text)
returns tstzmultirange
language plpgsql stable parallel safe as $$
declare
  v_first tstzrange := coalesce((select n.span from broker_coverage n
                                 where n.token = p_token and n.interval = p_interval and n.span <= tstzrange(p_from, null)
                                 order by n.span desc limit 1), 'empty');
begin
  return (select coalesce(range_agg(b.span * tstzrange(p_from, p_to)), '{}') from broker_coverage b
          where b.token = p_token and b.interval = p_interval
            and b.span >= v_first and b.span <= tstzrange(p_to, null));
end $$;

-- What needs no broker for candles of p_interval: live (as far back as retention kept its candles), the broker's, and
-- what is proven empty. A broker's minutes also cover the wider intervals up to 1h; a day is the broker's day candle alone.
create function covered_spans(p_token bigint, p_from timestamptz, p_to timestamptz, p_interval text)
returns tstzmultirange
language plpgsql stable parallel safe as $$
declare
  v_range tstzrange := tstzrange(p_from, p_to);
  v_broker tstzmultirange;
  v_empty tstzmultirange;
begin
  v_broker := broker_spans(p_token, p_from, p_to, p_interval);
  if p_interval not in ('1m', '1d') then
    v_broker := v_broker + broker_spans(p_token, p_from, p_to, '1m');
  end if;
  if p_interval = '1d' then
    return v_broker;
  end if;
  select coalesce(range_agg(tstzrange(e.from_time, e.to_time) * v_range), '{}') into v_empty
  from proven_empty e
  where e.token = p_token and e.from_time < p_to and e.to_time > p_from
    and e.from_time >= coalesce((select n.from_time from proven_empty n
                                 where n.token = p_token and n.from_time <= p_from
                                 order by n.from_time desc limit 1), p_from);
  return v_broker + v_empty
         + live_spans(p_token, p_from, p_to) * tstzmultirange(tstzrange(
             (select r.dropped_before from retention_state r where r.relation = 'candles_' || p_interval), null));
end $$;

-- The gaps as one multirange: for internal use, where causes do not matter.
create function gap_spans(p_token bigint, p_from timestamptz, p_to timestamptz, p_interval text)
returns tstzmultirange
language plpgsql stable parallel safe as $$
declare
  v_to timestamptz := least(p_to, tickscope_now() - live_settle());
begin
  perform candle_width(p_interval);
  if p_from >= v_to or p_from is null or v_to is null then
    return '{}';
  end if;
  if p_interval = '1d' then
    return ended_day_spans(p_token, p_from, v_to) - covered_spans(p_token, p_from, v_to, p_interval);
  end if;
  return continuous_spans(p_token, p_from, v_to) - covered_spans(p_token, p_from, v_to, p_interval);
end $$;

-- The exact test behind `complete`: every session second of the bucket is over (with LIVE_SETTLE) and covered.
create function bucket_is_complete(p_token bigint, p_from timestamptz, p_to timestamptz, p_interval text)
returns boolean
language plpgsql stable parallel safe as $$
declare
  v_sessions tstzmultirange := continuous_spans(p_token, p_from, p_to);
begin
  if coalesce(upper(v_sessions), p_to) > tickscope_now() - live_settle() then
    return false;
  end if;
  return isempty(v_sessions - covered_spans(p_token, p_from, p_to, p_interval));
end $$;

-- Why a span may be missing, most telling first. The spans overlap; the lowest `rank` wins.
create function gap_causes(p_token bigint, p_from timestamptz, p_to timestamptz, p_interval text)
returns table (rank integer, reason text, spans tstzmultirange)
language sql stable parallel safe as $$
  with assigned as (
    select a.feed, tstzrange(greatest(a.assigned_at, p_from), least(a.released_at, p_to)) as span
    from feed_assignments a
    where a.token = p_token and a.assigned_at < p_to and a.released_at > p_from
  ),
  connections as (
    select f.feed, c.covered_to, c.cause,
           lead(c.covered_from, 1, 'infinity') over (partition by f.feed order by c.covered_from) as next_from
    from (select distinct feed from assigned) f
    join live_coverage c on c.feed = f.feed and c.covered_from < p_to
     and c.covered_from >= coalesce((select n.covered_from from live_coverage n
                                     where n.feed = f.feed and n.covered_from <= p_from
                                     order by n.covered_from desc limit 1), p_from)
  )
  select 1, 'expired', '{(,)}'::tstzmultirange
  where exists (select from instruments i where i.token = p_token and i.expiry < ist_date(tickscope_now()))
  union all
  select 2, 'calendar', range_agg(tstzrange(s.opens_at, s.closes_at))
  from instrument_sessions(p_token, p_from, p_to) s
  where not s.known
    and not exists (select from live_coverage c
                    where c.covered_from < s.closes_at and c.covered_to > s.opens_at and c.covered_to > c.covered_from)
  union all
  select 3, 'broker_unavailable', range_agg(tstzrange(h.from_time, h.to_time))
  from heal_failures h
  where h.token = p_token and (h.interval = p_interval or (h.interval = '1m' and p_interval <> '1d'))
    and h.from_time < p_to and h.to_time > p_from and h.retry_at > tickscope_now()
  union all
  -- a day that was heard waits for the broker's day candle: not due yet, or not asked for
  select 4, 'pending', range_agg(d.span)
  from (select tstzrange(ist_midnight(s.day), ist_midnight(s.day + 1)) as span
        from instrument_sessions(p_token, ist_midnight(ist_date(p_from)), ist_midnight(ist_date(p_to) + 1)) s
        where p_interval = '1d'
        group by s.day
        having max(s.closes_at) + (select value from settings where name = 'day_settle_minutes') * interval '1 minute'
                 > tickscope_now()
            or not isempty(live_spans(p_token, min(s.opens_at), max(s.closes_at)))) d
  union all
  select 5, e.reason, range_agg(tstzrange(e.from_time, e.to_time))
  from coverage_exceptions e
  where e.token = p_token and int8range(e.token, e.token, '[]') = int8range(p_token, p_token, '[]')
    and tstzrange(e.from_time, e.to_time) && tstzrange(p_from, p_to) and p_interval <> '1d'
  group by e.reason
  union all
  select 6, e.reason, range_agg(tstzrange(e.from_time, e.to_time) * a.span)
  from assigned a
  join coverage_exceptions e on e.token is null and e.feed = a.feed and tstzrange(e.from_time, e.to_time) && a.span
  where p_interval <> '1d'
  group by e.reason
  union all
  select 7, 'late', range_agg(tstzrange(s.from_time, s.to_time))
  from stale_ranges s
  where (s.token = p_token or s.token is null) and s.from_time < p_to and s.to_time > p_from and p_interval <> '1d'
  union all
  -- between two connections of a feed: why the earlier ended; an open one that falls behind has stalled
  select 8, coalesce(c.cause, 'stall'), range_agg(tstzrange(c.covered_to, c.next_from) * a.span)
  from connections c join assigned a on a.feed = c.feed
  where c.next_from > c.covered_to and p_interval <> '1d'
  group by 2
$$;

-- Gaps that gap_spans found, cut where their causes change. For internal use, by who needs the spans for more than this.
create function gap_reasons(p_token bigint, p_gaps tstzmultirange, p_interval text)
returns table (gap_from timestamptz, gap_to timestamptz, reason text)
language plpgsql stable parallel safe as $$
declare
  v_left tstzmultirange := p_gaps;
  v_reasons text[] := '{}';
  v_spans tstzmultirange[] := '{}';
  v_cause record;
begin
  if isempty(p_gaps) then
    return;
  end if;
  for v_cause in
    select c.reason, c.spans from gap_causes(p_token, lower(p_gaps), upper(p_gaps), p_interval) c
    where c.spans is not null order by c.rank, c.reason
  loop
    if v_left && v_cause.spans then
      v_reasons := v_reasons || v_cause.reason;
      v_spans := v_spans || (v_left * v_cause.spans);
      v_left := v_left - v_cause.spans;
    end if;
  end loop;
  -- one reason may come from several causes: joined again, so that a piece ends only where the reason changes
  return query
    select lower(piece), upper(piece), joined.reason
    from (select named.reason, range_agg(named.spans) as spans
          from (select u.reason, u.spans from unnest(v_reasons, v_spans) as u(reason, spans)
                union all select 'not_subscribed', v_left) named
          group by 1) joined
    cross join lateral unnest(joined.spans) piece
    order by 1;
end $$;

-- What of [p_from, p_to) candles of p_interval lack, and why. The API answers exactly this.
create function candle_gaps(p_token bigint, p_from timestamptz, p_to timestamptz, p_interval text)
returns table (gap_from timestamptz, gap_to timestamptz, reason text)
language plpgsql stable parallel safe as $$
begin
  return query select g.gap_from, g.gap_to, g.reason
    from gap_reasons(p_token, gap_spans(p_token, p_from, p_to, p_interval), p_interval) g;
end $$;
