import type { Logger } from 'pino';
import type { Config } from '../config/config.js';
import type { Database } from '../db/database.js';
import type { FeedMode } from '../feed/feed.js';
import { CANARIES, CAPACITY, type KiteFeed } from '../feed/kite/feed.js';
import type { LiveRegistry } from './live-registry.js';

/** NIFTY 50, NIFTY BANK and INDIA VIX: what is heard before anybody has chosen. */
const DEFAULT_KITE = [256265, 260105, 264969];

export interface SubscriptionParts {
  readonly config: Config;
  readonly db: Database;
  readonly registry: LiveRegistry;
  readonly feed: Pick<KiteFeed, 'setInstruments'>;
  readonly log: Logger;
}

/** Which instruments the feed carries: what the configuration names and what was subscribed through the API. */
export class Subscriptions {
  /** Most instruments, the canaries aside. */
  readonly capacity = CAPACITY;
  readonly #p: SubscriptionParts;
  #modes = new Map<number, FeedMode>();
  #unknown: string[] = [];
  #leftOut = 0;

  constructor(parts: SubscriptionParts) {
    this.#p = parts;
  }

  /** Items of INSTRUMENTS that no instrument or watchlist is called. */
  get unknown(): readonly string[] {
    return this.#unknown;
  }

  /** How many instruments were asked for beyond what the connections carry. */
  get leftOut(): number {
    return this.#leftOut;
  }

  current(): Array<{ token: number; mode: FeedMode }> {
    return [...this.#modes].map(([token, mode]) => ({ token, mode }));
  }

  /** Reads both lists anew: at the start, and after a sync that may have brought new contracts. */
  async reload(): Promise<void> {
    const { config, db, log } = this.#p;
    const wanted = new Map((await this.#configured()).map((token) => [token, config.feedMode] as const));
    const { rows } = await db.pool.query<{ token: number; mode: FeedMode }>(
      'select token, mode from subscriptions',
    );
    for (const { token, mode } of rows) wanted.set(token, mode);
    this.#modes = this.#fitting(wanted);
    if (this.#leftOut > 0) {
      log.warn(
        { leftOut: this.#leftOut, capacity: this.capacity },
        'more instruments than the connections can carry',
      );
    }
    this.#apply();
  }

  /** What can be subscribed of `wanted`, in its order, as far as there is room; counts what is left out. */
  #fitting(wanted: ReadonlyMap<number, FeedMode>): Map<number, FeedMode> {
    const { current } = this.#p.registry;
    const kept = new Map<number, FeedMode>();
    let room = this.capacity;
    this.#leftOut = 0;
    for (const [token, mode] of wanted) {
      const brokerToken = current.brokerToken(token);
      // An expired contract keeps its subscription's row but has nothing to be asked for, and takes no room.
      if (brokerToken === undefined || !current.byToken(token)?.active) continue;
      const isCanary = CANARIES.includes(brokerToken);
      if (!isCanary && room === 0) {
        this.#leftOut++;
        continue;
      }
      if (!isCanary) room--;
      kept.set(token, mode);
    }
    return kept;
  }

  async subscribe(tokens: readonly number[], mode: FeedMode): Promise<void> {
    const before = new Map(this.#modes);
    for (const token of tokens) this.#modes.set(token, mode);
    try {
      this.#apply();
    } catch (error) {
      this.#modes = before;
      throw error;
    }
  }

  async unsubscribe(tokens: readonly number[]): Promise<void> {
    for (const token of tokens) this.#modes.delete(token);
    this.#apply();
  }

  #apply(): void {
    const { current } = this.#p.registry;
    const byBrokerToken = new Map<number, FeedMode>();
    for (const [token, mode] of this.#modes) {
      const brokerToken = current.brokerToken(token);
      if (brokerToken !== undefined && current.byToken(token)?.active) byBrokerToken.set(brokerToken, mode);
    }
    this.#p.feed.setInstruments(byBrokerToken);
  }

  async #configured(): Promise<number[]> {
    const { config, db, registry } = this.#p;
    const { current } = registry;
    if (config.instruments.length === 0) {
      if (config.broker === 'kite') return DEFAULT_KITE;
      return [...current.all()].filter(({ active }) => active).map(({ token }) => token);
    }
    const { rows } = await db.pool.query<{ name: string; token: number }>(
      'select name, token from watchlists where name = any ($1) order by name, position',
      [config.instruments],
    );
    const unknown: string[] = [];
    const tokens = config.instruments.flatMap((item) => {
      const instrument = current.resolve(item);
      if (instrument) return [instrument.token];
      const listed = rows.filter(({ name }) => name === item).map(({ token }) => token);
      if (listed.length === 0) unknown.push(item);
      return listed;
    });
    this.#unknown = unknown;
    if (unknown.length > 0)
      this.#p.log.warn({ unknown }, 'INSTRUMENTS names what is neither an instrument nor a watchlist');
    return tokens;
  }
}
