-- Regimes of India VIX by the thresholds in settings.

create function vix_regime(p_value double precision) returns text
language sql stable parallel safe as $$
  select case
    when p_value is null then null
    when p_value >= (select value from settings where name = 'vix_extreme') then 'EXTREME'
    when p_value >= (select value from settings where name = 'vix_high') then 'HIGH'
    when p_value < (select value from settings where name = 'vix_low') then 'LOW'
    else 'NORMAL' end
$$;

-- Stretches of one regime within [p_from, p_to), oldest first; each ends where the next begins, the last with its last row.
create function volatility_regime(p_from timestamptz, p_to timestamptz)
returns table (from_time timestamptz, to_time timestamptz, regime text, minutes bigint,
               average double precision, low double precision, high double precision)
language sql stable parallel safe as $$
  select min(s.time), coalesce(lead(min(s.time)) over (order by min(s.time)), max(s.time) + interval '1 minute'), s.regime,
         count(*), avg(s.value), min(s.value), max(s.value)
  from (select c.*, count(*) filter (where c.changed) over (order by c.time) as stretch
        from (select v.time, v.value, coalesce(v.regime, vix_regime(v.value)) as regime,
                     coalesce(v.regime, vix_regime(v.value))
                       is distinct from lag(coalesce(v.regime, vix_regime(v.value))) over (order by v.time) as changed
              from vix_data v where v.time >= p_from and v.time < p_to) c) s
  group by s.stretch, s.regime
  order by 1
$$;
