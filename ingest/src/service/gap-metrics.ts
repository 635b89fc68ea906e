import { SqlClock, timestamp } from '../candles/sql-clock.js';
import type { Clock } from '../clock.js';
import type { Database } from '../db/database.js';
import type { Metrics } from '../metrics.js';
import { istDate, istMidnight } from '../sessions/ist.js';

/** Instruments a statement looks at: each costs a tenth of a millisecond of coverage arithmetic. */
const TOKENS_A_QUERY = 500;
/** Of the time between two looks at all instruments, so much at most is spent on looking. */
const LOOKING_SHARE = 0.05;
/** A hole that began before its instrument was subscribed ends soon after: with the first minute that was heard whole. */
const BEGINNING = '2 minutes';
/** A quiet feed's coverage is carried on by its next packet: what is older than this is settled. */
const HEARD_SETTLES_MS = 60_000;

export interface GapMetricsParts {
  readonly db: Database;
  readonly clock: Clock;
  readonly metrics: Pick<Metrics, 'gapsOpen' | 'dayCompleteness' | 'gapOldestOpen' | 'gapSeconds'>;
  readonly subscriptions: { current(): ReadonlyArray<{ token: number }> };
}

interface Today {
  readonly elapsed: number;
  readonly missing: number;
  readonly holes: number;
  /** Epoch milliseconds; null without a hole. */
  readonly oldest: number | null;
}

const TODAY = `
select coalesce(sum(extract(epoch from upper(h) - lower(h))), 0)::float8 as elapsed, 0::float8 as missing,
       0::int as holes, null::float8 as oldest
from unnest($1::bigint[]) t (token), unnest(continuous_spans(t.token, $2, tickscope_now() - live_settle())) h
union all
select 0, coalesce(sum(extract(epoch from upper(g) - lower(g))), 0)::float8, count(*)::int,
       (extract(epoch from min(greatest(lower(g), f.since))
         filter (where lower(g) >= f.since or upper(g) > f.since + interval '${BEGINNING}')) * 1000)::float8
from market_gap_spans($1, $2, tickscope_now(), '1m') m
left join lateral (select min(a.assigned_at) as since from feed_assignments a where a.token = m.token) f on true,
     unnest(m.spans) g`;

/** Session seconds of [$1, $2) that a feed with instruments in session did not hear, summed over feeds. */
const NOT_HEARD = `
with hours as (
  select a.feed, range_agg(tstzrange(greatest(s.opens_at, $1), least(s.closes_at, $2))) as spans
  from (select distinct a.feed, g.exchange, g.session_group, g.days
        from feed_assignments a join instrument_groups g on g.token = a.token
        where a.released_at > $2 and a.assigned_at < $2) a
  join market_sessions s on s.exchange = a.exchange and s.session_group = a.session_group and a.days @> s.day
  where s.kind = 'continuous' and s.opens_at < $2 and s.closes_at > $1
  group by a.feed
)
select coalesce(sum(extract(epoch from upper(p) - lower(p))), 0)::float8 as seconds
from hours h
cross join lateral unnest(h.spans
  - (select coalesce(range_agg(tstzrange(c.covered_from, c.covered_to)), '{}') from live_coverage c
     where c.feed = h.feed and c.covered_from < $2 and c.covered_to > $1)
  + h.spans * (select coalesce(range_agg(tstzrange(e.from_time, e.to_time)), '{}') from coverage_exceptions e
     where e.token is null and e.feed = h.feed and tstzrange(e.from_time, e.to_time) && tstzrange($1, $2))) p`;

/**
 * What is missing today, as metrics. Holes, completeness and age are of the subscribed instruments and equal what
 * `/api/completeness` says; healed holes are no longer counted. `gap_seconds_total` counts what the feeds did not hear,
 * healed or not, from where the last run ended. The age is of what we meant to hear: hours of today before an instrument
 * was subscribed for the first time, and the minute in which it was, count as missing, but nobody repairs them unasked,
 * so that they never grow old.
 */
export class GapMetrics {
  readonly #p: GapMetricsParts;
  readonly #sql: SqlClock;
  #heardUpTo: number | undefined;
  #restUntil = 0;

  constructor(parts: GapMetricsParts) {
    this.#p = parts;
    this.#sql = new SqlClock(parts.db, parts.clock);
    // Nothing can be complete before a session has begun.
    parts.metrics.dayCompleteness.set(Number.NaN);
  }

  async update(): Promise<void> {
    const now = this.#p.clock.now();
    await this.#countNotHeard(now);
    const started = performance.now();
    if (started < this.#restUntil) return;
    await this.#lookAtToday(now);
    const ended = performance.now();
    this.#restUntil = ended + (ended - started) / LOOKING_SHARE;
  }

  async #lookAtToday(now: number): Promise<void> {
    const { metrics, subscriptions } = this.#p;
    const tokens = subscriptions.current().map(({ token }) => token);
    const rows: Today[] = [];
    for (let i = 0; i < tokens.length; i += TOKENS_A_QUERY) {
      const values = [tokens.slice(i, i + TOKENS_A_QUERY), timestamp(istMidnight(istDate(now)))];
      rows.push(...(await this.#sql.read((db) => db.query<Today>(TODAY, values))).rows);
    }
    const sum = (of: (row: Today) => number) => rows.reduce((total, row) => total + of(row), 0);
    const elapsed = sum((row) => row.elapsed);
    const oldest = Math.min(...rows.map((row) => row.oldest ?? Number.POSITIVE_INFINITY));
    metrics.gapsOpen.set(sum((row) => row.holes));
    metrics.dayCompleteness.set(elapsed > 0 ? 1 - sum((row) => row.missing) / elapsed : Number.NaN);
    metrics.gapOldestOpen.set(Number.isFinite(oldest) ? (now - oldest) / 1000 : 0);
  }

  async #countNotHeard(now: number): Promise<void> {
    const until = now - HEARD_SETTLES_MS;
    const since = this.#heardUpTo ?? (await this.#lastHeard(until));
    if (since < until) {
      const { rows } = await this.#p.db.pool.query<{ seconds: number }>(NOT_HEARD, [
        timestamp(since),
        timestamp(until),
      ]);
      this.#p.metrics.gapSeconds.inc(rows[0]!.seconds);
    }
    this.#heardUpTo = Math.max(since, until);
  }

  /** Where the last run's coverage ends, today at the earliest: the time in which nothing ran was not heard either. */
  async #lastHeard(otherwise: number): Promise<number> {
    const { rows } = await this.#p.db.pool.query<{ ms: number | null }>(
      `select (extract(epoch from max(covered_to)) * 1000)::float8 as ms from live_coverage
       where covered_from < $1 and covered_to > $2`,
      [timestamp(otherwise), timestamp(istMidnight(istDate(otherwise)))],
    );
    return Math.min(rows[0]?.ms ?? otherwise, otherwise);
  }
}
