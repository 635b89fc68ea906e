-- A book is the packet's own 120 bytes, big-endian: five bids, then five asks, each quantity int32, price int32,
-- orders int16, 2 bytes of padding. Levels without a quantity are left out.

create function be_int(p_bytes bytea, p_offset integer, p_length integer) returns bigint
language sql immutable strict parallel safe as $$
  select case p_length
    when 4 then (get_byte(p_bytes, p_offset)::bigint << 24) + (get_byte(p_bytes, p_offset + 1) << 16)
                + (get_byte(p_bytes, p_offset + 2) << 8) + get_byte(p_bytes, p_offset + 3)
    else (get_byte(p_bytes, p_offset) << 8) + get_byte(p_bytes, p_offset + 1) end
$$;

-- By how much a packet's integer prices are divided to give rupees: by its segment, as the broker's parser does.
create function price_divisor(p_token bigint) returns double precision
language sql immutable strict parallel safe as $$
  select case p_token & 255 when 3 then 10000000 when 6 then 10000 else 100 end::double precision
$$;

create view market_depth as
select b.time, b.instrument_token, case when n < 5 then 'bid' else 'ask' end as side, n % 5 + 1 as level,
       be_int(b.book, n * 12 + 4, 4) / price_divisor(b.instrument_token) as price,
       be_int(b.book, n * 12, 4) as quantity,
       be_int(b.book, n * 12 + 8, 2) as orders,
       b.seq
from depth_books b cross join generate_series(0, 9) n
where be_int(b.book, n * 12, 4) > 0;

create view market_depth_latest as
select b.time, b.instrument_token, case when n < 5 then 'bid' else 'ask' end as side, n % 5 + 1 as level,
       be_int(b.book, n * 12 + 4, 4) / price_divisor(b.instrument_token) as price,
       be_int(b.book, n * 12, 4) as quantity,
       be_int(b.book, n * 12 + 8, 2) as orders,
       b.seq
from depth_latest b cross join generate_series(0, 9) n
where be_int(b.book, n * 12, 4) > 0;
