import PQueue from 'p-queue';
import type { Logger } from 'pino';
import type { HistoryBroker } from '../broker/broker.js';
import type { Clock } from '../clock.js';
import type { Database } from '../db/database.js';
import type { Metrics } from '../metrics.js';
import type { Calendar } from '../sessions/calendar.js';
import { DAY_MS, type IstDate, istDate, istMidnight } from '../sessions/ist.js';
import {
  checkPossibleBuckets,
  DEFAULT_CANDLE_LIMIT,
  INTERVAL_MS,
  MAX_POSSIBLE_BUCKETS,
  roundOut,
} from './buckets.js';
import { type CandleAnswer, type CandleGap, type CandleQuery, DEFAULT_WAIT_MS } from './candle.js';
import { completenessOf } from './completeness.js';
import { fillPrevious } from './fill.js';
import { fetchIntervals } from './heal-plan.js';
import { type Healed, Healer, type Healing, type Lane, PRIORITY } from './healer.js';
import type { StoredHistory } from './history-store.js';
import { readGaps, readSeries, type Series } from './series.js';
import { intersect, type Span, subtract, union } from './span.js';
import { ACTIVE_FAILURES } from './sql/failures.js';
import { GAPS, LAST_CLOSE } from './sql/gaps.js';
import { CONTINUOUS_SESSIONS } from './sql/hours.js';
import { type Queryable, SqlClock, timestamp } from './sql-clock.js';
import { within } from './within.js';

export interface CandleServiceParts {
  readonly db: Database;
  readonly broker: HistoryBroker;
  /** See `HealerParts`. */
  readonly isSecond?: boolean;
  readonly calendar: Calendar;
  /** Keeps `market_sessions` as far back as candles are asked for (see `openSessionsStore`). */
  readonly sessions?: { ensure(from: IstDate, to: IstDate): Promise<void> };
  /** `systemClock`, or a test's, which SQL then sees too. */
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly config: CandleConfig;
}

export interface CandleConfig {
  /** How long after its end a candle of the broker is final. */
  readonly settleSeconds: number;
  /** Holes younger than this are fetched as minutes. */
  readonly healAsMinutesDays: number;
  /** From the end of a day's last session to the broker's final day candle. */
  readonly daySettleMinutes: number;
}

/** Work in the background: whole ranges of one instrument, nothing read back. */
export interface RangeHeal {
  readonly token: number;
  readonly interval: CandleQuery['interval'];
  readonly from: number;
  readonly to: number;
  readonly lane: Lane;
  readonly priority: number;
}

export interface CandleService {
  /**
   * Reads, works out what is missing, fetches only that, stores it, reads again.
   * @throws TooManyCandles
   */
  candles(query: CandleQuery): Promise<CandleAnswer>;
  /** Several at once, in the order asked; they share the waiting time of the first and one lane to the broker. */
  candlesBatch(queries: readonly CandleQuery[]): Promise<CandleAnswer[]>;
  /** Fetches what is missing in a range and waits for it. `stored` counts candles. */
  healRange(range: RangeHeal): Promise<Healed>;
  /** Fetches a day candle again although it is there. `day` is 00:00 IST in epoch milliseconds. */
  refetchDay(request: { token: number; day: number; lane: Lane; priority: number }): Promise<Healed>;
  /** Stores history that somebody else fetched and judged, in one transaction with `beside`, and tells the listeners. */
  store(histories: readonly StoredHistory[], beside?: (db: Queryable) => Promise<void>): Promise<void>;
  newLane(): Lane;
  /** `listener` hears of each instrument whose history was stored, whoever asked for it. Returns how to stop listening. */
  onStored(listener: (token: number) => void): () => void;
  /** Broker requests for history under way. */
  readonly inFlight: number;
  /** Starts nothing more; resolves when what was under way is stored. Safe to call twice. */
  stop(): Promise<void>;
}

/** The warning of an answer that holds only the newest candles of its range. */
export const cutShort = (limit: number): string =>
  `The range holds more than ${limit} candles: these are the newest. Ask for a shorter range or a higher limit.`;

/** Instruments of a batch that are read at a time: the pool is shared with everybody else. */
const BATCH_READS = 4;
/** `candle_gaps` speaks of time up to this long ago. */
const LIVE_SETTLE_MS = 3_000;
/** How far back a close is looked for when buckets are filled. */
const LAST_CLOSE_DAYS = 7;
/** How far ahead of now sessions are made sure of. */
const SESSION_DAYS_AHEAD = 30;

export function createCandleService(parts: CandleServiceParts): CandleService {
  const { broker, clock, log, metrics, config, calendar } = parts;
  const sql = new SqlClock(parts.db, clock);
  const stored = new Set<(token: number) => void>();
  const healer = new Healer({
    sql,
    broker,
    isSecond: parts.isSecond,
    clock,
    log,
    metrics,
    times: {
      settleMs: config.settleSeconds * 1_000,
      daySettleMs: config.daySettleMinutes * 60_000,
      healAsMinutesMs: config.healAsMinutesDays * DAY_MS,
    },
    onStored: (token) => {
      for (const listener of stored) listener(token);
    },
  });

  async function answer(
    query: CandleQuery,
    priority: number,
    lane: Lane,
    deadline: number,
  ): Promise<CandleAnswer> {
    const { interval, instrument } = query;
    const started = performance.now();
    const range = roundOut(interval, query);
    await prepare(instrument.token, interval, range);

    const limit = Math.min(query.limit ?? DEFAULT_CANDLE_LIMIT, MAX_POSSIBLE_BUCKETS);
    const read = () => sql.read((db) => readSeries(db, instrument.token, interval, range, limit));
    const reading = healer.beginReading();
    let series: Series;
    let healing: Healing | undefined;
    try {
      series = await read();
      if (query.backfill !== false && series.gaps.length > 0) {
        healing = await healer.heal({
          token: instrument.token,
          interval,
          gaps: series.gaps,
          sessions: series.sessions,
          since: reading,
          priority,
          lane,
        });
      }
    } finally {
      if (!healing) healer.forget(reading, instrument.token);
    }

    let backfilled = 0;
    let failures: readonly string[] = [];
    if (healing && healing.requests > 0) {
      await within(healing.done, deadline - performance.now());
      ({ stored: backfilled, failures } = healing.soFar());
      series = await read();
    }
    const answered = await compose(query, range, series, limit, healing, backfilled, failures);
    metrics.candleRequest.observe(
      { interval, backfilled: String(backfilled > 0) },
      (performance.now() - started) / 1000,
    );
    return answered;
  }

  /** Sessions must be there before gaps can be told; a range that nobody can want is refused. */
  async function prepare(token: number, interval: CandleQuery['interval'], range: Span): Promise<void> {
    const first = istDate(Math.max(range.from, istMidnight(calendar.firstDay)));
    const last = istDate(Math.min(range.to, clock.now() + SESSION_DAYS_AHEAD * DAY_MS));
    if (first <= last) await parts.sessions?.ensure(first, last);
    if ((range.to - range.from) / INTERVAL_MS[interval] <= MAX_POSSIBLE_BUCKETS) return;
    const { rows } = await sql.read((db) =>
      db.query<Span>(CONTINUOUS_SESSIONS, [token, timestamp(range.from), timestamp(range.to)]),
    );
    checkPossibleBuckets(interval, rows, range.from, range.to);
  }

  async function compose(
    query: CandleQuery,
    range: Span,
    series: Series,
    limit: number,
    healing: Healing | undefined,
    backfilled: number,
    failures: readonly string[],
  ): Promise<CandleAnswer> {
    const { instrument, interval } = query;
    const { token } = instrument;
    const elapsedTo = series.now - LIVE_SETTLE_MS;
    const toCome = union([...(healing?.pending() ?? []), ...healer.pending(token, interval)]);
    const gaps = markPending(series.gaps, toCome);
    const warnings = [
      ...(await failureWarnings(token, query, range, gaps, series.now)),
      ...failures.filter((failure) => failure.startsWith('What the broker gave could not')),
    ];
    if (gaps.some((gap) => gap.reason === 'expired')) {
      warnings.push(
        `${instrument.exchange}:${instrument.symbol} has expired: the broker gives no history of it.`,
      );
    }
    if (gaps.some((gap) => gap.reason === 'calendar')) {
      warnings.push('Part of the range lies past the known calendar: its sessions are a guess.');
    }
    let candles = series.candles;
    let { cut } = series;
    if (query.fill === 'previous') {
      candles = fillPrevious({
        interval,
        from: cut ? candles[0]!.time : range.from,
        to: range.to,
        candles,
        gaps,
        sessions: series.sessions,
        elapsedTo,
        previousClose: cut ? undefined : await lastClose(token, interval, range.from),
        hasVolume: instrument.instrumentType !== 'INDEX',
      });
      if (candles.length > limit) {
        candles = candles.slice(-limit);
        cut = true;
      }
    }
    if (cut) {
      warnings.unshift(cutShort(limit));
    }
    return {
      candles,
      gaps,
      completeness: completenessOf(interval, series.sessions, series.gaps, elapsedTo),
      backfilled,
      warnings,
    };
  }

  async function failureWarnings(
    token: number,
    { interval }: CandleQuery,
    range: Span,
    gaps: readonly CandleGap[],
    now: number,
  ): Promise<string[]> {
    if (!gaps.some((gap) => gap.reason === 'broker_unavailable')) return [];
    const { rows } = await sql.read((db) =>
      db.query<{ message: string; retry_at: number }>(ACTIVE_FAILURES, [
        token,
        fetchIntervals(interval),
        timestamp(range.from),
        timestamp(range.to),
        timestamp(now),
      ]),
    );
    const sentences = new Map<string, number>();
    for (const { message, retry_at } of rows) {
      sentences.set(message, Math.max(retry_at, sentences.get(message) ?? 0));
    }
    return [...sentences].map(
      ([message, retryAt]) =>
        `${message.replace(/\.$/, '')}. It is asked again in ${Math.max(1, Math.ceil((retryAt - now) / 1000))} s.`,
    );
  }

  /** The close before `before`, unless something in between is missing. */
  async function lastClose(
    token: number,
    interval: CandleQuery['interval'],
    before: number,
  ): Promise<number | undefined> {
    const earliest = before - Math.max(LAST_CLOSE_DAYS * DAY_MS, 3 * INTERVAL_MS[interval]);
    return sql.transaction(async (db) => {
      const { rows } = await db.query<{ time: number; close: number }>(LAST_CLOSE, [
        token,
        timestamp(earliest),
        timestamp(before),
        interval,
      ]);
      const last = rows[0];
      if (!last) return undefined;
      const from = last.time + INTERVAL_MS[interval];
      if (from >= before) return last.close;
      const between = await db.query(GAPS, [token, timestamp(from), timestamp(before), interval]);
      return between.rows.length === 0 ? last.close : undefined;
    });
  }

  return {
    candles: (query) =>
      answer(
        query,
        PRIORITY.onDemand,
        healer.newLane(),
        performance.now() + (query.waitMs ?? DEFAULT_WAIT_MS),
      ),

    async candlesBatch(queries) {
      const lane = healer.newLane();
      const reads = new PQueue({ concurrency: BATCH_READS });
      const deadline = performance.now() + (queries[0]?.waitMs ?? DEFAULT_WAIT_MS);
      return Promise.all(
        queries.map((query) => reads.add(() => answer(query, PRIORITY.batch, lane, deadline))),
      );
    },

    async healRange({ token, interval, from, to, lane, priority }) {
      const range = roundOut(interval, { from, to: Math.min(to, clock.now()) });
      if (range.to <= range.from) return { stored: 0, failures: [], faults: [] };
      await prepare(token, interval, { from: range.to - INTERVAL_MS[interval], to: range.to });
      await parts.sessions?.ensure(
        istDate(Math.max(range.from, istMidnight(calendar.firstDay))),
        istDate(range.to),
      );
      const reading = healer.beginReading();
      let healing: Healing | undefined;
      try {
        const { gaps, sessions } = await sql.read((db) => readGaps(db, token, interval, range));
        healing = await healer.heal({ token, interval, gaps, sessions, since: reading, priority, lane });
      } finally {
        if (!healing) healer.forget(reading, token);
      }
      return healing.done;
    },

    async refetchDay({ token, day, lane, priority }) {
      const since = healer.beginReading();
      const gaps = [{ from: day, to: day + DAY_MS, reason: 'pending' }];
      const healing = await healer.heal({ token, interval: '1d', gaps, sessions: [], since, priority, lane });
      return healing.done;
    },

    store: (histories, beside) => healer.store(histories, beside),
    newLane: () => healer.newLane(),
    onStored(listener) {
      stored.add(listener);
      return () => stored.delete(listener);
    },
    get inFlight() {
      return healer.inFlight;
    },
    stop: () => healer.stop(),
  };
}

/** `gaps` with the parts that are being fetched called `pending`. */
function markPending(gaps: readonly CandleGap[], toCome: readonly Span[]): CandleGap[] {
  if (toCome.length === 0) return [...gaps];
  return gaps
    .flatMap((gap) => [
      ...subtract([gap], toCome).map((span) => ({ ...span, reason: gap.reason })),
      ...intersect([gap], toCome).map((span) => ({ ...span, reason: 'pending' })),
    ])
    .sort((a, b) => a.from - b.from);
}
