/**
 * Holes of connections in the ledger that are over and have parts which were not looked at yet. Parameters: not before,
 * over before.
 */
export const GAPS_TO_LOOK_AT = `
select id, feed, gap_start as "from", gap_end as "to", interpolated_to as "lookedAtTo"
from data_gaps
where kind = 'connection' and gap_end is not null and interpolated_to < gap_end and gap_end > $1 and gap_end < $2
order by gap_end limit 50`;

/**
 * The parts of one such hole, each between two rows of coverage: how long by exchange time, and when (our clock) the
 * first ended. Parameters: feed, from, to.
 */
export const PARTS = `
select c.covered_to as "from", n.covered_from as "to", c.ended_at as "endedAt",
       extract(epoch from n.covered_from - c.covered_to)::float8 * 1000 as "lengthMs"
from live_coverage c
cross join lateral (select l.covered_from from live_coverage l
                    where l.feed = c.feed and (l.covered_from, l.id) > (c.covered_from, c.id)
                    order by l.covered_from, l.id limit 1) n
where c.feed = $1 and c.covered_to >= $2 and n.covered_from <= $3 and n.covered_from > c.covered_to
  and c.ended_at is not null
order by c.covered_to`;

/**
 * What each instrument that the feed carried then, and that is not proven to have been quiet, did on either side of the
 * instant at which the connection ended. Parameters: feed, from, to, that instant.
 */
export const AROUND = `
select t.token, i.tick_size as "tickSize",
       least(extract(epoch from (b.received_at - s.opens_at)), extract(epoch from (s.closes_at - b.received_at)))::float8
         * 1000 as "toSessionEdgeMs",
       extract(epoch from b.received_at)::float8 * 1000 as "beforeAt", b.ltp as "beforePrice", b.volume as "beforeVolume",
       extract(epoch from a.received_at)::float8 * 1000 as "afterAt", a.ltp as "afterPrice", a.volume as "afterVolume",
       m.vwap, m.volume as "minuteVolume", m.low, m.high, m.skew as "skewMs"
from (
  select c.token from unnest(carried_tokens($1, $2, $3)) c (token)
  where not exists (select from proven_empty e
                    where e.token = c.token and e.from_time < $3::timestamptz and e.to_time > $2::timestamptz)
) t
join instruments i on i.token = t.token
cross join lateral (
  select seq, received_at, ltp, volume from tick_data
  where instrument_token = t.token and time > $2::timestamptz - interval '1 minute' and time < $3::timestamptz
    and received_at < $4
  order by seq desc limit 1
) b
cross join lateral (
  select received_at, ltp, volume from tick_data
  where instrument_token = t.token and time > $2::timestamptz - interval '1 minute'
    and time < $3::timestamptz + interval '10 seconds' and seq > b.seq
  order by seq limit 1
) a
cross join lateral (
  select sum(ltp * volume_delta) / nullif(sum(volume_delta), 0) as vwap, sum(volume_delta)::float8 as volume,
         min(low) as low, max(high) as high,
         min(extract(epoch from received_at - exchange_time))::float8 * 1000 as skew
  from tick_data
  where instrument_token = t.token and time > $2::timestamptz - interval '1 minute' and time < $3::timestamptz
    and seq <= b.seq
) m
cross join lateral (
  select s.opens_at, s.closes_at from instrument_sessions(t.token, $2, $3) s where s.kind = 'continuous' limit 1
) s`;

/** The regime of India VIX at an instant, if one was told in the hour before. Parameter: instant. */
export const REGIME_AT = `
select regime from vix_data
where time <= $1::timestamptz and time > $1::timestamptz - interval '1 hour' and regime is not null
order by time desc limit 1`;

/** Parameters: gap, from, to, tokens, times, prices, volumes, methods, confidences. */
export const ADD_ROWS = `
insert into interpolated_data (gap_id, gap_from, gap_to, instrument_token, time, price, volume, method, confidence)
select $1, $2, $3, r.token, r.time, r.price, r.volume, r.method, r.confidence
from unnest($4::bigint[], $5::timestamptz[], $6::float8[], $7::bigint[], $8::text[], $9::float8[])
  r (token, time, price, volume, method, confidence)
on conflict (instrument_token, time) do nothing`;

/** Parameters: gap, up to where. */
export const LOOKED_AT = 'update data_gaps set interpolated_to = $2 where id = $1';
