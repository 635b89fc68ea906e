import type { Logger } from 'pino';
import { type Broker, BrokerError } from '../broker/broker.js';
import type { CandleService } from '../candles/candle-service.js';
import type { Healed } from '../candles/healer.js';
import { SqlClock, timestamp } from '../candles/sql-clock.js';
import type { Clock } from '../clock.js';
import type { Database } from '../db/database.js';
import type { Metrics } from '../metrics.js';
import { Breaker, waitAfter } from '../repair/backoff.js';
import { Passes } from '../service/passes.js';
import type { Calendar } from '../sessions/calendar.js';
import { addDays, type IstDate, istDate } from '../sessions/ist.js';
import { DayCandles } from './day-candles.js';
import { type DayTarget, InstrumentDay, type QualitySettings } from './instrument-day.js';
import type { CorporateActions } from './scale.js';
import {
  ASK,
  DAY_MEANS,
  DAY_NUMBERS,
  DAY_TARGET,
  DUE,
  LAST_DAY,
  OPEN_DAYS,
  RECORD_ATTEMPT,
  STORE_DAY,
} from './sql/days.js';

const PASS_EVERY_MS = 15_000;
/** Compared at a time: a bounded share of the broker's limit. */
const AT_A_TIME = 2;
/** Chosen at a time, so that a day whose hour has come waits for few. */
const A_ROUND = 50;
/** Below whoever waits for an answer (10), a batch of them (5) and repairs (4 to 1). */
const PRIORITY = 0;
/** An instrument's day that could not be had so many times is given up: after about an hour. */
const MOST_ATTEMPTS = 10;
/** A token that was refused is tried again after this, or after a login. */
const REFUSED_MS = 300_000;
/** From a day's close, so that the last flushes are committed and judged. */
const LEAST_SETTLE_MS = 10_000;

export const LOGIN_NEEDED = 'login needed';
const BROKER_AWAY = 'the broker is away';
const TRIED_AGAIN = 'instruments that the broker gave nothing for are tried again';
const NOT_OVER = 'its sessions are not over';
const EXPIRED = 'The contract has expired: the broker gives no history of it.';
const UNKNOWN = 'The broker does not know this instrument now.';

export interface EndOfDayParts {
  readonly db: Database;
  /** Whose history comes as traded, by `actions`. */
  readonly broker: Pick<Broker, 'candles' | 'name'>;
  readonly candles: Pick<CandleService, 'store' | 'healRange' | 'newLane' | 'refetchDay'>;
  readonly calendar: Calendar;
  readonly actions: CorporateActions;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<
    Metrics,
    'qualityCandles' | 'qualityCompared' | 'qualityWaiting' | 'qualityCompleteness' | 'qualityAccuracy'
  >;
  /** False while only a login helps. */
  readonly hasToken: () => boolean;
  readonly settings: QualitySettings;
  /** How long after its end the broker's minutes and day candle are final. */
  readonly settleSeconds: number;
  readonly daySettleMinutes: number;
  /** Days older than this are compared only when asked for. */
  readonly days: number;
}

/** Whoever compares on this database takes it up. */
export async function askForComparison(db: Database, day: IstDate, now: number): Promise<void> {
  await db.pool.query(ASK, [day, timestamp(now)]);
}

interface DayNumbers {
  readonly instruments: number;
  readonly compared: number;
  /** Over, not compared, and nothing to wait for. */
  readonly due: number;
  /** Not over. */
  readonly open: number;
  /** Wait for another attempt. */
  readonly later: number;
}

/**
 * The end-of-day comparison. A trading day is open until every instrument that a feed carried on it is compared:
 *
 *     WAITING    sessions go on or settle; or (message) a login is needed, the broker is away
 *     RUNNING    instruments whose last session is over are compared, those that expire today first
 *     DONE       never looked at again, unless somebody asks
 *
 * What is done is in the database alone, an instrument's day in one transaction, so a restart goes on where it ended.
 */
export class EndOfDay {
  readonly #p: EndOfDayParts;
  readonly #sql: SqlClock;
  readonly #days: DayCandles;
  readonly #instrumentDay: InstrumentDay;
  readonly #breaker = new Breaker();
  readonly #passes: Passes;
  #showedLast = false;
  #refusedUntil = Number.NEGATIVE_INFINITY;
  #waiting: { readonly day: IstDate; readonly instruments: number } | undefined;

  constructor(parts: EndOfDayParts) {
    this.#p = parts;
    this.#sql = new SqlClock(parts.db, parts.clock);
    const common = { ...parts, sql: this.#sql, priority: PRIORITY };
    this.#days = new DayCandles(common);
    this.#instrumentDay = new InstrumentDay({ ...common, days: this.#days });
    this.#passes = new Passes({
      everyMs: PASS_EVERY_MS,
      pass: () => this.#pass(),
      onFailed: (err) => parts.log.warn({ err }, 'the end-of-day comparison was interrupted, will try again'),
    });
  }

  start(): void {
    this.#passes.start();
  }

  /** Ends after the instruments under way. Safe to call twice. */
  stop(): Promise<void> {
    return this.#passes.stop();
  }

  /** A new token may be good where the last one was not. */
  loggedIn(): void {
    this.#refusedUntil = Number.NEGATIVE_INFINITY;
    this.#breaker.succeeded();
    this.#passes.wake();
  }

  /** Sentences for people. */
  warnings(): string[] {
    if (!this.#waiting) return [];
    const { day, instruments } = this.#waiting;
    return [`The end-of-day comparison of ${day} waits for a login: ${instruments} instruments are left.`];
  }

  /** By hand: the day is compared again, all of it, as soon as its sessions are over. */
  async ask(day: IstDate): Promise<void> {
    await askForComparison(this.#p.db, day, this.#p.clock.now());
    this.#passes.wake();
  }

  /** Compares one day, all of it again, and nothing else. @returns how many instruments were compared. */
  async compare(day: IstDate, onProgress: (compared: number, of: number) => void): Promise<number> {
    await this.ask(day);
    const { instruments } = await this.#numbers(day);
    return (await this.#workOn(day, (compared) => onProgress(compared, instruments))).worked;
  }

  /** Compares what is due. @returns how many instruments' days were compared. */
  async work(onProgress: (compared: number) => void = () => undefined): Promise<number> {
    const now = this.#p.clock.now();
    const values = [addDays(istDate(now), -this.#p.days), istDate(now), timestamp(now - this.#settleMs)];
    const { rows } = await this.#sql.read((db) => db.query<{ day: IstDate }>(OPEN_DAYS, values));
    let compared = 0;
    let left = 0;
    this.#waiting = undefined;
    for (const { day } of rows) {
      if (this.#passes.stopped) break;
      const before = compared;
      const numbers = await this.#workOn(day, (n) => onProgress(before + n));
      compared += numbers.worked;
      left += numbers.due;
    }
    this.#p.metrics.qualityWaiting.set(left);
    return compared;
  }

  /** Before the next open the day candle is fetched once more: on an ex-date's morning that tells of the new scale. */
  async refetchDay(request: Parameters<CandleService['refetchDay']>[0]): Promise<Healed> {
    const { broker, clock, candles } = this.#p;
    const { token } = request;
    const { rows } = await this.#sql.read((db) =>
      db.query<DayTarget>(DAY_TARGET, [token, broker.name, timestamp(clock.now())]),
    );
    const target = rows[0];
    if (target?.instrumentType !== 'EQ' || target.brokerToken === null) return candles.refetchDay(request);
    try {
      const { history } = await this.#days.fetch(target, istDate(request.day));
      if (history) await candles.store([history]);
      return { stored: history ? 1 : 0, failures: [], faults: [] };
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      return { stored: 0, failures: [error.message], faults: [error.kind] };
    }
  }

  #canAsk(): boolean {
    return this.#p.hasToken() && this.#p.clock.now() >= this.#refusedUntil;
  }

  async #workOn(
    day: IstDate,
    onProgress: (compared: number) => void,
  ): Promise<DayNumbers & { worked: number }> {
    let worked = 0;
    let numbers = await this.#numbers(day);
    if (numbers.due > 0 && this.#canAsk()) {
      await this.#store(day, 'RUNNING', numbers, null);
      worked = await this.#compareDue(day, onProgress);
      numbers = await this.#numbers(day);
    }
    const over = numbers.instruments > 0 || day < istDate(this.#p.clock.now());
    if (numbers.due + numbers.open + numbers.later === 0 && over) await this.#finish(day, numbers);
    else if (numbers.due > 0 && !this.#canAsk()) {
      if (!this.#waiting) {
        this.#waiting = { day, instruments: numbers.due };
        this.#p.log.debug({ day, instruments: numbers.due }, 'the end-of-day comparison waits for a login');
      }
      await this.#store(day, 'WAITING', numbers, LOGIN_NEEDED);
    } else if (numbers.due > 0) await this.#store(day, 'RUNNING', numbers, BROKER_AWAY);
    else await this.#store(day, 'WAITING', numbers, numbers.later > 0 ? TRIED_AGAIN : NOT_OVER);
    return { ...numbers, worked };
  }

  async #compareDue(day: IstDate, onProgress: (compared: number) => void): Promise<number> {
    let worked = 0;
    while (this.#mayGoOn()) {
      const due = await this.#due(day);
      if (due.length === 0) break;
      const queue = due.values();
      const worker = async () => {
        for (const target of queue) {
          if (!this.#mayGoOn()) return;
          if (await this.#compare(target, day)) onProgress(++worked);
        }
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    }
    return worked;
  }

  #mayGoOn(): boolean {
    return !this.#passes.stopped && this.#canAsk() && !this.#breaker.isOpen(this.#p.clock.now());
  }

  /** @returns whether the instrument's day is dealt with. */
  async #compare(target: DayTarget, day: IstDate): Promise<boolean> {
    try {
      if (target.expired) await this.#instrumentDay.giveUp(target, day, EXPIRED);
      else if (target.brokerToken === null) throw new BrokerError('rejected', UNKNOWN);
      else await this.#instrumentDay.compare(target, day);
      this.#breaker.succeeded();
      return true;
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      if (this.#passes.stopped) return false; // the broker refuses what is queued: nobody's fault
      return this.#failed(target, day, error);
    }
  }

  async #failed(target: DayTarget, day: IstDate, error: BrokerError): Promise<boolean> {
    const { clock, log } = this.#p;
    const now = clock.now();
    const instrument = `${target.exchange}:${target.symbol}`;
    if (error.kind === 'login_needed') {
      this.#refusedUntil = now + REFUSED_MS;
      return false;
    }
    if (error.retryable) this.#breaker.failed(now);
    // A broker that is away costs nobody an attempt.
    const attempts = error.retryable ? target.attempts : target.attempts + 1;
    if (attempts >= MOST_ATTEMPTS || error.kind === 'no_permission') {
      log.error({ instrument, day, reason: error.message }, 'a day could not be compared and is given up');
      await this.#instrumentDay.giveUp(target, day, error.message);
      return true;
    }
    log.warn({ instrument, day, reason: error.message }, 'a day could not be compared, will try again');
    const values = [day, target.token, attempts, timestamp(now + waitAfter(Math.max(1, attempts)))];
    await this.#p.db.pool.query(RECORD_ATTEMPT, [...values, error.message]);
    return false;
  }

  async #finish(day: IstDate, numbers: DayNumbers): Promise<void> {
    await this.#store(day, 'DONE', numbers, null);
    if (numbers.compared === 0) return;
    const means = await this.#showMeans(day);
    this.#p.log.info({ day, instruments: numbers.compared, ...means }, 'a day was compared with the broker');
  }

  async #showMeans(day: IstDate) {
    const { db, metrics } = this.#p;
    const { rows } = await db.pool.query<{ completeness: number | null; accuracy: number | null }>(
      DAY_MEANS,
      [day],
    );
    metrics.qualityCompleteness.set(rows[0]?.completeness ?? Number.NaN);
    metrics.qualityAccuracy.set(rows[0]?.accuracy ?? Number.NaN);
    return rows[0];
  }

  async #numbers(day: IstDate): Promise<DayNumbers> {
    const now = this.#p.clock.now();
    const { rows } = await this.#sql.read((db) =>
      db.query<DayNumbers>(DAY_NUMBERS, [day, timestamp(now - this.#settleMs), timestamp(now)]),
    );
    return rows[0]!;
  }

  async #due(day: IstDate): Promise<DayTarget[]> {
    const { clock, broker } = this.#p;
    const now = clock.now();
    const values = [day, timestamp(now - this.#settleMs), timestamp(now), broker.name, A_ROUND];
    return (await this.#sql.read((db) => db.query<DayTarget>(DUE, values))).rows;
  }

  get #settleMs(): number {
    const { settleSeconds, daySettleMinutes } = this.#p;
    return Math.max(settleSeconds * 1_000, daySettleMinutes * 60_000, LEAST_SETTLE_MS);
  }

  async #store(
    day: IstDate,
    status: string,
    { instruments, compared }: DayNumbers,
    message: string | null,
  ): Promise<void> {
    const now = timestamp(this.#p.clock.now());
    await this.#p.db.pool.query(STORE_DAY, [day, status, now, instruments, compared, message]);
  }

  async #pass(): Promise<void> {
    if (!this.#showedLast) {
      await this.#showLast().catch((err: unknown) =>
        this.#p.log.warn({ err }, 'the last comparison was not read'),
      );
    }
    await this.work();
  }

  /** What a restart would otherwise leave unknown until the next close. */
  async #showLast(): Promise<void> {
    const { rows } = await this.#p.db.pool.query<{ day: IstDate }>(LAST_DAY);
    if (rows[0]) await this.#showMeans(rows[0].day);
    this.#showedLast = true;
  }
}
