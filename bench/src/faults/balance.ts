import type { Cluster } from './cluster.js';

/*
 * What must agree inside the database once the service has stopped, whatever happened before.
 */

/** The latest state is that of the last tick. */
const QUOTES = `
  select t.instrument_token::text as token, t.seq::text as last, q.seq::text as state
  from (select instrument_token, max(seq) as seq from tick_data group by 1) t
  left join quotes_latest q using (instrument_token)
  where q.seq is distinct from t.seq`;

/** The day's cumulative volume is what its ticks added: to a minute, or to the day alone. */
const VOLUMES = `
  select t.instrument_token::text as token, t.day::text as day, t.added::text as added, t.volume::text as volume
  from (
    select instrument_token, ist_date(coalesce(last_trade_time, time)) as day,
           sum(coalesce(volume_delta, 0) + coalesce(volume_unplaced, 0)) as added,
           -- a packet without times may tell of another day
           max(volume) filter (where ist_date(last_trade_time) = ist_date(exchange_time)) as volume
    from tick_data group by 1, 2
  ) t
  where t.added <> t.volume`;

const DAYS = `
  select t.instrument_token::text as token, t.volume::text as volume, d.volume::text as state
  from (
    select instrument_token, ist_date(last_trade_time) as day, max(volume) as volume
    from tick_data where volume is not null and last_trade_time is not null
      and ist_date(last_trade_time) = ist_date(exchange_time)
    group by 1, 2
  ) t
  left join day_state d on d.instrument_token = t.instrument_token and d.trading_date = t.day
  where d.volume is distinct from t.volume`;

/** A book belongs to one tick, and a tick whose best bid or ask moved brought one. */
const BOOKS = `
  select instrument_token::text as token, seq::text as seq, count(*)::text as books
  from depth_books group by 1, 2 having count(*) > 1
  union all
  select instrument_token::text, seq::text, 'none'
  from (
    select instrument_token, seq, row(bid_price, bid_qty, ask_price, ask_qty) as best,
           lag(row(bid_price, bid_qty, ask_price, ask_qty)) over w as before
    from tick_data where exchange_time is not null and bid_price is not null
    window w as (partition by instrument_token order by seq)
  ) t
  where best is distinct from before and before is not null
    and not exists (select from depth_books b where b.instrument_token = t.instrument_token and b.seq = t.seq)`;

const COVERAGE = `
  select a.feed as token, a.covered_from::text as first, b.covered_from::text as second
  from live_coverage a join live_coverage b
    on a.feed = b.feed and a.id < b.id and tstzrange(a.covered_from, a.covered_to) && tstzrange(b.covered_from, b.covered_to)`;

const CHECKS: ReadonlyArray<[string, string]> = [
  ['the latest quote is not the last tick', QUOTES],
  ['volumes of the ticks do not add up to the day', VOLUMES],
  ['the volume of the day is not that of its ticks', DAYS],
  ['books and ticks do not agree', BOOKS],
  ['rows of coverage overlap', COVERAGE],
];

/** A sentence for each thing that does not agree. */
export async function balance(cluster: Cluster): Promise<string[]> {
  const complaints: string[] = [];
  for (const [what, query] of CHECKS) {
    const rows = await cluster.query<Record<string, unknown>>(query);
    for (const row of rows.slice(0, 5)) complaints.push(`${what}: ${JSON.stringify(row)}`);
  }
  return complaints;
}
