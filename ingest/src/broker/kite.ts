import { setTimeout as sleep } from 'node:timers/promises';
import type { KiteConnect } from 'kiteconnect';
import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import { addDays, istDate, istMidnight } from '../sessions/ist.js';
import {
  type Broker,
  type BrokerCandle,
  BrokerError,
  type BrokerInstrument,
  type BrokerQuote,
  type CandleInterval,
  type CandleRequest,
} from './broker.js';
import { parseCandleRows } from './kite/candle-rows.js';
import { KiteClient, WireFailure } from './kite/client.js';
import { toBrokerError } from './kite/errors.js';
import { parseInstrumentRows } from './kite/instrument-rows.js';
import { KITE_INTERVALS, kiteTime } from './kite/intervals.js';
import { parseQuotes } from './kite/quote-rows.js';
import { Limiter } from './limiter.js';
import { retryWaitMs } from './retry.js';

export type KiteEndpoint = 'historical' | 'quote' | 'instruments' | 'profile' | 'session';
type Limit = 'historical' | 'quote' | 'other';

export interface KiteBrokerOptions {
  readonly name?: 'kite' | 'simulator';
  readonly apiKey: string;
  readonly accessToken?: string | undefined;
  /** `https://api.kite.trade`, or the simulator's. */
  readonly root?: string | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  /** Requests a second, 0 = no limit. Defaults are Kite's published ones: 3, 1 and 10. */
  readonly historicalPerSecond?: number;
  readonly quotePerSecond?: number;
  readonly otherPerSecond?: number;
  /** After each request that was sent or tried; `status` is the HTTP status or `error`. */
  readonly onRequest?: (request: { endpoint: KiteEndpoint; status: string; seconds: number }) => void;
  /** Rows of an answer that were no candle, quote or instrument of ours. */
  readonly onDropped?: (dropped: { endpoint: KiteEndpoint; rows: number }) => void;
  readonly timeoutMs?: number;
  /** Of the instrument dump, which is 8 MB. */
  readonly dumpTimeoutMs?: number;
  /** Attempts in all for what a retry can help. */
  readonly attempts?: number;
  /** First wait before a retry; it doubles. */
  readonly retryBaseMs?: number;
}

type Connect = InstanceType<typeof KiteConnect>;

const DEFAULT_ROOT = 'https://api.kite.trade';
const QUOTES_A_REQUEST = 500;
const QUOTE_PRIORITY = 5;
/** Access tokens are flushed every morning about 06:00 IST, however young they are. */
const TOKEN_FLUSH_MS = 6 * 3_600_000;
const LIMIT_OF: Readonly<Record<KiteEndpoint, Limit>> = {
  historical: 'historical',
  quote: 'quote',
  instruments: 'other',
  profile: 'other',
  session: 'other',
};

/** Kite Connect v3 by REST, through the official client, at Kite's published rates. Also speaks to the simulator. */
export class KiteBroker implements Broker {
  readonly name: 'kite' | 'simulator';
  readonly #o: KiteBrokerOptions;
  readonly #client: KiteClient;
  readonly #limiters: Record<Limit, Limiter>;
  readonly #closing = new AbortController();
  #accessToken: string | undefined;
  #tokenSetAt = 0;

  constructor(options: KiteBrokerOptions) {
    this.#o = options;
    this.name = options.name ?? 'kite';
    this.#client = new KiteClient({ apiKey: options.apiKey, root: options.root ?? DEFAULT_ROOT });
    this.#limiters = {
      historical: new Limiter({ perSecond: options.historicalPerSecond ?? 3 }),
      quote: new Limiter({ perSecond: options.quotePerSecond ?? 1 }),
      other: new Limiter({ perSecond: options.otherPerSecond ?? 10 }),
    };
    if (options.accessToken) this.setAccessToken(options.accessToken);
  }

  maxCandleRangeMs(interval: CandleInterval): number {
    return KITE_INTERVALS[interval].maxRangeMs;
  }

  async instruments(): Promise<BrokerInstrument[]> {
    const dump = await this.#call(
      'instruments',
      0,
      (connect) => connect.getInstruments(),
      this.#o.dumpTimeoutMs ?? 60_000,
    );
    const parsed = typeof dump === 'string' ? await parseInstrumentRows(dump) : undefined;
    if (!parsed) throw unreadable('an instrument dump');
    this.#dropped('instruments', parsed.dropped);
    return parsed.instruments;
  }

  async quotes(keys: ReadonlyArray<{ exchange: string; symbol: string }>): Promise<Map<number, BrokerQuote>> {
    const names = keys.map(({ exchange, symbol }) => `${exchange}:${symbol}`);
    const chunks: string[][] = [];
    for (let i = 0; i < names.length; i += QUOTES_A_REQUEST)
      chunks.push(names.slice(i, i + QUOTES_A_REQUEST));
    const answers = await Promise.all(
      chunks.map((chunk) => this.#call('quote', QUOTE_PRIORITY, (connect) => connect.getQuote(chunk))),
    );
    const quotes = new Map<number, BrokerQuote>();
    for (const answer of answers) {
      const parsed = parseQuotes(answer);
      if (!parsed) throw unreadable('quotes');
      this.#dropped('quote', parsed.malformed);
      for (const quote of parsed.quotes) quotes.set(quote.brokerToken, quote);
    }
    return quotes;
  }

  async candles({ brokerToken, interval, from, to, priority }: CandleRequest): Promise<BrokerCandle[]> {
    const { name, maxRangeMs } = KITE_INTERVALS[interval];
    if (!(from < to))
      throw new BrokerError('rejected', 'The range of a candle request must begin before it ends.');
    if (to - from > maxRangeMs) {
      throw new BrokerError(
        'rejected',
        `One request for ${interval} candles may span ${maxRangeMs / 86_400_000} days at most.`,
      );
    }
    // Kite's `to` includes the candle that begins then; ours is exclusive.
    const last = Math.max(from, Math.ceil(to / 1000) * 1000 - 1000);
    const answer = await this.#call('historical', priority ?? 0, (connect) =>
      connect.getHistoricalData(brokerToken, name, kiteTime(from), kiteTime(last), false, true),
    );
    const parsed = parseCandleRows(answer, { brokerToken, from, to });
    if (!parsed) throw unreadable('candles');
    this.#dropped('historical', parsed.malformed);
    return parsed.candles;
  }

  async profile(): Promise<{ userId: string; userName: string }> {
    const profile = await this.#call('profile', QUOTE_PRIORITY, (connect) => connect.getProfile());
    const userId = textField(profile, 'user_id');
    if (userId === undefined) throw unreadable('a profile');
    return { userId, userName: textField(profile, 'user_name') ?? userId };
  }

  /** Also takes the new token into use. */
  async createSession(requestToken: string, apiSecret: string): Promise<{ accessToken: string }> {
    const session = await this.#call(
      'session',
      QUOTE_PRIORITY,
      (connect) => connect.generateSession(requestToken, apiSecret),
      undefined,
      [requestToken, apiSecret],
    );
    const accessToken = textField(session, 'access_token');
    if (accessToken === undefined) throw unreadable('a session');
    this.setAccessToken(accessToken);
    return { accessToken };
  }

  /** @param setAt epoch milliseconds of the login, when that is known to be earlier than now */
  setAccessToken(accessToken: string, setAt = this.#o.clock.now()): void {
    this.#accessToken = accessToken;
    this.#tokenSetAt = setAt;
    this.#client.setAccessToken(accessToken);
  }

  /** The first 06:00 IST after the token was set. Kite does not say when a token dies, only that it does then. */
  tokenExpiresAt(): number | undefined {
    if (this.#accessToken === undefined) return undefined;
    const day = istDate(this.#tokenSetAt);
    const flush = istMidnight(day) + TOKEN_FLUSH_MS;
    return this.#tokenSetAt < flush ? flush : istMidnight(addDays(day, 1)) + TOKEN_FLUSH_MS;
  }

  /** How many requests each limit would let through at once (Infinity: unlimited), and how many wait. */
  limits(): Array<{ endpoint: Limit; remaining: number; queued: number }> {
    return Object.entries(this.#limiters).map(([endpoint, limiter]) => ({
      endpoint: endpoint as Limit,
      remaining: limiter.remaining,
      queued: limiter.queued,
    }));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    for (const limiter of Object.values(this.#limiters)) limiter.close();
    this.#client.close();
  }

  /** One request, retried only where the error says that this may help. */
  async #call(
    endpoint: KiteEndpoint,
    priority: number,
    call: (connect: Connect) => Promise<unknown>,
    timeoutMs = this.#o.timeoutMs ?? 7_000,
    secrets: readonly string[] = [],
  ): Promise<unknown> {
    const limiter = this.#limiters[LIMIT_OF[endpoint]];
    const attempts = this.#o.attempts ?? 3;
    for (let attempt = 1; ; attempt++) {
      try {
        return await limiter.run((sent) => this.#request(endpoint, call, sent, timeoutMs, secrets), priority);
      } catch (error) {
        if (!(error instanceof BrokerError) || !error.retryable || attempt >= attempts) throw error;
        // A login's request token is spent by the first attempt that reaches the broker.
        if (endpoint === 'session' || this.#closing.signal.aborted) throw error;
        const waitMs = retryWaitMs(this.#o.retryBaseMs, attempt);
        this.#o.log.warn({ endpoint, attempt, kind: error.kind, waitMs: Math.round(waitMs) }, error.message);
        if (error.kind === 'rate_limited') limiter.holdOff(waitMs);
        await sleep(waitMs, undefined, { signal: this.#closing.signal }).catch(() => {
          throw error;
        });
      }
    }
  }

  async #request(
    endpoint: KiteEndpoint,
    call: (connect: Connect) => Promise<unknown>,
    sent: () => void,
    timeoutMs: number,
    secrets: readonly string[],
  ): Promise<unknown> {
    const startedAt = performance.now();
    let status: number | undefined;
    try {
      const answer = await this.#client.call(call, sent, timeoutMs);
      status = answer.status;
      return answer.data;
    } catch (error) {
      const wire = error instanceof WireFailure ? error : new WireFailure(error, undefined);
      status = wire.status;
      throw toBrokerError(wire.failure, status, [this.#o.apiKey, this.#accessToken ?? '', ...secrets]);
    } finally {
      const seconds = (performance.now() - startedAt) / 1000;
      this.#o.onRequest?.({ endpoint, status: String(status ?? 'error'), seconds });
    }
  }

  #dropped(endpoint: KiteEndpoint, rows: number): void {
    if (rows > 0) this.#o.onDropped?.({ endpoint, rows });
  }
}

function textField(value: unknown, field: string): string | undefined {
  const found =
    typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[field] : undefined;
  return typeof found === 'string' && found !== '' ? found : undefined;
}

function unreadable(what: string): BrokerError {
  return new BrokerError('unavailable', `The broker's answer is not ${what}.`);
}
