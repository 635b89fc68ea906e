import type { Database } from '../../src/db/database.js';
import { istMidnight } from '../../src/sessions/ist.js';

/** Thursday 2025-11-20, 15:00:00 IST: the day of the fixture, half an hour before the close. */
export const DAY = '2025-11-20';
export const NOW = istMidnight(DAY) + 15 * 3_600_000;
export const ist = (time: string, day = DAY) => Date.parse(`${day}T${time}+05:30`);

export const NIFTY = 256265;
export const VIX = 264969;
export const INFY = 408065;
export const RELIANCE = 738561;
export const FUTURE = 12_345_602;
export const FEED = 'kite-1';

const INSTRUMENTS = `
insert into instruments (token, symbol, exchange, segment, name, instrument_type, expiry, strike, option_type, lot_size, underlying, underlying_token, active) values
 (256265, 'NIFTY 50', 'NSE', 'INDICES', 'NIFTY 50', 'INDEX', null, null, null, 1, null, null, true),
 (264969, 'INDIA VIX', 'NSE', 'INDICES', 'INDIA VIX', 'INDEX', null, null, null, 1, null, null, true),
 (408065, 'INFY', 'NSE', 'NSE', 'INFOSYS', 'EQ', null, null, null, 1, null, null, true),
 (738561, 'RELIANCE', 'NSE', 'NSE', 'RELIANCE INDUSTRIES', 'EQ', null, null, null, 1, null, null, true),
 (12345602, 'NIFTY25NOVFUT', 'NFO', 'NFO-FUT', 'NIFTY', 'FUT', '2025-11-25', null, null, 75, 'NIFTY', 256265, true),
 (12345858, 'NIFTY25NOV26000CE', 'NFO', 'NFO-OPT', 'NIFTY', 'CE', '2025-11-25', 26000, 'CE', 75, 'NIFTY', 256265, true),
 (12346114, 'NIFTY25NOV26000PE', 'NFO', 'NFO-OPT', 'NIFTY', 'PE', '2025-11-25', 26000, 'PE', 75, 'NIFTY', 256265, true),
 (12346370, 'NIFTY25NOV26500CE', 'NFO', 'NFO-OPT', 'NIFTY', 'CE', '2025-11-25', 26500, 'CE', 75, 'NIFTY', 256265, true),
 (12346626, 'NIFTY25OCT26000CE', 'NFO', 'NFO-OPT', 'NIFTY', 'CE', '2025-10-28', 26000, 'CE', 75, 'NIFTY', 256265, false);
insert into instrument_groups (token, session_group, days)
select token, case when instrument_type = 'INDEX' then 'index' when exchange = 'NFO' then 'derivatives' else 'cash' end, '[,]'
from instruments`;

const SESSIONS = `
insert into market_sessions (exchange, session_group, day, kind, opens_at, closes_at)
select 'NSE', g, d::date, 'continuous', (d::date + time '09:15') at time zone 'Asia/Kolkata',
       (d::date + time '15:30') at time zone 'Asia/Kolkata'
from generate_series(date '2025-06-01', date '2025-11-28', interval '1 day') d, unnest(array['index', 'cash', 'derivatives']) g
where extract(isodow from d) < 6`;

// A walk that anybody can recompute: the price is a sum of sines of the second, the volume a step a tick.
const PRICE = `(1500 + 12 * sin(extract(epoch from t.at) / 2700) + 4 * sin(extract(epoch from t.at) / 310)
  + 1.5 * sin(extract(epoch from t.at) / 47))::numeric(12, 2)::double precision`;

const TICKS = `
insert into tick_data (time, seq, instrument_token, last_trade_time, exchange_time, ltp, high, low, last_qty, volume,
  volume_delta, open_interest, average_price, day_open, day_high, day_low, previous_close, bid_price, ask_price, bid_qty,
  ask_qty, total_bid_qty, total_ask_qty, is_trade, in_session, time_source, broker, received_at)
select t.at, t.n * 10 + i.rank, i.token, case when i.index then null else t.at end, t.at, p.price, p.price, p.price,
  case when i.index then null else 10 + t.n % 7 end, case when i.index then null else t.n * 40 end,
  case when i.index then null else 40 end, case when i.token = 12345602 then 1000000 + t.n * 5 end,
  case when i.index then null else 1500 end, 1490, 1519, 1481, 1495, p.price - 0.05, p.price + 0.05, 100, 120, 5000, 6000,
  true, true, case when i.index then 'e' else 't' end::"char", 'test', t.at + interval '120 ms'
from (select at, row_number() over (order by at) as n
      from generate_series($1::timestamptz, $2::timestamptz - interval '5 seconds', interval '5 seconds') at) t
cross join (select token, instrument_type = 'INDEX' as index, row_number() over (order by token) as rank
            from instruments where token in (256265, 264969, 408065, 12345602)) i
cross join lateral (select ${PRICE} as price) p
where not (t.at >= $3 and t.at < $4) and not (t.at >= $5 and t.at < $6)`;

const BROKER_MINUTES = `
insert into broker_candles (instrument_token, interval, bucket, open, high, low, close, volume, open_interest)
select i.token, '1m', t.at, p.price, p.price + 1, p.price - 1, p.price + 0.4,
       case when i.instrument_type = 'INDEX' then null else 480 end, case when i.token = 12345602 then 1000000 end
from instruments i cross join generate_series($1::timestamptz, $2::timestamptz - interval '1 minute', interval '1 minute') t (at)
cross join lateral (select ${PRICE} as price) p
where i.token in (256265, 264969, 408065, 12345602)`;

/**
 * A small market on one day: ticks each 5 s until 15:00 with two holes, 10:00-10:12 healed by the broker and
 * 14:20-14:25 not; two days of broker minutes before it; NSE:RELIANCE known and never heard.
 */
export async function seedMarket(db: Database): Promise<void> {
  const iso = (ms: number) => new Date(ms).toISOString();
  const { pool } = db;
  await pool.query(INSTRUMENTS);
  await pool.query(SESSIONS);
  if (db.kind === 'postgres')
    await pool.query(`select ensure_day_partition(t, $1) from unnest(array['tick_data', 'depth_books']) t`, [
      DAY,
    ]);
  await pool.query(
    TICKS,
    [ist('09:15'), NOW, ist('10:00'), ist('10:12'), ist('14:20'), ist('14:25')].map(iso),
  );
  const days: Array<[number, number]> = [
    [ist('09:15', '2025-11-18'), ist('15:30', '2025-11-18')],
    [ist('09:15', '2025-11-19'), ist('15:30', '2025-11-19')],
    [ist('10:00'), ist('10:12')],
  ];
  for (const [from, to] of days) {
    await pool.query(BROKER_MINUTES, [iso(from), iso(to)]);
    await pool.query(
      `insert into broker_coverage (token, interval, span)
       select token, '1m', tstzrange($1, $2) from unnest($3::bigint[]) token`,
      [iso(from), iso(to), [NIFTY, VIX, INFY, FUTURE]],
    );
    await pool.query(`select mark_pending_merges(token, $1, $2) from unnest($3::bigint[]) token`, [
      iso(from),
      iso(to),
      [NIFTY, VIX, INFY, FUTURE],
    ]);
  }
  await pool.query(
    `insert into feed_assignments (feed, token, assigned_at) select $1, t, $2 from unnest($3::bigint[]) t`,
    [FEED, iso(ist('09:14')), [NIFTY, VIX, INFY, FUTURE]],
  );
  const connections: Array<[number, number, string | null]> = [
    [ist('09:14'), ist('10:00'), 'disconnect'],
    [ist('10:12'), ist('14:20'), 'stall'],
    [ist('14:25'), NOW, null],
  ];
  for (const [from, to, cause] of connections) {
    await pool.query(
      `insert into live_coverage (feed, covered_from, covered_to, ended_at, cause) values ($1, $2, $3, $4, $5)`,
      [FEED, iso(from), iso(to), cause && iso(to), cause],
    );
  }
  await pool.query(
    `insert into quotes_latest select distinct on (instrument_token) * from tick_data order by instrument_token, seq desc`,
  );
  await pool.query(
    `insert into day_state (instrument_token, trading_date, open, high, low, last, previous_close, average_price, volume, open_interest, trades, last_trade_time, updated_at)
     select instrument_token, $1, 1490, 1519, 1481, ltp, 1495, average_price, volume, open_interest, 3900, time, received_at from quotes_latest`,
    [DAY],
  );
  await storeBook(db, INFY, NOW - 1_000, 1, 150_000);
  await pool.query(`insert into subscriptions (token) select unnest($1::bigint[])`, [[NIFTY, INFY, FUTURE]]);
  await pool.query(`insert into watchlists values ('indices', $1, 1), ('indices', $2, 2)`, [NIFTY, VIX]);
}

/** Five levels of each side around `price` (paise), as a packet has them. */
export async function storeBook(
  db: Database,
  token: number,
  time: number,
  seq: number,
  price: number,
): Promise<void> {
  const book = Buffer.alloc(120);
  for (let level = 0; level < 10; level++) {
    const distance = 5 * (1 + (level % 5));
    book.writeInt32BE(100 * (1 + (level % 5)) + (level > 4 ? 7 : 0), level * 12);
    book.writeInt32BE(price + (level < 5 ? -distance : distance), level * 12 + 4);
    book.writeUInt16BE(level + 1, level * 12 + 8);
  }
  const values = [token, new Date(time).toISOString(), seq, book];
  await db.pool.query(
    'insert into depth_books (instrument_token, time, seq, book) values ($1, $2, $3, $4)',
    values,
  );
  await db.pool.query(
    `insert into depth_latest (instrument_token, time, seq, book) values ($1, $2, $3, $4)
     on conflict (instrument_token) do update set time = excluded.time, seq = excluded.seq, book = excluded.book`,
    values,
  );
}

/** One more trade of an instrument, as a flush would leave it: tick, latest quote, coverage. */
export async function trade(
  db: Database,
  token: number,
  time: number,
  ltp: number,
  seq: number,
): Promise<void> {
  const at = new Date(time).toISOString();
  await db.pool.query(
    `with previous as (select * from quotes_latest where instrument_token = $1),
     tick as (
       insert into tick_data (time, seq, instrument_token, last_trade_time, exchange_time, ltp, high, low, last_qty, volume,
         volume_delta, open_interest, average_price, day_open, day_high, day_low, previous_close, bid_price, ask_price,
         is_trade, in_session, time_source, broker, received_at)
       select $2, $4, $1, $2, $2, $3, $3, $3, 10, volume + 40, 40, open_interest, average_price, day_open, day_high, day_low,
         previous_close, $3::float8 - 0.05, $3::float8 + 0.05, true, true, 't', 'test', $2 from previous returning *
     )
     update quotes_latest q set ltp = t.ltp, time = t.time, seq = t.seq, volume = t.volume, bid_price = t.bid_price,
       ask_price = t.ask_price, last_trade_time = t.last_trade_time
     from tick t where q.instrument_token = t.instrument_token`,
    [token, at, ltp, seq],
  );
}
