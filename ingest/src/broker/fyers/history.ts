import { setTimeout as sleep } from 'node:timers/promises';
import Type from 'typebox';
import Value from 'typebox/value';
import type { Clock } from '../../clock.js';
import { withoutSecrets } from '../../secrets.js';
import { addDays, DAY_MS, istDate, istMidnight } from '../../sessions/ist.js';
import { type BrokerCandle, BrokerError, type BrokerErrorKind } from '../broker.js';
import { Limiter } from '../limiter.js';
import { retryWaitMs } from '../retry.js';

/*
 * Fyers API v3, "History": GET {root}/history with symbol, resolution, date_format 0 (epoch seconds), range_from and
 * range_to (both inclusive), cont_flag, oi_flag; `Authorization: <app id>:<access token>`.
 *
 *     {"s":"ok","candles":[[epoch seconds, open, high, low, close, volume, open interest?], ...]}
 *     {"s":"no_data"}                                nothing traded
 *     {"s":"error","code":-300,"message":"..."}      with 4xx, or with 200
 */

const DEFAULT_ROOT = 'https://api-t1.fyers.in/data';
/** Published: 10 a second and 200 a minute; this leaves the desk 80 a minute. */
const PER_SECOND = 2;
/** An account that was told "too often" more than three times a day is shut out for the day: it is left alone, longer. */
const REST_MS = [60_000, 3_600_000];
/** A refused token is tried again after this, or when there is another one. */
const REFUSED_MS = 300_000;
/** Published for intraday resolutions: 100 days. */
export const FYERS_RANGE_MS = 100 * DAY_MS;
const TIMEOUT_MS = 7_000;
const ATTEMPTS = 3;
const MOST_MESSAGE = 300;

/** Codes of "Error Codes" that a new access token helps against, and those that say "too often". */
const LOGIN_CODES = new Set([-8, -15, -16, -17]);
const RATE_CODE = -429;

const Answer = Type.Object({
  s: Type.String(),
  candles: Type.Optional(Type.Array(Type.Array(Type.Unknown()))),
  code: Type.Optional(Type.Number()),
  message: Type.Optional(Type.String()),
});

export interface FyersOptions {
  readonly appId: string;
  /** The API's root up to `/data`, or a simulator's. */
  readonly root?: string | undefined;
  readonly clock: Clock;
  /** Requests a second, 0 = no limit. */
  readonly perSecond?: number;
  /** First wait before a retry; it doubles. */
  readonly retryBaseMs?: number;
  /** After each request; `status` is the HTTP status or `error`. */
  readonly onRequest?: (request: { status: string; seconds: number }) => void;
}

export interface FyersMinutes {
  readonly symbol: string;
  /** Epoch milliseconds, `[from, to)`, at most `FYERS_RANGE_MS` apart. */
  readonly from: number;
  readonly to: number;
  readonly hasOpenInterest: boolean;
  readonly priority?: number;
}

/** The minutes of Fyers' history, at Fyers' published rates. Rejects with a `BrokerError`. */
export class FyersHistory {
  readonly #o: FyersOptions;
  readonly #limiter: Limiter;
  readonly #closing = new AbortController();
  #accessToken: string | undefined;
  #refusedUntil = Number.NEGATIVE_INFINITY;
  #restUntil = Number.NEGATIVE_INFINITY;
  /** On which IST day it was said to be asked too often, and how many times. */
  #limited = { day: '', times: 0 };

  constructor(options: FyersOptions) {
    this.#o = options;
    this.#limiter = new Limiter({ perSecond: options.perSecond ?? PER_SECOND });
  }

  setAccessToken(accessToken: string): void {
    this.#accessToken = accessToken;
    this.#refusedUntil = Number.NEGATIVE_INFINITY;
  }

  /** False while there is no access token that is not refused. */
  get isLoggedIn(): boolean {
    return this.#accessToken !== undefined && this.#o.clock.now() >= this.#refusedUntil;
  }

  /** False also while it is left alone, having been asked too often. */
  get isReady(): boolean {
    return this.isLoggedIn && this.#o.clock.now() >= this.#restUntil;
  }

  /** Oldest first. Rows that are no candle, or not of the range, are left out. */
  async minutes(wanted: FyersMinutes): Promise<BrokerCandle[]> {
    for (let attempt = 1; ; attempt++) {
      try {
        const answer = await this.#limiter.run((sent) => this.#ask(wanted, sent), wanted.priority ?? 0);
        return candlesOf(answer, wanted);
      } catch (error) {
        if (!(error instanceof BrokerError)) throw error;
        if (error.kind === 'rate_limited') this.#rest();
        if (error.kind !== 'unavailable' || attempt >= ATTEMPTS || this.#closing.signal.aborted) throw error;
        const waitMs = retryWaitMs(this.#o.retryBaseMs, attempt);
        await sleep(waitMs, undefined, { signal: this.#closing.signal }).catch(() => {
          throw error;
        });
      }
    }
  }

  /** Refuses what is queued. */
  close(): void {
    this.#closing.abort();
    this.#limiter.close();
  }

  #rest(): void {
    const now = this.#o.clock.now();
    const day = istDate(now);
    if (now < this.#restUntil) return; // told several times at once
    this.#limited = { day, times: this.#limited.day === day ? this.#limited.times + 1 : 1 };
    const restMs = REST_MS[this.#limited.times - 1];
    this.#restUntil = restMs === undefined ? istMidnight(addDays(day, 1)) : now + restMs;
  }

  async #ask({ symbol, from, to }: FyersMinutes, sent: () => void): Promise<unknown[][]> {
    const accessToken = this.#accessToken;
    if (accessToken === undefined) throw new BrokerError('login_needed', 'Fyers has no access token.');
    if (this.#o.clock.now() < this.#restUntil) {
      throw new BrokerError('rate_limited', 'Fyers was asked too often and is left alone for a while.');
    }
    const query = new URLSearchParams({
      symbol,
      resolution: '1',
      date_format: '0',
      range_from: String(Math.floor(from / 1000)),
      range_to: String(Math.ceil(to / 1000) - 1),
      cont_flag: '1',
      oi_flag: '1',
    });
    const began = performance.now();
    let status: number | undefined;
    try {
      const asked = fetch(`${this.#o.root ?? DEFAULT_ROOT}/history?${query}`, {
        headers: { authorization: `${this.#o.appId}:${accessToken}` },
        signal: AbortSignal.any([this.#closing.signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      sent();
      const response = await asked;
      status = response.status;
      return this.#read(status, await response.text(), accessToken);
    } catch (error) {
      if (!(error instanceof BrokerError)) {
        throw new BrokerError('unavailable', `Fyers does not answer: ${this.#clean(error, accessToken)}`);
      }
      // Another one may have been set meanwhile, which nobody has refused.
      if (error.kind === 'login_needed' && accessToken === this.#accessToken) {
        this.#refusedUntil = this.#o.clock.now() + REFUSED_MS;
      }
      throw error;
    } finally {
      this.#o.onRequest?.({
        status: String(status ?? 'error'),
        seconds: (performance.now() - began) / 1000,
      });
    }
  }

  #read(status: number, text: string, accessToken: string): unknown[][] {
    let answer: unknown;
    try {
      answer = JSON.parse(text);
    } catch {
      answer = undefined;
    }
    if (!Value.Check(Answer, answer)) {
      throw new BrokerError(kindOf(status, undefined), `Fyers answered ${status} without history.`, status);
    }
    if (answer.s === 'ok' && answer.candles) return answer.candles;
    if (answer.s === 'no_data') return [];
    const said = this.#clean(answer.message ?? 'no reason given', accessToken);
    throw new BrokerError(kindOf(status, answer.code), `Fyers says: ${said}`, status);
  }

  #clean(reason: unknown, accessToken: string): string {
    const text = reason instanceof Error ? reason.message : String(reason);
    return withoutSecrets(text, [accessToken, this.#o.appId]).slice(0, MOST_MESSAGE);
  }
}

function kindOf(status: number, code: number | undefined): BrokerErrorKind {
  if (status === 429 || code === RATE_CODE) return 'rate_limited';
  if (status === 401 || (code !== undefined && LOGIN_CODES.has(code))) return 'login_needed';
  if (status === 403) return 'no_permission';
  if (status >= 500 || status < 400) return code === undefined ? 'unavailable' : 'rejected';
  return 'rejected';
}

function candlesOf(rows: unknown[][], { from, to, hasOpenInterest }: FyersMinutes): BrokerCandle[] {
  const candles: BrokerCandle[] = [];
  for (const row of rows) {
    const numbers = row.slice(0, 6);
    if (numbers.length < 6 || !numbers.every((value) => Number.isFinite(value))) continue;
    const [second, open, high, low, close, volume] = numbers as [
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    const time = second * 1000;
    if (time < from || time >= to) continue;
    const openInterest = hasOpenInterest && Number.isFinite(row[6]) ? (row[6] as number) : null;
    candles.push({ time, open, high, low, close, volume, openInterest });
  }
  return candles;
}
