import type { Database } from '@tickscope/ingest/dist/src/db/database.js';
import { nseCalendar } from '@tickscope/ingest/dist/src/sessions/nse-calendar.js';
import { benchInstruments } from './frames.js';
import { settle, type World } from './world.js';

/*
 * A database as it looks after some weeks of use: minutes that ticks made, a feed that reconnected twenty times a
 * day, instruments that nothing traded in across such a hole, stragglers after it, and, for every second
 * instrument, holes that the broker's minutes closed. And a year of the broker's day candles.
 */

export interface HistoryOptions {
  readonly instruments: number;
  readonly days: number;
  readonly reconnectsPerDay: number;
}

export interface History extends World {
  /** IST dates with a session, oldest first. */
  readonly days: readonly string[];
  /** Instruments whose holes are closed, and those whose are not. */
  readonly healed: readonly number[];
  readonly holed: readonly number[];
}

export async function writeHistory(db: Database, options: HistoryOptions): Promise<History> {
  const listed = benchInstruments(options.instruments, 1);
  const calendar = nseCalendar();
  const world = await settle(db, listed, calendar);
  const [healed, holed] = [0, 1].map((parity) =>
    listed.map(({ token }) => token).filter((_, i) => i % 2 === parity),
  ) as [number[], number[]];
  const client = await db.connect('bench history');
  try {
    const days = await client.query<{ day: string }>(SESSION_DAYS, [options.days]);
    const dates = days.rows.map(({ day }) => day).reverse();
    await client.query(COVERAGE, [dates, options.reconnectsPerDay]);
    await client.query(ASSIGNMENTS, [dates[0]]);
    await client.query(HOLES);
    await client.query(PROVEN_EMPTY);
    await client.query(STRAGGLERS);
    await client.query(BROKER_COVERAGE, [healed]);
    await client.query(BROKER_MINUTES);
    for (const statement of BEFORE_MINUTES[db.kind]) await client.query(statement);
    for (const day of dates) await client.query(MINUTES[db.kind], [day]);
    for (const statement of AFTER_MINUTES[db.kind]) await client.query(statement);
    await client.query(BROKER_DAYS);
    await client.query(DAY_COVERAGE);
    await client.query('vacuum analyze');
    return { ...world, days: dates, healed, holed };
  } finally {
    await client.end();
  }
}

const SESSION_DAYS = `
  select distinct day::text as day from market_sessions
  where session_group = 'cash' and kind = 'continuous' and day < ist_date(now())
  order by day desc limit $1`;

/** Rows of the feed between reconnects, each of which cost 5 to 25 seconds. */
const COVERAGE = `
  insert into live_coverage (feed, covered_from, covered_to, ended_at, cause)
  select 'kite-1', opens + part * length + case when part = 0 then interval '0' else (5 + 20 * random()) * interval '1 second' end,
         opens + (part + 1) * length, opens + (part + 1) * length, 'disconnect'
  from (
    select day, min(opens_at) - interval '2 minutes' as opens,
           (max(closes_at) - min(opens_at) + interval '4 minutes') / ($2::int + 1) as length
    from market_sessions where kind = 'continuous' and day = any ($1::date[]) group by day
  ) d cross join generate_series(0, $2::int) part`;

const ASSIGNMENTS = `
  insert into feed_assignments (feed, token, assigned_at)
  select 'kite-1', token, ist_midnight($1::date) from instruments`;

/** What each instrument missed; `draw` picks shares of them. */
const HOLES = `
  create temporary table holes as
  select i.token, h.hole_from, h.hole_to, hashint8(i.token * 7919 + extract(epoch from h.hole_from)::bigint) as draw
  from instruments i
  cross join (select covered_to as hole_from, next_from as hole_to
              from (select covered_to, lead(covered_from) over (order by covered_from) as next_from from live_coverage) c
              where next_from - covered_to between interval '1 second' and interval '2 minutes') h`;

const PROVEN_EMPTY = `
  insert into proven_empty (token, from_time, to_time)
  select token, hole_from, hole_to from holes where draw % 10 in (0, 1, 2, -1, -2)`;

const STRAGGLERS = `
  insert into coverage_exceptions (feed, token, from_time, to_time, reason)
  select 'kite-1', token, hole_to, hole_to + interval '4 seconds', 'disconnect' from holes where draw % 25 = 3`;

const BROKER_COVERAGE = `
  insert into broker_coverage (token, interval, span)
  select token, '1m', unnest(range_agg(tstzrange(date_trunc('minute', hole_from),
                                                 date_trunc('minute', hole_to + interval '64 seconds'))))
  from holes where token = any ($1::bigint[]) group by token`;

const BROKER_MINUTES = `
  insert into broker_candles (instrument_token, interval, bucket, open, high, low, close, volume)
  select token, '1m', bucket, 100, 101, 99, 100.5, 1000
  from broker_coverage b
  cross join lateral generate_series(lower(span), upper(span) - interval '1 second', interval '1 minute') bucket
  where interval = '1m'`;

/** Minutes of one day: an index or stock trades in each, a contract in two of three. */
const TRADED_MINUTES = `
  select i.token, bucket
  from instruments i
  cross join generate_series($1::date::timestamp at time zone 'Asia/Kolkata' + interval '9 hours 15 minutes',
                             $1::date::timestamp at time zone 'Asia/Kolkata' + interval '15 hours 14 minutes',
                             interval '1 minute') bucket
  where (i.expiry is null or hashint8(i.token + extract(epoch from bucket)::bigint) % 3 <> 0)
    and exists (select from live_coverage c where c.covered_from <= bucket and c.covered_to > bucket)`;

const PRICE = '(100 + (i.token % 4000) + 5 * random())';

/** On plain PostgreSQL the rollup's rows themselves; on TimescaleDB a tick a minute, from which it makes them. */
const MINUTES: Record<Database['kind'], string> = {
  postgres: `
    insert into tick_rollup_1m (bucket, instrument_token, open, high, low, close, volume, volume_unplaced, open_interest, trades, turnover)
    select i.bucket, i.token, ${PRICE}, ${PRICE}, ${PRICE}, ${PRICE}, 1000, 0, null, 20, 1000 * ${PRICE}
    from (${TRADED_MINUTES}) i`,
  timescale: `
    insert into tick_data (time, seq, instrument_token, last_trade_time, exchange_time, ltp, high, low, last_qty, volume,
                           volume_delta, volume_unplaced, is_trade, in_session, time_source, broker, received_at)
    select i.bucket, extract(epoch from i.bucket)::bigint, i.token, i.bucket, i.bucket, ${PRICE}, ${PRICE}, ${PRICE}, 10,
           100000, 1000, 0, true, true, 't', 'kite', i.bucket
    from (${TRADED_MINUTES}) i order by i.token, i.bucket desc`,
};

/** The jobs would refresh beside the measurement; what they do is done at once instead. */
const BEFORE_MINUTES: Record<Database['kind'], string[]> = {
  postgres: [],
  timescale: [
    `select alter_job(job_id, scheduled => false) from timescaledb_information.jobs where job_id >= 1000`,
    'set timescaledb.enable_direct_compress_insert = on',
  ],
};
const AFTER_MINUTES: Record<Database['kind'], string[]> = {
  postgres: ['update watermarks set watermark = ist_midnight(ist_date(now()))'],
  timescale: [`call refresh_continuous_aggregate('tick_candles_1m', null, ist_midnight(ist_date(now())))`],
};

const BROKER_DAYS = `
  insert into broker_candles (instrument_token, interval, bucket, open, high, low, close, volume)
  select i.token, '1d', ist_midnight(s.day), 100, 110, 90, 105, 1000000
  from instruments i
  cross join (select distinct day from market_sessions
              where session_group = 'cash' and kind = 'continuous' and day between ist_date(now()) - 400 and ist_date(now()) - 1) s`;

const DAY_COVERAGE = `
  insert into broker_coverage (token, interval, span)
  select token, '1d', tstzrange(ist_midnight(ist_date(now()) - 400), ist_midnight(ist_date(now()))) from instruments`;
