import type { Logger } from 'pino';
import { type Broker, BrokerError, type BrokerQuote } from '../broker/broker.js';
import type { Clock } from '../clock.js';
import type { Metrics } from '../metrics.js';

/*
 * Quotes by REST for what somebody looks at, while reconnecting keeps failing.
 *
 *     idle      Every connection is open, or has been away for less than `afterMs`. Most outages are over by then.
 *     active    One request a second, which is the broker's published rate, for the instruments of connections that are
 *               away: those that somebody has looked at in the last minutes, ASK_AT_ONCE a request in turn. It ends, an
 *               instrument at a time, with the connection that carries it.
 *
 * A quote is shown (`source: quote`) and nothing else: it is no tick, is not stored, and covers nothing. The hole that
 * the outage makes is repaired as any other.
 */

const EVERY_MS = 1_000;
/** Most instruments that one request of Kite's takes. */
const ASK_AT_ONCE = 500;
/** After a refusal that asking again does not help. */
const REFUSED_MS = 30_000;
const FAILED_MS = 5_000;
/** A quote older than this is not shown: what was asked in turn comes around sooner, and what fails is no quote. */
const STALE_MS = 30_000;

/** What the broker said of an instrument by REST. */
export interface RestQuote {
  /** Ours. */
  readonly token: number;
  /** Epoch milliseconds of our clock. */
  readonly receivedAt: number;
  readonly quote: BrokerQuote;
}

export interface FallbackStatus {
  readonly active: boolean;
  /** Epoch milliseconds; null while it is not active. */
  readonly since: number | null;
  /** How many instruments have a quote now. */
  readonly instruments: number;
  /** Why the last request failed, in a sentence; null when it did not. */
  readonly problem: string | null;
}

export interface QuoteFallbackParts {
  readonly broker: Pick<Broker, 'quotes'>;
  /** Since when the connection that carries a broker token is away; undefined while it is open. */
  readonly feed: { notOpenSince(brokerToken: number): number | undefined };
  /** Shorter outages are waited out; 0: never stands in. */
  readonly afterMs: number;
  /** Our tokens that somebody looks at. */
  readonly lookedAt: () => readonly number[];
  readonly instrument: (
    token: number,
  ) => { readonly exchange: string; readonly symbol: string; readonly brokerToken: number } | undefined;
  /** Whether there is a token to ask with, and a market to ask about. */
  readonly mayAsk: () => boolean;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'fallbackActive' | 'fallbackQuotes'>;
}

interface Wanted {
  readonly token: number;
  readonly exchange: string;
  readonly symbol: string;
  readonly brokerToken: number;
}

export class QuoteFallback {
  readonly #p: QuoteFallbackParts;
  readonly #quotes = new Map<number, RestQuote & { readonly brokerToken: number }>();
  readonly #listeners = new Set<(tokens: readonly number[]) => void>();
  #timer: NodeJS.Timeout | undefined;
  #since: number | null = null;
  #turn = 0;
  #notBefore = 0;
  #problem: string | null = null;
  #asking: Promise<void> | undefined;

  constructor(parts: QuoteFallbackParts) {
    this.#p = parts;
  }

  start(): void {
    if (this.#p.afterMs === 0) return;
    this.#timer ??= setInterval(() => {
      this.look().catch((err: unknown) => this.#p.log.error({ err }, 'Quotes by REST failed'));
    }, EVERY_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#asking;
  }

  quote(token: number): RestQuote | undefined {
    const known = this.#quotes.get(token);
    if (!known || this.#p.feed.notOpenSince(known.brokerToken) === undefined) return undefined;
    return this.#p.clock.now() - known.receivedAt <= STALE_MS ? known : undefined;
  }

  onQuotes(listener: (tokens: readonly number[]) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  status(): FallbackStatus {
    return {
      active: this.#since !== null,
      since: this.#since,
      instruments: this.#quotes.size,
      problem: this.#problem,
    };
  }

  /** One look: begins, asks, or ends. A look while one is under way shares it. */
  look(): Promise<void> {
    this.#asking ??= this.#look().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async #look(): Promise<void> {
    this.#forget();
    const wanted = this.#p.mayAsk() ? this.#wanted() : [];
    this.#enter(wanted.length > 0);
    const now = this.#p.clock.now();
    if (wanted.length === 0 || now < this.#notBefore) return;
    const first = this.#turn % wanted.length;
    const asked = wanted.slice(first, first + ASK_AT_ONCE);
    this.#turn = first + asked.length;
    try {
      this.#take(asked, await this.#p.broker.quotes(asked));
      this.#problem = null;
    } catch (error) {
      if (!(error instanceof BrokerError)) throw error;
      this.#notBefore = this.#p.clock.now() + (error.retryable ? FAILED_MS : REFUSED_MS);
      if (this.#problem !== error.message)
        this.#p.log.warn({ reason: error.message }, 'No quotes by REST either');
      this.#problem = error.message;
    }
  }

  #wanted(): Wanted[] {
    const { feed, clock, lookedAt, instrument, afterMs } = this.#p;
    const now = clock.now();
    return lookedAt().flatMap((token) => {
      const known = instrument(token);
      const since = known && feed.notOpenSince(known.brokerToken);
      return known && since !== undefined && now - since >= afterMs ? { token, ...known } : [];
    });
  }

  #take(asked: readonly Wanted[], quotes: ReadonlyMap<number, BrokerQuote>): void {
    const { clock, feed, metrics } = this.#p;
    const receivedAt = clock.now();
    const changed: number[] = [];
    for (const { token, brokerToken } of asked) {
      const quote = quotes.get(brokerToken);
      // The connection may have come back while we asked.
      if (!quote || feed.notOpenSince(brokerToken) === undefined) continue;
      this.#quotes.set(token, { token, brokerToken, receivedAt, quote });
      changed.push(token);
    }
    metrics.fallbackQuotes.inc(changed.length);
    this.#tell(changed);
  }

  /** Lets go of quotes whose connection is open again, and of those that nobody looks at any more. */
  #forget(): void {
    const gone: number[] = [];
    const before = this.#p.clock.now() - STALE_MS;
    for (const [token, { brokerToken, receivedAt }] of this.#quotes) {
      if (receivedAt >= before && this.#p.feed.notOpenSince(brokerToken) !== undefined) continue;
      this.#quotes.delete(token);
      gone.push(token);
    }
    this.#tell(gone);
  }

  #enter(active: boolean): void {
    const { clock, log, metrics } = this.#p;
    metrics.fallbackActive.set(active ? 1 : 0);
    if (active === (this.#since !== null)) return;
    this.#since = active ? clock.now() : null;
    if (active) log.warn('Reconnecting keeps failing: quotes by REST stand in for what somebody looks at');
    else {
      this.#problem = null;
      this.#notBefore = 0;
      log.info('Quotes by REST stand in no more');
    }
  }

  #tell(tokens: readonly number[]): void {
    if (tokens.length > 0) for (const listener of this.#listeners) listener(tokens);
  }
}
