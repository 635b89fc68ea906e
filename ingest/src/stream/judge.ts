import type { Logger } from 'pino';
import type { RunQuery } from '../api/sql/query.js';
import type { CandleInterval } from '../broker/broker.js';
import type { Clock } from '../clock.js';
import { bucketEnd } from './bar.js';
import type { InstrumentFeed } from './instrument-feed.js';
import { readBucket } from './stored.js';

/** LIVE_SETTLE, after which a bucket can be complete, and a moment for the commit that says so. */
const SETTLED_MS = 3_300;
/** Looks after the bucket's end at candles that are not complete: coverage may lag, a hole may be healed soon. */
const LOOKS_MS = [SETTLED_MS, 6_000, 15_000, 60_000];
const LOOK_EVERY_MS = 250;
const TOKENS_A_QUERY = 500;

interface Case {
  readonly interval: CandleInterval;
  readonly bucket: number;
  readonly feeds: Set<InstrumentFeed>;
  look: number;
  dueAt: number;
}

/**
 * Has the last word about candles that ended: whether they are complete is the database's to say, once LIVE_SETTLE has
 * passed. One query for all instruments of a bucket.
 */
export class Judge {
  readonly #cases = new Map<string, Case>();
  readonly #timer: NodeJS.Timeout;
  #asking = false;
  #stopped = false;

  constructor(
    private readonly run: RunQuery,
    private readonly clock: Clock,
    private readonly log: Logger,
  ) {
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
  }

  ask(feed: InstrumentFeed, interval: CandleInterval, bucket: number): void {
    this.#add(feed, interval, bucket, 0);
  }

  /** Looks soon, whether its time is over or not: its sessions may be. */
  askNow(feed: InstrumentFeed, interval: CandleInterval, bucket: number): void {
    this.#add(feed, interval, bucket, LOOKS_MS.length);
  }

  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
  }

  #add(feed: InstrumentFeed, interval: CandleInterval, bucket: number, look: number): void {
    const key = `${interval} ${bucket} ${look}`;
    let found = this.#cases.get(key);
    if (!found) {
      const after = look < LOOKS_MS.length ? bucketEnd(interval, bucket) + LOOKS_MS[look]! : 0;
      // Asked about a bucket that ended long ago: soon, not at once, so that many ask together.
      const dueAt = Math.max(after, this.clock.now() + (look === 0 ? LOOK_EVERY_MS : 0));
      found = { interval, bucket, feeds: new Set(), look, dueAt };
      this.#cases.set(key, found);
    }
    found.feeds.add(feed);
  }

  async #look(): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      for (const [key, found] of [...this.#cases]) {
        if (this.#stopped || this.clock.now() < found.dueAt) continue;
        this.#cases.delete(key);
        await this.#decide(found);
      }
    } finally {
      this.#asking = false;
    }
  }

  async #decide({ interval, bucket, feeds, look }: Case): Promise<void> {
    const all = [...feeds];
    for (let from = 0; from < all.length; from += TOKENS_A_QUERY) {
      const some = all.slice(from, from + TOKENS_A_QUERY);
      try {
        const tokens = some.map((feed) => feed.instrument.token);
        const stored = await readBucket(this.run, interval, bucket, tokens);
        for (const feed of some) {
          const candle = stored.get(feed.instrument.token);
          const bars = feed.bars.get(interval);
          if (!candle || !bars) continue;
          feed.settle(bars, candle);
          if (!candle.complete && look + 1 < LOOKS_MS.length) this.#add(feed, interval, bucket, look + 1);
        }
      } catch (err) {
        if (this.#stopped) return;
        this.log.warn({ err }, 'the stream could not read candles that ended');
        if (look + 1 < LOOKS_MS.length) for (const feed of some) this.#add(feed, interval, bucket, look + 1);
      }
    }
  }
}
