-- The ledger of holes: what was lost while somebody was listening, from the first second to its repair.
-- A row is derived from coverage and never decides a candle; gap_spans stays the judge of what is missing.
--
--   connection     a feed heard nothing: between two rows of live_coverage, or after its last one. One row however
--                  many instruments it carries.
--   exception      a connection's row claims the time, some of its instruments must not: stragglers, late ticks, drops.
--   subscription   an instrument was given back and taken again on the same day.
--
-- Time before an instrument was first subscribed is nobody's loss and no row. A row lies within one session. Holes of one
-- kind and feed less than a minute apart are one row of several `parts`: a minute that holds two is fetched once.
-- `counted` rows have one data_gap_instruments row for each instrument that still lacks something.

alter table data_gaps
  add column kind text not null default 'connection' check (kind in ('connection', 'exception', 'subscription')),
  add column began_at timestamptz,                          -- before it was cut to the session
  add column parts integer not null default 1,
  add column parts_end timestamptz,                         -- where the last part that is over ended
  add column unheard_seconds double precision not null default 0,  -- of the parts that are over
  add column counted boolean not null default false,
  add column instruments_left integer not null default 0,   -- still lacking something
  add column instruments_empty integer not null default 0,  -- closed without a candle: nothing traded
  add column instruments_failed integer not null default 0, -- of those left: given up, or never to be had
  add column message text,                                  -- what it waits for, or why it was given up
  add column by_hand boolean not null default false,        -- somebody asked for it
  add column found_at timestamptz not null default now();
create index data_gaps_start on data_gaps (gap_start);
create index data_gaps_uncounted on data_gaps (id) where not counted;
create index data_gaps_unsettled on data_gaps (id) where status <> 'RECOVERED';

create table data_gap_instruments (
  gap_id bigint not null references data_gaps on delete cascade,
  instrument_token bigint not null,
  -- the part of the row that concerns this instrument; endless while it lasts
  within tstzrange not null,
  -- gap_spans of it when last looked at; empty until the row is counted
  missing tstzmultirange not null default '{}',
  status text not null default 'PENDING' check (status in ('PENDING', 'FAILED', 'UNRECOVERABLE')),
  attempts integer not null default 0,
  next_attempt_at timestamptz not null default '-infinity',
  message text,
  primary key (gap_id, instrument_token)
);
create index data_gap_instruments_token on data_gap_instruments (instrument_token);
create index data_gap_instruments_due on data_gap_instruments (next_attempt_at) where status = 'PENDING';

-- In the order in which they became known, which is not that of their times.
alter table feed_assignments add column id bigint generated always as identity;
create index feed_assignments_id on feed_assignments (id);

-- How far live_coverage, coverage_exceptions and feed_assignments were looked through. Nothing is searched for twice, a
-- restart goes on.
create table gap_ledger_cursor (
  only_one boolean primary key default true check (only_one),
  coverage_id bigint not null,
  exception_id bigint not null,
  assignment_id bigint not null
);

-- The broker's candles that were not believed, as they came.
create table candle_rejects (
  id bigint generated always as identity primary key,
  rejected_at timestamptz not null default now(),
  instrument_token bigint not null,
  interval text not null,
  time timestamptz not null,
  open double precision,
  high double precision,
  low double precision,
  close double precision,
  volume double precision,
  open_interest double precision,
  reason text not null,
  unique (instrument_token, interval, time, reason)
);
create index candle_rejects_time on candle_rejects (rejected_at);

create index coverage_exceptions_from on coverage_exceptions (from_time);
create index coverage_exceptions_lasting on coverage_exceptions (id) where to_time = 'infinity';
create index feed_assignments_time on feed_assignments (assigned_at);

-- Continuous sessions in which any of these instruments trades.
create function sessions_of_any(p_tokens bigint[], p_from timestamptz, p_to timestamptz) returns tstzmultirange
language sql stable parallel safe as $$
  select coalesce(range_agg(tstzrange(greatest(s.opens_at, p_from), least(s.closes_at, p_to))), '{}')
  from (select distinct g.exchange, g.session_group, g.days from instrument_groups g where g.token = any (p_tokens)) k
  join market_sessions s on s.exchange = k.exchange and s.session_group = k.session_group and k.days @> s.day
  where s.kind = 'continuous' and s.opens_at < p_to and s.closes_at > p_from
$$;

-- Which instruments a feed carried at any instant of [p_from, p_to).
create function carried_tokens(p_feed text, p_from timestamptz, p_to timestamptz) returns bigint[]
language sql stable parallel safe as $$
  select coalesce(array_agg(distinct a.token), '{}') from feed_assignments a
  where a.feed = p_feed and a.assigned_at < p_to and a.released_at > p_from
$$;

-- Holes that a look at coverage finds: those behind the cursor (`fresh`) and those that last, cut to sessions. `gap_to` is
-- null while it lasts. `tokens`, each with its own part, are named where a hole is not of all that the feed carries.
-- An open connection that is behind by no more than p_quiet is no hole: its next packet carries it on.
-- p_resubscribed: assignments younger than this are looked at for what was lost between two of them.
create function ledger_holes(p_coverage_id bigint, p_exception_id bigint, p_assignment_id bigint, p_quiet interval,
                             p_resubscribed timestamptz)
returns table (kind text, feed text, cause text, began_at timestamptz, gap_from timestamptz, gap_to timestamptz,
               instruments integer, fresh boolean, tokens bigint[], froms timestamptz[], tos timestamptz[])
language plpgsql stable as $$
declare
  v_settled timestamptz := tickscope_now() - live_settle();
  v_exceptions_from timestamptz := coalesce((select min(g.began_at) from data_gaps g
                                             where g.kind = 'exception' and g.gap_end is null), 'infinity');
begin
  return query
  with between_rows as (
    select c.feed, p.covered_to as hole_from, c.covered_from as hole_to, coalesce(p.cause, 'stall') as cause
    from live_coverage c
    cross join lateral (select n.covered_to, n.cause from live_coverage n
                        where n.feed = c.feed and (n.covered_from, n.id) < (c.covered_from, c.id)
                        order by n.covered_from desc, n.id desc limit 1) p
    where c.id > p_coverage_id and c.covered_from > p.covered_to
  ),
  after_last as (
    select f.feed, l.covered_to as hole_from, null::timestamptz as hole_to, coalesce(l.cause, 'stall') as cause
    from (select a.feed from feed_assignments a where a.released_at > v_settled group by a.feed) f
    cross join lateral (select n.covered_to, n.cause, n.ended_at from live_coverage n
                        where n.feed = f.feed order by n.covered_from desc, n.id desc limit 1) l
    where l.covered_to < v_settled - case when l.ended_at is null then p_quiet else interval '0' end
  ),
  connection_holes as (
    select h.feed, h.cause, h.hole_from, h.hole_to,
           carried_tokens(h.feed, h.hole_from, coalesce(h.hole_to, v_settled)) as carried
    from (select * from between_rows union all select * from after_last) h
  ),
  excepted as (
    select e.feed, e.reason, coalesce(e.token, c.token) as token, e.from_time, e.to_time, e.id > p_exception_id as fresh
    from coverage_exceptions e
    left join lateral unnest(case when e.token is null
                                  then carried_tokens(e.feed, e.from_time, least(e.to_time, v_settled)) end) c (token) on true
    where (e.id > p_exception_id or e.to_time = 'infinity' or e.from_time >= v_exceptions_from)
      -- most that begin with a connection are over within seconds
      and not (e.to_time = 'infinity' and e.from_time > v_settled - p_quiet)
  ),
  exception_holes as (
    select coalesce(e.feed, '') as feed, e.reason as cause, min(e.from_time) as hole_from,
           nullif(max(e.to_time), 'infinity') as hole_to, array_agg(e.token) as carried, bool_or(e.fresh) as fresh,
           array_agg(e.from_time) as froms, array_agg(e.to_time) as tos
    from excepted e
    where e.token is not null
    group by coalesce(e.feed, ''), e.reason, date_trunc('minute', e.from_time)
  ),
  taken_again as (
    select a.feed, a.token, a.id > p_assignment_id as fresh, p.released_at as hole_from,
           greatest(a.assigned_at, least(a.assigned_at + interval '10 seconds',
             (select min(c.covered_from) from live_coverage c
              where c.feed = a.feed and c.covered_to > a.assigned_at))) as hole_to
    from feed_assignments a
    cross join lateral (select max(n.released_at) as released_at from feed_assignments n
                        where n.token = a.token and n.assigned_at < a.assigned_at) p
    where (a.assigned_at > p_resubscribed or a.id > p_assignment_id) and p.released_at < a.assigned_at
      and ist_date(p.released_at) = ist_date(a.assigned_at)
  ),
  subscription_holes as (
    select t.feed, 'subscription' as cause, min(t.hole_from) as hole_from, max(t.hole_to) as hole_to,
           array_agg(t.token) as carried, bool_or(t.fresh) as fresh,
           array_agg(t.hole_from) as froms, array_agg(t.hole_to) as tos
    from taken_again t
    group by t.feed, date_trunc('minute', t.hole_from), date_trunc('minute', t.hole_to)
  ),
  holes as (
    select 'connection' as kind, c.*, true as fresh, null::timestamptz[] as froms, null::timestamptz[] as tos
    from connection_holes c
    union all
    select 'exception', e.feed, e.cause, e.hole_from, e.hole_to, e.carried, e.fresh, e.froms, e.tos from exception_holes e
    union all
    select 'subscription', s.feed, s.cause, s.hole_from, s.hole_to, s.carried, s.fresh, s.froms, s.tos
    from subscription_holes s
  )
  select h.kind, h.feed, h.cause, h.hole_from, lower(piece),
         case when h.hole_to is null and upper(piece) >= v_settled then null else upper(piece) end,
         cardinality(k.concerned), h.fresh, case when h.froms is not null then h.carried end, h.froms, h.tos
  from holes h
  cross join lateral unnest(sessions_of_any(h.carried, h.hole_from, coalesce(h.hole_to, v_settled))) piece
  -- of a hole that lasted for days, each session concerns those that were carried then
  cross join lateral (select case when h.froms is null then carried_tokens(h.feed, lower(piece), upper(piece))
                                  else h.carried end as concerned) k
  where cardinality(k.concerned) > 0
  order by 5, 1, 2;
end $$;

-- Which instruments a connection's row concerns and for how much of it; what is proven or answered already is left out
-- without the dearer look at all of its coverage.
create function concerned_by(p_feed text, p_from timestamptz, p_to timestamptz)
returns table (token bigint, within tstzrange, closed boolean)
language sql stable as $$
  select a.token, a.within,
         exists (select from (select e.from_time, e.to_time from proven_empty e
                              where e.token = a.token and e.from_time <= lower(a.within)
                              order by e.from_time desc limit 1) e
                 where e.to_time >= upper(a.within))
         or exists (select from (select b.span from broker_coverage b
                                 where b.token = a.token and b.interval = '1m' and b.span <= tstzrange(lower(a.within), null)
                                 order by b.span desc limit 1) b
                    where b.span @> a.within)
  from (select n.token, tstzrange(greatest(min(n.assigned_at), p_from), least(max(n.released_at), p_to)) as within
        from feed_assignments n
        where n.feed = p_feed and n.assigned_at < p_to and n.released_at > p_from
        group by n.token) a
$$;

-- Looks again at what instruments of counted rows lack and brings rows up to it; returns how many lack nothing any more.
-- p_gaps or p_tokens null: all. p_source: who closed what candles closed, unless somebody asked for it by hand.
create function recheck_gaps(p_gaps bigint[], p_tokens bigint[], p_source text) returns bigint
language plpgsql as $$
declare
  v_closed bigint;
begin
  with looked as materialized (
    select c.gap_id, c.instrument_token, gap_spans(c.instrument_token, lower(c.within), upper(c.within), '1m') as missing
    from data_gap_instruments c
    join data_gaps g on g.id = c.gap_id
    where g.counted and (p_gaps is null or c.gap_id = any (p_gaps))
      and (p_tokens is null or c.instrument_token = any (p_tokens))
  ),
  closed as (
    delete from data_gap_instruments c using looked l
    where c.gap_id = l.gap_id and c.instrument_token = l.instrument_token and isempty(l.missing)
    returning c.gap_id,
      not exists (select from broker_coverage b
                  where b.token = c.instrument_token and b.interval = '1m' and b.span && c.within) as proven
  ),
  smaller as (
    update data_gap_instruments c set missing = l.missing from looked l
    where c.gap_id = l.gap_id and c.instrument_token = l.instrument_token and not isempty(l.missing)
      and c.missing is distinct from l.missing
  ),
  sums as (
    select gap_id, count(*) as n, count(*) filter (where proven) as proven from closed group by gap_id
  ),
  told as (
    update data_gaps g
    set instruments_left = g.instruments_left - s.n,
        instruments_empty = g.instruments_empty + s.proven,
        source = case when s.n > s.proven then case when g.by_hand then 'MANUAL' else p_source end else g.source end
    from sums s where g.id = s.gap_id
  )
  select coalesce(sum(n), 0) into v_closed from sums;
  return v_closed;
end $$;

-- Takes a row that is over into account: which instruments lack something, and from when it can be asked for, which is
-- p_settle after the end of its last minute.
create function count_gap(p_id bigint, p_settle interval) returns void
language plpgsql as $$
declare
  g data_gaps;
  v_concerned bigint;
  v_closed bigint := 0;
begin
  select * into g from data_gaps where id = p_id;
  if g.kind = 'connection' then
    select count(*), count(*) filter (where closed) into v_concerned, v_closed
    from concerned_by(g.feed, g.gap_start, g.gap_end);
    insert into data_gap_instruments as c (gap_id, instrument_token, within)
    select p_id, n.token, n.within from concerned_by(g.feed, g.gap_start, g.gap_end) n where not n.closed
    on conflict (gap_id, instrument_token) do update set within = excluded.within;
  else
    select count(*) into v_concerned from data_gap_instruments where gap_id = p_id;
  end if;
  -- an exception may begin in an earlier session, and one that never was has no end
  update data_gap_instruments c set within = c.within * tstzrange(g.gap_start, g.gap_end)
  where c.gap_id = p_id and not c.within <@ tstzrange(g.gap_start, g.gap_end);
  delete from data_gap_instruments c where c.gap_id = p_id and isempty(c.within);
  if v_concerned = 0 or (g.kind <> 'connection' and not exists (select from data_gap_instruments c where c.gap_id = p_id)) then
    delete from data_gaps where id = p_id;
    return;
  end if;
  update data_gap_instruments c
  set missing = gap_spans(c.instrument_token, lower(c.within), upper(c.within), '1m') where c.gap_id = p_id;
  with closed as (
    delete from data_gap_instruments c where c.gap_id = p_id and isempty(c.missing) returning 1
  )
  select v_closed + count(*) into v_closed from closed;
  update data_gap_instruments c
  set next_attempt_at = candle_bucket('1m', upper(c.missing) - interval '1 microsecond') + interval '1 minute' + p_settle
  where c.gap_id = p_id and c.attempts = 0;
  update data_gaps set counted = true, instruments = v_concerned, instruments_empty = v_closed,
    instruments_left = v_concerned - v_closed,
    instrument_token = case when v_concerned = 1 then (select c.instrument_token from data_gap_instruments c
                                                       where c.gap_id = p_id) end
  where id = p_id;
end $$;

-- Brings the status of counted rows in line with their instruments; returns those that changed. p_waits: what everything
-- that is not repaired waits for, such as a login; null: nothing in particular.
create function settle_gaps(p_now timestamptz, p_waits text)
returns table (id bigint, status text, before text, instruments_left integer, message text)
language sql as $$
  with told as (
    select g.id, g.status as before, count(c.instrument_token)::integer as left_over,
           count(*) filter (where c.status = 'PENDING')::integer as pending,
           max(c.message) filter (where c.status = 'FAILED') as failure,
           max(c.message) filter (where c.status = 'UNRECOVERABLE') as lost,
           g.last_attempt_at is not null and p_waits is null as at_work
    from data_gaps g left join data_gap_instruments c on c.gap_id = g.id
    where g.counted and g.status <> 'RECOVERED'
    group by g.id
  ),
  wanted as (
    select t.*,
           case when t.left_over = 0 then 'RECOVERED'
                when t.pending > 0 and t.at_work then 'IN_PROGRESS'
                when t.pending > 0 then 'PENDING'
                when t.failure is not null then 'FAILED'
                else 'UNRECOVERABLE' end as status,
           case when t.left_over = 0 then null
                when t.pending > 0 then p_waits
                else coalesce(t.failure, t.lost) end as message
    from told t
  )
  update data_gaps g
  set status = w.status, instruments_left = w.left_over, instruments_failed = w.left_over - w.pending,
      recovered_at = case when w.status = 'RECOVERED' then p_now end, message = w.message
  from wanted w
  where g.id = w.id
    and (g.status, g.instruments_left, g.instruments_failed, g.message)
        is distinct from (w.status, w.left_over, w.left_over - w.pending, w.message)
  returning g.id, g.status, w.before, g.instruments_left, g.message
$$;

do $$
begin
  for v_attempt in 1 .. 10 loop
    begin
      grant insert, update, delete on data_gap_instruments, gap_ledger_cursor, candle_rejects to tickscope_writer;
      grant usage on all sequences in schema public to tickscope_writer;
      exit;
    exception
      when internal_error then perform pg_sleep(0.05);  -- "tuple concurrently updated"
    end;
  end loop;
exception
  when insufficient_privilege or undefined_object then
    raise warning 'the role tickscope_writer was not given the new tables: only the owner can use this database';
end $$;
