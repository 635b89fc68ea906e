import type { Logger } from 'pino';
import type { Instrument } from '../instruments/instrument.js';
import type { InstrumentFeed } from './instrument-feed.js';
import { Topic } from './topic.js';

/** What takes a query each time: how it is asked for, as the GET of the same name answers. */
export interface StreamSources {
  /** The answer of `GET /api/stats` for the instrument's latest day; undefined while there is none. */
  stats(instrument: Instrument): Promise<object | undefined>;
  /** The newest row of `GET /api/vix`. */
  vix(): Promise<object | undefined>;
}

const VIX_EVERY_MS = 1_000;
const STATS_EVERY_MS = 5_000;

/** Topics that are asked for while somebody wants them, one question at a time, and published when they changed. */
export class MarketTopics {
  readonly vix: Topic;
  #vixText: string | undefined;
  readonly #timers: NodeJS.Timeout[];
  readonly #busy = new Set<string>();
  #stopped = false;

  constructor(
    private readonly sources: StreamSources,
    private readonly feeds: ReadonlyMap<number, InstrumentFeed>,
    private readonly changed: (topic: Topic) => void,
    private readonly log: Logger,
  ) {
    this.vix = new Topic(
      () => (this.#vixText === undefined ? undefined : `{"type":"vix","data":${this.#vixText}}`),
      0,
    );
    this.#timers = [
      setInterval(() => {
        if (this.vix.subscribers.size > 0) void this.refreshVix();
      }, VIX_EVERY_MS),
      setInterval(() => void this.#allStats(), STATS_EVERY_MS),
    ];
  }

  /** Asks for the newest row. Never rejects. */
  refreshVix(): Promise<void> {
    return this.#once('vix', async () => {
      const row = await this.sources.vix();
      const text = row && JSON.stringify(row);
      if (text === this.#vixText) return;
      this.#vixText = text;
      this.changed(this.vix);
    });
  }

  /** Asks for an instrument's day. Never rejects. */
  refreshStats(feed: InstrumentFeed): Promise<void> {
    return this.#once(`stats ${feed.instrument.token}`, async () => {
      const stats = await this.sources.stats(feed.instrument);
      const text = stats && JSON.stringify(stats);
      if (text === feed.statistics) return;
      feed.statistics = text;
      this.changed(feed.stats);
    });
  }

  stop(): void {
    this.#stopped = true;
    for (const timer of this.#timers) clearInterval(timer);
  }

  #allStats(): Promise<void> {
    return this.#once('all stats', async () => {
      for (const feed of [...this.feeds.values()]) {
        if (this.#stopped) return;
        if (feed.stats.subscribers.size > 0) await this.refreshStats(feed);
      }
    });
  }

  async #once(what: string, work: () => Promise<void>): Promise<void> {
    if (this.#stopped || this.#busy.has(what)) return;
    this.#busy.add(what);
    try {
      await work();
    } catch (err) {
      if (!this.#stopped) this.log.warn({ err, what }, 'the stream could not ask for what it sends');
    } finally {
      this.#busy.delete(what);
    }
  }
}
