import type { Logger } from 'pino';
import type { Clock } from '../../clock.js';
import type { FeedMode, FeedSink } from '../feed.js';
import { HELD_UP_MS, KiteConnection } from './connection.js';
import { type Hearing, judge } from './liveness.js';
import { partition, type Share } from './partition.js';
import type { ConnectionStatus, FeedObserver } from './status.js';
import { KITE_TIMINGS, type KiteTimings } from './timings.js';

/** NIFTY 50 and INDIA VIX: they tick every second of every session, whatever sleepy strikes share the connection. */
export const CANARIES: readonly number[] = [256265, 264969];
export const MAX_CONNECTIONS = 3;
export const MAX_INSTRUMENTS_PER_CONNECTION = 3000;
/** Instruments that one API key carries, the canaries aside: each connection has those anyway. */
export const CAPACITY = MAX_CONNECTIONS * (MAX_INSTRUMENTS_PER_CONNECTION - CANARIES.length);

export interface KiteFeedOptions {
  /** `wss://ws.kite.trade`, or the simulator's. */
  readonly url: string;
  readonly apiKey: string;
  readonly accessToken?: string | undefined;
  readonly sink: FeedSink;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether the broker's token is in continuous session at `at` (epoch ms). Asked about canaries only. */
  readonly inSession: (brokerToken: number, at: number) => boolean;
  /** Whether a REST quote of the canaries moves. Asked when every connection is silent in session. */
  readonly quoteMoves?: (() => Promise<boolean>) | undefined;
  readonly observer?: FeedObserver;
  readonly timings?: Partial<KiteTimings>;
  /** Names connections `<name>-1`, `<name>-2`, ... */
  readonly name?: string;
  readonly maxConnections?: number;
  readonly maxInstrumentsPerConnection?: number;
  readonly canaries?: readonly number[];
  /** In [0, 1): jitter of the backoff. */
  readonly random?: () => number;
}

/**
 * Live market data of one Kite API key over as many connections as its instruments need.
 *
 * Every connection carries the canaries. On all but the one that owns them they are guests: their packets
 * reach the sink, which is told of owned tokens only, so that it can count them as a sign of life and
 * leave them unstored.
 *
 * Each connection watches its own bytes; this class watches ticks, because only who sees all connections can
 * tell one that stalled from a market that halted (see `judge`). Silence everywhere is put to `quoteMoves`:
 * a moving quote means that we are deaf (cause `stall`), anything else is a suspected halt (cause `halt`),
 * which reconnects at most once in `haltReconnectMs`.
 */
export class KiteFeed {
  readonly #o: KiteFeedOptions;
  readonly #timings: KiteTimings;
  readonly #canaries: readonly number[];
  readonly #connections: KiteConnection[] = [];
  /** The first connection is there in any case: it is what says that a login is needed. */
  #shares: Share[] = [new Map()];
  #accessToken: string | undefined;
  #running = false;
  #watch: NodeJS.Timeout | undefined;
  #openSince: number | undefined;
  #checkedAt = 0;
  #lastHaltAt: number | undefined;
  #askedAt: number | undefined;
  #asking = false;

  constructor(options: KiteFeedOptions) {
    this.#o = options;
    this.#timings = { ...KITE_TIMINGS, ...options.timings };
    this.#canaries = options.canaries ?? CANARIES;
    this.#accessToken = options.accessToken;
    if (!/^wss?:$/.test(new URL(options.url).protocol)) {
      throw new TypeError('The ticker URL must begin with ws:// or wss://.');
    }
  }

  /** Connects, with the canaries alone while nothing else is asked for. Instruments may be set before or after. */
  start(): void {
    if (this.#running) return;
    if (this.#connections.length === 0) this.setInstruments([]);
    this.#running = true;
    this.#startNeeded();
    this.#checkedAt = this.#o.clock.now();
    this.#watch = setInterval(() => this.#look(), this.#timings.checkMs);
  }

  stop(): void {
    this.#running = false;
    clearInterval(this.#watch);
    for (const connection of this.#connections) connection.stop();
  }

  /**
   * Subscribes exactly these broker tokens from now on. An instrument keeps its connection.
   *
   * @param mode of the tokens when they come as a list
   * @throws TooManyInstruments, and then nothing has changed
   */
  setInstruments(
    instruments: ReadonlyMap<number, FeedMode> | Iterable<number>,
    mode: FeedMode = 'full',
  ): void {
    const wanted =
      instruments instanceof Map
        ? (instruments as ReadonlyMap<number, FeedMode>)
        : new Map([...(instruments as Iterable<number>)].map((token) => [token, mode] as const));
    this.#shares = partition(wanted, this.#shares, {
      connections: this.#o.maxConnections ?? MAX_CONNECTIONS,
      perConnection: this.#o.maxInstrumentsPerConnection ?? MAX_INSTRUMENTS_PER_CONNECTION,
      canaries: this.#canaries,
    });
    for (const [slot, owned] of this.#shares.entries()) {
      const connection = this.#connection(slot);
      const guests = new Map(
        this.#canaries.filter((token) => !owned.has(token)).map((token) => [token, 'full'] as const),
      );
      connection.setSubscription({ owned, guests });
    }
    if (this.#running) this.#startNeeded();
  }

  /** Since when the connection that owns the broker token has not been open; undefined while it is, or without one. */
  notOpenSince(brokerToken: number): number | undefined {
    const slot = this.#shares.findIndex((share) => share.has(brokerToken));
    return slot < 0 ? undefined : this.#connections[slot]?.status().notOpenSince;
  }

  /** Subscribes these broker tokens again on the open connections that own them. @returns how many that were. */
  askAgain(brokerTokens: readonly number[]): number {
    if (brokerTokens.length === 0) return 0;
    return this.#connections.reduce((asked, connection) => asked + connection.askAgain(brokerTokens), 0);
  }

  /** Takes a new access token: connections that wait for one connect at once, open ones stay open. */
  setAccessToken(accessToken: string): void {
    this.#accessToken = accessToken;
    if (this.#running) for (const connection of this.#connections) connection.tokenChanged();
  }

  status(): ConnectionStatus[] {
    return this.#connections.map((connection) => connection.status());
  }

  /** A connection that lost its last instrument is not kept for its canaries alone. */
  #startNeeded(): void {
    for (const [slot, connection] of this.#connections.entries()) {
      if (slot === 0 || this.#shares[slot]!.size > 0) connection.start();
      else connection.stop();
    }
  }

  #connection(slot: number): KiteConnection {
    let connection = this.#connections[slot];
    if (!connection) {
      connection = new KiteConnection({
        feed: `${this.#o.name ?? 'kite'}-${slot + 1}`,
        url: this.#o.url,
        apiKey: this.#o.apiKey,
        accessToken: () => this.#accessToken,
        sink: this.#o.sink,
        clock: this.#o.clock,
        log: this.#o.log,
        timings: this.#timings,
        random: this.#o.random ?? Math.random,
        observer: this.#o.observer ?? {},
      });
      this.#connections[slot] = connection;
    }
    return connection;
  }

  #look(): void {
    const now = this.#o.clock.now();
    const heldUp = now - this.#checkedAt > this.#timings.checkMs + HELD_UP_MS || now < this.#checkedAt;
    this.#checkedAt = now;
    if (!this.#canaries.some((token) => this.#o.inSession(token, now))) this.#openSince = undefined;
    else if (heldUp) this.#openSince = now;
    else this.#openSince ??= now;
    const hearings = this.#connections.map((c) => c.hearing()).filter((h): h is Hearing => h !== undefined);
    const verdict = judge(hearings, this.#openSince, now, this.#timings.tickSilenceMs);
    if (verdict.kind === 'stalled') {
      this.#reconnect(
        verdict.feeds,
        'stall',
        'It heartbeats but ticks no more, while another connection does.',
      );
    } else if (verdict.kind === 'all_silent') {
      this.#allSilent(verdict.feeds).catch((error: unknown) => {
        this.#o.log.error({ error: String(error) }, 'Could not judge the silence of the feed');
      });
    }
  }

  async #allSilent(feeds: readonly string[]): Promise<void> {
    const now = this.#o.clock.now();
    const within = (since: number | undefined, ms: number) => since !== undefined && now - since < ms;
    if (this.#asking || within(this.#askedAt, this.#timings.tickSilenceMs)) return;
    this.#asking = true;
    this.#askedAt = now;
    // A broker that cannot say whether its quotes move is no proof that they do.
    const moves = (await this.#o.quoteMoves?.().catch(() => false)) ?? false;
    this.#asking = false;
    // While we asked, the market may have come back.
    if (!this.#running || !feeds.every((feed) => this.#isSilent(feed))) return;
    if (moves) {
      this.#reconnect(feeds, 'stall', 'It heartbeats but ticks no more, while REST quotes move.');
    } else if (!within(this.#lastHaltAt, this.#timings.haltReconnectMs)) {
      this.#lastHaltAt = now;
      this.#reconnect(feeds, 'halt', 'Nothing ticks anywhere: the market may be halted.');
    }
  }

  #isSilent(feed: string): boolean {
    const hearing = this.#connections.find((c) => c.feed === feed)?.hearing();
    if (!hearing) return false;
    return (
      judge([hearing], this.#openSince, this.#o.clock.now(), this.#timings.tickSilenceMs).kind ===
      'all_silent'
    );
  }

  #reconnect(feeds: readonly string[], cause: 'stall' | 'halt', reason: string): void {
    for (const connection of this.#connections) {
      if (feeds.includes(connection.feed)) connection.reconnect(cause, reason);
    }
  }
}
