import PQueue from 'p-queue';
import type { Logger } from 'pino';
import { type BrokerCandle, BrokerError, type CandleInterval, type HistoryBroker } from '../broker/broker.js';
import type { Clock } from '../clock.js';
import type { InstrumentType } from '../instruments/instrument.js';
import type { Metrics } from '../metrics.js';
import { bucketCeiling, bucketStart, INTERVAL_MS } from './buckets.js';
import type { CandleGap } from './candle.js';
import { contradictionOf } from './contradiction.js';
import { type FetchFault, type FlightResult, Flights, type Moment } from './flights.js';
import { fetchIntervals, type HealTimes, type HistoryFetch, planFetches, without } from './heal-plan.js';
import { judgeHistory } from './history-answer.js';
import {
  recordFailure,
  type StoredHistory,
  storeHistory,
  storeMergedCandles,
  writeHistory,
} from './history-store.js';
import { priceBands } from './price-bands.js';
import { intersect, type Span, subtract, union } from './span.js';
import { BROKER_TOKEN, GAPS } from './sql/gaps.js';
import { CONTINUOUS_SESSIONS, DAY_CLOSES } from './sql/hours.js';
import { type Queryable, type SqlClock, timestamp } from './sql-clock.js';
import { within } from './within.js';

export const PRIORITY = { onDemand: 10, batch: 5, background: 0 } as const;

/** How many requests of one caller are with the broker at a time, so that callers take turns. */
const REQUESTS_PER_CALLER = 4;

/** What a gap says whose last request failed, until it may be asked for again. */
const REFUSED = 'broker_unavailable';

/** How long a stop waits for requests under way. */
const STOP_WAIT_MS = 5_000;

/** One caller's way to the broker. */
export type Lane = PQueue;

export interface HealRequest {
  readonly token: number;
  readonly interval: CandleInterval;
  /** What is missing, as the database said at `since`. */
  readonly gaps: readonly CandleGap[];
  /** Continuous sessions around the gaps, sorted. */
  readonly sessions: readonly Span[];
  /** The reading that showed `gaps`; let go of by `heal`. */
  readonly since: Moment;
  /** See `PRIORITY`. */
  readonly priority: number;
  readonly lane: Lane;
}

export interface Healed {
  /** Candles. */
  readonly stored: number;
  /** Sentences, each once. */
  readonly failures: readonly string[];
  /** Why requests had no answer, each once. */
  readonly faults: readonly FetchFault[];
}

/** A healing under way. */
export interface Healing {
  /** Requests that it needs, shared ones included. 0: there was nothing to do. */
  readonly requests: number;
  /** Resolves when all is fetched or failed; never rejects. */
  readonly done: Promise<Healed>;
  soFar(): Healed;
  /** Whole buckets that are still to come, sorted. */
  pending(): Span[];
}

export interface HealerParts {
  readonly sql: SqlClock;
  readonly broker: HistoryBroker;
  /** Asks for what the first broker refused as well, and what it does not give is not held against a hole. */
  readonly isSecond?: boolean | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly times: Omit<HealTimes, 'now'>;
  /** After history of an instrument was stored. */
  readonly onStored: (token: number) => void;
}

/**
 * Closes gaps with the broker's history.
 *
 * gaps -> whole settled buckets -> requests (planFetches) -> the caller's lane -> less what others are already
 * fetching (Flights) -> broker -> judged against hours and ticks -> stored with its coverage in one transaction.
 * A request that had to wait for its turn reads the gaps again first: others may have closed them.
 */
export class Healer {
  readonly #parts: HealerParts;
  readonly #flights = new Flights();
  /** Wide candles are stored after the answer, one instrument at a time: nobody waits for them. */
  readonly #merges = new PQueue({ concurrency: 1 });
  #stopping = false;

  constructor(parts: HealerParts) {
    this.#parts = parts;
  }

  /** Call before reading gaps; `heal` or `forget` ends it. */
  beginReading(): Moment {
    return this.#flights.beginReading();
  }

  forget(reading: Moment, token: number): void {
    this.#flights.release(reading, token);
  }

  newLane(): Lane {
    return new PQueue({ concurrency: REQUESTS_PER_CALLER });
  }

  /** What of `interval` is being fetched for `token` by anybody. */
  pending(token: number, interval: CandleInterval): Span[] {
    return this.#flights.spans(token, fetchIntervals(interval));
  }

  /** Fetches under way. */
  get inFlight(): number {
    return this.#flights.size;
  }

  async heal(request: HealRequest): Promise<Healing> {
    const { token, lane } = request;
    let fetches: HistoryFetch[];
    try {
      fetches = this.#stopping ? [] : await this.#plan(request);
    } catch (error) {
      this.forget(request.since, token);
      throw error;
    }
    if (fetches.length === 0) {
      this.forget(request.since, token);
      const nothing = { stored: 0, failures: [], faults: [] };
      return { requests: 0, done: Promise.resolve(nothing), soFar: () => nothing, pending: () => [] };
    }
    let outstanding = union(fetches.flatMap((fetch) => fetch.spans));
    let stored = 0;
    const failures = new Set<string>();
    const faults = new Set<FetchFault>();
    const soFar = () => ({ stored, failures: [...failures], faults: [...faults] });
    const results = fetches.map(async (fetch) => {
      const waits = lane.pending >= lane.concurrency || lane.size > 0;
      const result = await lane.add(() =>
        waits ? this.#rejoin(request, fetch) : this.#join(request, fetch),
      );
      outstanding = subtract(outstanding, fetch.spans);
      stored += result.stored;
      if (result.failure !== undefined) failures.add(result.failure);
      if (result.kind !== undefined) faults.add(result.kind);
    });
    const done = Promise.all(results).then(() => {
      this.forget(request.since, token);
      this.#parts.metrics.repairs.inc({ result: resultOf(stored, failures.size) });
      return soFar();
    });
    return { requests: fetches.length, done, soFar, pending: () => outstanding };
  }

  /** Stores what somebody else fetched and judged, in one transaction with `beside`. */
  async store(
    histories: readonly StoredHistory[],
    beside: (db: Queryable) => Promise<void> = async () => undefined,
  ): Promise<void> {
    await this.#parts.sql.transaction(async (db) => {
      for (const history of histories) await writeHistory(db, history);
      await beside(db);
    });
    for (const token of new Set(histories.map((history) => history.token))) this.#parts.onStored(token);
    for (const { token, interval, candles } of histories) {
      if (candles.length === 0) continue;
      this.#parts.metrics.backfilledCandles.inc({ interval }, candles.length);
      if (interval !== '1m') continue;
      this.#merge(token, { from: candles[0]!.time, to: candles.at(-1)!.time + INTERVAL_MS['1m'] });
    }
  }

  /**
   * Starts nothing more and resolves when what was under way is stored, or after `STOP_WAIT_MS`: a request that
   * still waits for the broker's rate is given up with the broker. Safe to call twice.
   */
  async stop(): Promise<void> {
    this.#stopping = true;
    const landed = this.#flights.landed().then(() => {
      // Maintenance stores what is left of them; a reader computes it until then.
      this.#merges.clear();
      return this.#merges.onIdle();
    });
    await within(landed, STOP_WAIT_MS);
    this.#merges.clear();
  }

  async #plan({ token, interval, gaps: told, sessions }: HealRequest): Promise<HistoryFetch[]> {
    const { broker, sql, clock, times, isSecond } = this.#parts;
    const gaps = isSecond
      ? told.map((gap) => (gap.reason === REFUSED ? { ...gap, reason: 'pending' } : gap))
      : told;
    const hours =
      interval === '1d' && gaps.length > 0
        ? { sessions, dayCloses: await this.#dayCloses(sql, token, gaps[0]!.from, gaps.at(-1)!.to) }
        : { sessions };
    return planFetches(interval, gaps, hours, { ...times, now: clock.now() }, (i) =>
      broker.maxCandleRangeMs(i),
    );
  }

  async #dayCloses(sql: SqlClock, token: number, from: number, to: number): Promise<Map<string, number>> {
    const { rows } = await sql.read((db) =>
      db.query<{ day: string; closes_at: number }>(DAY_CLOSES, [
        token,
        timestamp(bucketStart('1d', from)),
        timestamp(bucketCeiling('1d', to)),
      ]),
    );
    return new Map(rows.map(({ day, closes_at }) => [day, closes_at]));
  }

  /** After waiting for its turn: fetches what is still missing. */
  async #rejoin(request: HealRequest, fetch: HistoryFetch): Promise<FlightResult> {
    if (this.#stopping) return { stored: 0 };
    const since = this.beginReading();
    try {
      const { rows } = await this.#parts.sql.read((db) =>
        db.query<CandleGap>(GAPS, [
          request.token,
          timestamp(fetch.from),
          timestamp(fetch.to),
          request.interval,
        ]),
      );
      const gaps = union(rows.filter((gap) => this.#parts.isSecond || gap.reason !== REFUSED));
      const left = fetch.spans.filter((span) => gaps.some((gap) => gap.from < span.to && gap.to > span.from));
      if (left.length === 0) return { stored: 0 };
      const rest = { ...fetch, spans: left, from: left[0]!.from, to: left.at(-1)!.to };
      return await this.#join({ ...request, since }, rest);
    } catch (error) {
      return this.#unstored(error);
    } finally {
      this.forget(since, request.token);
    }
  }

  /** Fetches what nobody else is fetching, and waits for those who do. */
  async #join(request: HealRequest, fetch: HistoryFetch): Promise<FlightResult> {
    if (this.#stopping) return { stored: 0 };
    const { token, priority, since } = request;
    // A fetch that waits behind everybody's is not worth waiting for: better the same again, sooner.
    const shared = this.#flights
      .find(token, fetch.interval, fetch, since)
      .filter((flight) => flight.priority >= priority || flight.endedAt !== undefined);
    const rest = without(
      fetch,
      shared.flatMap((flight) => flight.spans),
    );
    const own = rest
      ? [this.#flights.add(token, rest.interval, rest.spans, priority, () => this.#fetch(request, rest))]
      : [];
    const results = await Promise.all([...shared, ...own].map((flight) => flight.result));
    const failed = results.find((result) => result.failure);
    return { ...failed, stored: results.reduce((sum, { stored }) => sum + stored, 0) };
  }

  async #fetch(request: HealRequest, fetch: HistoryFetch): Promise<FlightResult> {
    const { broker, clock, metrics, sql, isSecond } = this.#parts;
    const { token, priority } = request;
    let rows: BrokerCandle[];
    let instrumentType: InstrumentType;
    try {
      const known = await this.#instrument(token);
      const brokerToken = known?.broker_token;
      if (!known || brokerToken == null) {
        throw new BrokerError('rejected', `The broker ${broker.name} does not know this instrument now`);
      }
      instrumentType = known.instrument_type;
      const { interval, from, to } = fetch;
      rows = await broker.candles({ brokerToken, interval, from, to, priority });
    } catch (error) {
      return this.#failed(token, fetch, error);
    }
    metrics.backfillRequests.inc({ result: 'ok' });
    try {
      const sessions = await this.#sessions(token, fetch);
      const now = clock.now();
      const bands = await priceBands(sql, token, instrumentType, fetch.interval, fetch);
      const judged = judgeHistory(fetch, rows, sessions, bands);
      const isIndex = instrumentType === 'INDEX';
      const contradiction = await contradictionOf(sql, { token, isIndex }, fetch, judged, sessions);
      const refused = union([...judged.refused, ...(contradiction?.spans ?? [])]);
      // That nothing traded is believed of the broker alone, who can be held against its own quotes and feed.
      const given = isSecond
        ? intersect(judged.covered, bucketsOf(judged.candles, fetch.interval))
        : judged.covered;
      const message = [judged.problem, contradiction?.message].filter(Boolean).join(' ');
      await storeHistory(sql, {
        token,
        interval: fetch.interval,
        candles: judged.candles,
        covered: subtract(given, refused),
        ...(refused.length > 0 && !isSecond && { failed: { spans: refused, message } }),
        rejects: judged.rejects,
        instrumentType,
        fetchedAt: now,
      });
      this.#parts.onStored(token);
      metrics.backfilledCandles.inc({ interval: fetch.interval }, judged.candles.length);
      if (fetch.interval === '1m' && judged.candles.length > 0) this.#merge(token, fetch);
      return { stored: judged.candles.length, ...(message !== '' && { failure: message }) };
    } catch (error) {
      return this.#unstored(error);
    }
  }

  #merge(token: number, span: Span): void {
    if (this.#stopping) return; // maintenance does it
    void this.#merges
      .add(() => storeMergedCandles(this.#parts.sql, token, span))
      .catch((err: unknown) =>
        this.#parts.log.warn({ err, token }, 'wide candles were not stored; they are computed when read'),
      );
  }

  async #instrument(token: number) {
    const { sql, broker, clock } = this.#parts;
    const { rows } = await sql.read((db) =>
      db.query<{ broker_token: number | null; instrument_type: InstrumentType }>(BROKER_TOKEN, [
        token,
        broker.name,
        timestamp(clock.now()),
      ]),
    );
    return rows[0];
  }

  /** Whole sessions of the days that `span` touches. */
  async #sessions(token: number, { from, to }: Span): Promise<Span[]> {
    const days = [timestamp(bucketStart('1d', from)), timestamp(bucketCeiling('1d', to))];
    const { rows } = await this.#parts.sql.read((db) =>
      db.query<Span>(CONTINUOUS_SESSIONS, [token, ...days]),
    );
    return rows;
  }

  async #failed(token: number, fetch: HistoryFetch, error: unknown): Promise<FlightResult> {
    const { metrics, log, sql, clock } = this.#parts;
    if (this.#stopping) return { stored: 0 }; // the broker refuses what is queued: no fault of this hole
    const kind = error instanceof BrokerError ? error.kind : 'unavailable';
    const message = error instanceof Error ? error.message : String(error);
    metrics.backfillRequests.inc({ result: kind });
    log.warn({ token, interval: fetch.interval, kind, err: error }, 'the broker gave no history');
    if (this.#parts.isSecond) return { stored: 0, failure: message, kind };
    try {
      await sql.transaction((db) =>
        recordFailure(db, token, fetch.interval, { from: fetch.from, to: fetch.to }, message, clock.now()),
      );
    } catch (err) {
      return this.#unstored(err);
    }
    return { stored: 0, failure: message, kind };
  }

  #unstored(error: unknown): FlightResult {
    this.#parts.metrics.backfillRequests.inc({ result: 'not_stored' });
    this.#parts.log.error({ err: error }, 'history could not be stored');
    return {
      stored: 0,
      failure: 'What the broker gave could not be stored: the database refused it.',
      kind: 'not_stored',
    };
  }
}

const bucketsOf = (candles: readonly BrokerCandle[], interval: CandleInterval): Span[] =>
  union(candles.map(({ time }) => ({ from: time, to: time + INTERVAL_MS[interval] })));

/** `empty`: the broker answered that nothing traded, which closes a hole too. */
function resultOf(stored: number, failures: number): 'healed' | 'empty' | 'partial' | 'failed' {
  if (failures === 0) return stored > 0 ? 'healed' : 'empty';
  return stored > 0 ? 'partial' : 'failed';
}
