/** The writer's statements. Arrays are parallel; instants are ISO 8601 texts or `infinity`. */

export const COPY_TICKS =
  'copy tick_data (time, seq, instrument_token, last_trade_time, exchange_time, ltp, high, low, last_qty, volume, volume_delta, volume_unplaced, open_interest, average_price, day_open, day_high, day_low, previous_close, bid_price, ask_price, bid_qty, ask_qty, total_bid_qty, total_ask_qty, is_trade, in_session, time_source, broker, received_at) from stdin (format binary)';
export const COPY_BOOKS = 'copy depth_books (time, seq, instrument_token, book) from stdin (format binary)';
export const COPY_STAGED_QUOTES =
  'copy staged_quotes (time, seq, instrument_token, last_trade_time, exchange_time, ltp, high, low, last_qty, volume, volume_delta, volume_unplaced, open_interest, average_price, day_open, day_high, day_low, previous_close, bid_price, ask_price, bid_qty, ask_qty, total_bid_qty, total_ask_qty, is_trade, in_session, time_source, broker, received_at) from stdin (format binary)';
export const COPY_STAGED_BOOKS =
  'copy staged_books (time, seq, instrument_token, book) from stdin (format binary)';
export const COPY_STAGED_DAYS =
  'copy staged_days (instrument_token, trading_date, open, high, low, last, previous_close, average_price, volume, open_interest, trades, last_trade_time, updated_at) from stdin (format binary)';

/** Once a connection: where the latest rows wait to be merged into their tables. */
export const PREPARE_SESSION = `
  create temporary table staged_quotes (like quotes_latest) on commit delete rows;
  create temporary table staged_books (like depth_latest) on commit delete rows;
  create temporary table staged_days (like day_state) on commit delete rows`;

/** Into quotes_latest `q`: the row with the highest seq stays. */
export const UNLESS_OLDER = `on conflict (instrument_token) do update set (
    time, seq, last_trade_time, exchange_time, ltp, high, low, last_qty, volume, volume_delta,
    volume_unplaced, open_interest, average_price, day_open, day_high, day_low, previous_close, bid_price, ask_price,
    bid_qty, ask_qty, total_bid_qty, total_ask_qty, is_trade, in_session, time_source, broker, received_at) = row(
    excluded.time, excluded.seq, excluded.last_trade_time, excluded.exchange_time, excluded.ltp, excluded.high,
    excluded.low, excluded.last_qty, excluded.volume, excluded.volume_delta, excluded.volume_unplaced,
    excluded.open_interest, excluded.average_price, excluded.day_open, excluded.day_high, excluded.day_low,
    excluded.previous_close, excluded.bid_price, excluded.ask_price, excluded.bid_qty, excluded.ask_qty,
    excluded.total_bid_qty, excluded.total_ask_qty, excluded.is_trade, excluded.in_session, excluded.time_source,
    excluded.broker, excluded.received_at)
  where excluded.seq > q.seq`;

export const MERGE_QUOTES = `
  insert into quotes_latest as q (
    time, seq, instrument_token, last_trade_time, exchange_time, ltp, high, low, last_qty, volume, volume_delta,
    volume_unplaced, open_interest, average_price, day_open, day_high, day_low, previous_close, bid_price, ask_price,
    bid_qty, ask_qty, total_bid_qty, total_ask_qty, is_trade, in_session, time_source, broker, received_at)
  select
    time, seq, instrument_token, last_trade_time, exchange_time, ltp, high, low, last_qty, volume, volume_delta,
    volume_unplaced, open_interest, average_price, day_open, day_high, day_low, previous_close, bid_price, ask_price,
    bid_qty, ask_qty, total_bid_qty, total_ask_qty, is_trade, in_session, time_source, broker, received_at
  from staged_quotes
  ${UNLESS_OLDER}`;

export const MERGE_BOOKS = `
  insert into depth_latest as d (instrument_token, time, seq, book)
  select instrument_token, time, seq, book from staged_books
  on conflict (instrument_token) do update set (time, seq, book) = row(excluded.time, excluded.seq, excluded.book)
  where excluded.seq > d.seq`;

export const MERGE_DAYS = `
  insert into day_state as d (
    instrument_token, trading_date, open, high, low, last, previous_close, average_price, volume, open_interest, trades,
    last_trade_time, updated_at)
  select
    instrument_token, trading_date, open, high, low, last, previous_close, average_price, volume, open_interest, trades,
    last_trade_time, updated_at
  from staged_days
  on conflict (instrument_token, trading_date) do update set (
    open, high, low, last, previous_close, average_price, volume, open_interest, trades, last_trade_time,
    updated_at) = row(
    coalesce(excluded.open, d.open), coalesce(excluded.high, d.high), coalesce(excluded.low, d.low), excluded.last,
    coalesce(excluded.previous_close, d.previous_close), coalesce(excluded.average_price, d.average_price),
    greatest(excluded.volume, d.volume), coalesce(excluded.open_interest, d.open_interest), excluded.trades,
    greatest(excluded.last_trade_time, d.last_trade_time), excluded.updated_at)`;

/** $1 feeds, $2 from, $3 to, $4 ended at, $5 cause. */
export const INSERT_COVERAGE = `
  insert into live_coverage (feed, covered_from, covered_to, ended_at, cause)
  select * from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::text[])`;

export const UPDATE_COVERAGE = `
  update live_coverage c
  set covered_to = u.covered_to, ended_at = u.ended_at, cause = u.cause
  from unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::timestamptz[], $5::text[])
    as u (feed, covered_from, covered_to, ended_at, cause)
  where c.feed = u.feed and c.covered_from = u.covered_from`;

/** $1 feeds, $2 tokens, $3 from, $4 to, $5 reasons. */
export const INSERT_EXCEPTIONS = `
  insert into coverage_exceptions (feed, token, from_time, to_time, reason)
  select * from unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::timestamptz[], $5::text[])`;

/**
 * Ends lasting exceptions, each known by where it began: one flush may end an instrument's exception and begin its next.
 * One that ends where it began never was. $1 tokens, $2 from, $3 to.
 */
export const END_EXCEPTIONS = `
  with ends as materialized (
    select * from unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[]) as u (token, from_time, to_time)
  ),
  void as (
    delete from coverage_exceptions e using ends
    where e.token is not null and int8range(e.token, e.token, '[]') = int8range(ends.token, ends.token, '[]')
      and e.to_time = 'infinity' and e.from_time = ends.from_time and ends.to_time <= ends.from_time
  )
  update coverage_exceptions e
  set to_time = ends.to_time
  from ends
  where e.token is not null and int8range(e.token, e.token, '[]') = int8range(ends.token, ends.token, '[]')
    and e.to_time = 'infinity' and e.from_time = ends.from_time and ends.to_time > ends.from_time`;

/** A proof that touches the instrument's latest row makes that longer: no flood of rows while a connection flaps. */
export const ADD_PROVEN_EMPTY = `
  with given as (
    select g.token, unnest(range_agg(tstzrange(g.from_time, g.to_time))) as span
    from unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[]) as g (token, from_time, to_time)
    group by g.token
  ), proof as (
    select n.token, lower(n.span) as from_time, upper(n.span) as to_time, p.from_time as latest_from, p.to_time as latest_to
    from given n
    left join lateral (select from_time, to_time from proven_empty p where p.token = n.token
                       order by p.from_time desc limit 1) p on true
  ), longer as (
    update proven_empty p set to_time = greatest(p.to_time, f.to_time)
    from (select token, latest_from, max(to_time) as to_time from proof
          where latest_to >= from_time group by token, latest_from) f
    where p.token = f.token and p.from_time = f.latest_from
  )
  insert into proven_empty (token, from_time, to_time)
  select token, from_time, to_time from proof where latest_to is null or latest_to < from_time`;

/** $1 tokens, $2 from, $3 to. */
export const INSERT_STALE = `
  insert into stale_ranges (token, from_time, to_time)
  select * from unnest($1::bigint[], $2::timestamptz[], $3::timestamptz[])`;

/** $1 feeds, $2 tokens, $3 from, $4 to. */
export const INSERT_ASSIGNMENTS = `
  insert into feed_assignments (feed, token, assigned_at, released_at)
  select * from unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::timestamptz[])
  on conflict (token, feed, assigned_at) do update set released_at = excluded.released_at`;

/** $1 feeds, $2 tokens, $3 until. */
export const RELEASE_ASSIGNMENTS = `
  update feed_assignments a
  set released_at = greatest(a.assigned_at, u.released_at)
  from unnest($1::text[], $2::bigint[], $3::timestamptz[]) as u (feed, token, released_at)
  where a.feed = u.feed and a.token = u.token and a.released_at = 'infinity'`;

/** $1 received at, $2 reasons, $3 packets. */
export const INSERT_REJECTS = `
  insert into tick_rejects (received_at, reason, packet)
  select * from unnest($1::timestamptz[], $2::text[], $3::bytea[])`;

/**
 * $1 last sequence number that is in the state tables or null for no change, $2 least time of later ticks (without $1:
 * of further ones), $3 the last flush or null for none, $4 whose turn it must still be. Changes no row when another process has become
 * the writer since.
 */
export const UPDATE_WRITER_STATE = `
  update writer_state
  set (last_state_seq, fold_from, last_batch_id, updated_at) = row(
    coalesce($1, last_state_seq),
    case when $1::bigint is null then least(fold_from, $2::timestamptz) else $2::timestamptz end,
    coalesce($3, last_batch_id), now())
  where epoch = $4`;

/** Begins a new turn: what an earlier writer still sends is refused from its commit on. */
export const BECOME_WRITER = `
  insert into writer_state as w (last_state_seq, fold_from, last_batch_id, epoch, updated_at)
  values (0, 'infinity', 0, 1, now())
  on conflict (only_one) do update set epoch = w.epoch + 1
  returning epoch, last_batch_id, spool_id`;

export const LAST_BATCH_ID = 'select last_batch_id from writer_state';
