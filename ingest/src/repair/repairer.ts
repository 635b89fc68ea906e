import type { Logger } from 'pino';
import { type Broker, BrokerError } from '../broker/broker.js';
import type { FetchFault } from '../candles/flights.js';
import type { Healed } from '../candles/healer.js';
import { SqlClock, timestamp } from '../candles/sql-clock.js';
import type { Clock } from '../clock.js';
import type { Database } from '../db/database.js';
import type { GapLedger } from '../gaps/ledger.js';
import type { Metrics } from '../metrics.js';
import { Passes } from '../service/passes.js';
import { DAY_MS } from '../sessions/ist.js';
import { Breaker, MOST_ATTEMPTS, waitAfter } from './backoff.js';
import { brokerPriority, type DueRepair } from './due.js';
import { proveByQuotes } from './quote-proof.js';
import type { RepairSource } from './source.js';
import {
  BEGIN_ATTEMPT,
  DUE,
  EXPIRE,
  EXPIRING_TODAY,
  FORGET_REJECTS,
  RECORD_ATTEMPT,
  RETRY,
} from './sql/due.js';

const PASS_EVERY_MS = 5_000;
/** Repairs at a time: a bounded share of the broker's limit, behind whoever waits for an answer. */
const AT_A_TIME = 2;
/** Chosen at a time, so that what becomes urgent meanwhile waits for few. One request proves for up to 500. */
const A_ROUND = 50;
const A_PROOF = 500;
/** After a fetch that asked for nothing: it is too young, or was asked for in vain a moment ago. */
const LATER_MS = 30_000;
const REJECTS_DAYS = 90;
/** A token that was refused is tried again after this, or after a login. */
const REFUSED_MS = 300_000;

export const LOGIN_NEEDED = 'login needed';
const BROKER_AWAY = 'the broker is away';
const EXPIRED = 'The contract has expired: the broker gives no history of it.';

export interface RepairerParts {
  readonly db: Database;
  readonly ledger: GapLedger;
  /** The broker that quotes come from, and others for what it could not give. */
  readonly sources: readonly [RepairSource, ...RepairSource[]];
  readonly broker: Pick<Broker, 'quotes'>;
  /** What the broker calls an instrument now. */
  readonly brokerToken: (token: number) => number | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'repairs' | 'gapRows' | 'gapInstruments'>;
  readonly sessionOn: () => boolean;
  /** Tokens that somebody looks at. */
  readonly lookedAt: () => readonly number[];
  /** Holes older than this are repaired only when they are looked at or asked for. */
  readonly repairDays: number;
}

/** What a row's repair by hand began with. */
export interface Retried {
  readonly rows: number;
  readonly instruments: number;
}

/**
 * Works the ledger off: looks at coverage every few seconds, proves what it can, fetches the rest in order of urgency.
 *
 *     no token      everything waits as PENDING (login needed); one warning. Another source is asked meanwhile
 *     broker away   after a few failures in a row everything waits, longer each time; nobody's attempts are used up
 *     one fails     that instrument waits, longer each time, and is given up after MOST_ATTEMPTS
 *
 * Long-lived state is in the database alone. `start` works in the background, `work` does what is due and returns.
 */
export class Repairer {
  readonly #p: RepairerParts;
  readonly #sql: SqlClock;
  readonly #breaker = new Breaker();
  readonly #looking: Passes;
  readonly #working: Passes;
  /** The broker refused the token: not asked again before this, or a login. */
  #refusedUntil = Number.NEGATIVE_INFINITY;
  #waiting: string | null = null;
  #expiringToday = 0;

  constructor(parts: RepairerParts) {
    this.#p = parts;
    this.#sql = new SqlClock(parts.db, parts.clock);
    const onFailed = (err: unknown) =>
      parts.log.warn({ err }, 'the gap ledger could not be worked on, will try again');
    this.#looking = new Passes({ everyMs: PASS_EVERY_MS, pass: () => this.look(), onFailed });
    this.#working = new Passes({ everyMs: PASS_EVERY_MS, pass: () => this.work(), onFailed });
  }

  start(): void {
    this.#looking.start();
    this.#working.start();
  }

  /** Ends after the requests under way. Safe to call twice. */
  async stop(): Promise<void> {
    await Promise.all([this.#looking.stop(), this.#working.stop()]);
  }

  /** A new token may be good where the last one was not. */
  loggedIn(): void {
    this.#refusedUntil = Number.NEGATIVE_INFINITY;
    this.#breaker.succeeded();
  }

  /** Sentences for people. That a login is needed is said by whoever looks after the session. */
  warnings(): string[] {
    const warnings: string[] = [];
    if (this.#expiringToday > 0 && !this.#p.sessionOn()) {
      warnings.push(
        `${this.#expiringToday} contracts that expire today still have holes: after today the broker has no history of them.`,
      );
    }
    return warnings;
  }

  /** One look at coverage. */
  async look(): Promise<void> {
    const { ledger, metrics, clock } = this.#p;
    const now = timestamp(clock.now());
    await ledger.write((db) => db.query(EXPIRE, [now, EXPIRED]));
    const waits = this.#waitsFor();
    for (const row of await ledger.pass(waits)) {
      if (row.status === 'FAILED' && row.before !== 'FAILED') metrics.repairs.inc({ result: 'gave_up' });
    }
    const open = await ledger.open();
    for (const status of ['PENDING', 'IN_PROGRESS', 'FAILED', 'UNRECOVERABLE'] as const) {
      const found = open.find((row) => row.status === status);
      metrics.gapRows.set({ status }, found?.rows ?? 0);
      metrics.gapInstruments.set({ status }, found?.instruments ?? 0);
    }
    this.#warn(waits !== null && open.some(({ status }) => status === 'PENDING') ? waits : null);
    const { rows } = await this.#p.db.pool.query<{ instruments: number }>(EXPIRING_TODAY, [now]);
    this.#expiringToday = rows[0]!.instruments;
    await this.#p.db.pool.query(FORGET_REJECTS, [timestamp(clock.now() - REJECTS_DAYS * DAY_MS)]);
  }

  /** Repairs until nothing is due. @returns how many instruments' holes were closed. */
  async work(onProgress: (closed: number) => void = () => undefined): Promise<number> {
    let closed = 0;
    while (this.#canAsk() && !this.#stopped) {
      const due = await this.#due(A_PROOF);
      if (due.length === 0) break;
      const proven = await this.#prove(due);
      closed += proven.length;
      const queue = due
        .filter((repair) => !proven.includes(repair))
        .slice(0, A_ROUND)
        .values();
      const worker = async () => {
        for (const repair of queue) {
          if (this.#stopped || !this.#canAsk()) return;
          if (await this.#repair(repair)) closed++;
          onProgress(closed);
        }
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, worker));
      onProgress(closed);
    }
    return closed;
  }

  /** By hand: `id` (null: everything) is tried again at once. */
  async retry(id: number | null): Promise<Retried> {
    const { ledger, clock } = this.#p;
    const { rows } = await ledger.write((db) => db.query<Retried>(RETRY, [id, timestamp(clock.now())]));
    this.#breaker.succeeded();
    return rows[0]!;
  }

  /** What is not repaired, by status. */
  left(): ReturnType<GapLedger['open']> {
    return this.#p.ledger.open();
  }

  get #stopped(): boolean {
    return this.#working.stopped;
  }

  #canAsk(): boolean {
    return this.#p.sources.some((source) => this.#isReady(source));
  }

  /** The broker itself is left alone for a while when it is away. */
  #isReady(source: RepairSource): boolean {
    const isOwn = source === this.#p.sources[0];
    return this.#isLoggedIn(source) && !(isOwn && this.#breaker.isOpen(this.#p.clock.now()));
  }

  #isLoggedIn(source: RepairSource): boolean {
    if (source === this.#p.sources[0] && this.#p.clock.now() < this.#refusedUntil) return false;
    return source.isReady();
  }

  /** What everything waits for; null while somebody can be asked, or could be if he answered. */
  #waitsFor(): string | null {
    return this.#p.sources.some((source) => this.#isLoggedIn(source)) ? null : LOGIN_NEEDED;
  }

  #warn(waits: string | null): void {
    if (waits !== null && this.#waiting === null) {
      this.#p.log.warn('holes wait for a login: run `tickscope login`');
    }
    this.#waiting = waits;
  }

  async #due(most: number): Promise<DueRepair[]> {
    const { clock, lookedAt, sessionOn, repairDays } = this.#p;
    const now = clock.now();
    const { rows } = await this.#sql.read((db) =>
      db.query<DueRepair>(DUE, [
        timestamp(now),
        lookedAt(),
        sessionOn(),
        timestamp(now - repairDays * DAY_MS),
        most,
      ]),
    );
    return rows;
  }

  async #prove(due: readonly DueRepair[]): Promise<DueRepair[]> {
    const { broker, clock, brokerToken, ledger, metrics, log, sources } = this.#p;
    if (!this.#isReady(sources[0])) return [];
    try {
      const tokens = new Set(await proveByQuotes({ sql: this.#sql, broker, clock, brokerToken }, due));
      const proven: DueRepair[] = [];
      for (const repair of due) {
        if (!tokens.has(repair.token)) continue;
        if (await ledger.recheck(repair.gaps, repair.token, 'HISTORICAL_API')) proven.push(repair);
      }
      if (proven.length > 0) metrics.repairs.inc({ result: 'proven' }, proven.length);
      return proven;
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      log.warn({ reason: error.message }, 'quotes that could prove holes empty were not to be had');
      this.#heed([error.kind], 0);
      return [];
    }
  }

  /** @returns whether it lacks nothing any more. */
  async #repair(repair: DueRepair): Promise<boolean> {
    const { clock, ledger, sources } = this.#p;
    const { token, from, to, gaps } = repair;
    await ledger.write((db) => db.query(BEGIN_ATTEMPT, [gaps, timestamp(clock.now()), repair.attempts + 1]));
    // What another source says of a hole is no verdict on it: only the broker's own answer counts as an attempt.
    let verdict: Healed = {
      stored: 0,
      failures: [this.#isLoggedIn(sources[0]) ? BROKER_AWAY : LOGIN_NEEDED],
      faults: ['login_needed'],
    };
    let anotherMay = false;
    for (const source of sources) {
      if (this.#stopped) return false;
      const isOwn = source === sources[0];
      if (!this.#isReady(source)) {
        anotherMay ||= !isOwn;
        continue;
      }
      const healed = await source.heal({ token, from, to, priority: brokerPriority(repair) });
      if (this.#stopped) return false;
      if (isOwn) {
        verdict = healed;
        this.#heed(healed.faults, healed.stored);
      } else anotherMay ||= healed.faults.some((fault) => PASSES.has(fault));
      if (await ledger.recheck(gaps, token, source.source)) return true;
    }
    await this.#record(repair, verdict, anotherMay);
    return false;
  }

  async #record(
    { gaps, token, attempts }: DueRepair,
    { failures, faults }: Healed,
    anotherMay: boolean,
  ): Promise<void> {
    const { clock, ledger, log } = this.#p;
    const blameless = failures.length === 0 || faults.some((f) => NOT_ITS_FAULT.has(f));
    const made = blameless ? attempts : attempts + 1;
    const isOver = !anotherMay && (made >= MOST_ATTEMPTS || faults.includes('no_permission'));
    const message = failures[0] ?? null;
    const next = clock.now() + (blameless ? LATER_MS : waitAfter(made));
    const status = isOver ? 'FAILED' : 'PENDING';
    await ledger.write((db) =>
      db.query(RECORD_ATTEMPT, [gaps, token, made, timestamp(next), status, message]),
    );
    if (isOver) log.error({ token, attempts: made, reason: message }, 'an instrument’s hole was given up');
  }

  /** What an answer says of the broker as a whole. */
  #heed(faults: readonly FetchFault[], stored: number): void {
    const now = this.#p.clock.now();
    if (faults.includes('login_needed')) this.#refusedUntil = now + REFUSED_MS;
    else if (faults.some((fault) => AWAY.has(fault))) this.#breaker.failed(now);
    else if (stored > 0) this.#breaker.succeeded();
  }
}

const AWAY: ReadonlySet<FetchFault> = new Set(['rate_limited', 'unavailable', 'not_stored']);
const NOT_ITS_FAULT: ReadonlySet<FetchFault> = new Set(['rate_limited', 'login_needed', 'not_stored']);
/** After these another source may give later what it does not give now. */
const PASSES: ReadonlySet<FetchFault> = new Set([...NOT_ITS_FAULT, 'unavailable']);
