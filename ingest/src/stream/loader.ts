import type { Logger } from 'pino';
import type { RunQuery } from '../api/sql/query.js';
import { CANDLE_INTERVALS, type CandleInterval } from '../broker/broker.js';
import type { Clock } from '../clock.js';
import type { StoredBar } from './bar.js';
import { Gathered } from './gathered.js';
import type { BarFeed, InstrumentFeed } from './instrument-feed.js';
import type { InstrumentState } from './instrument-state.js';
import { type AsOf, readBars, readInstruments } from './stored.js';

/** Instruments that one query reads: a few milliseconds each. */
const INSTRUMENTS_A_QUERY = 200;
const BARS_A_QUERY = 50;
const RETRY_MS = 1_000;

/**
 * Gives feeds what is stored. While it is asked for, a feed keeps the ticks that are committed; those of flushes that
 * the answer knows are in it already. While the database is away it is asked again until it answers.
 */
export class Loader {
  readonly #instruments: Gathered<number, AsOf<InstrumentState>>;
  readonly #bars = new Map<CandleInterval, Gathered<number, AsOf<StoredBar[]>>>();
  #stopped = false;

  constructor(
    run: RunQuery,
    clock: Clock,
    private readonly log: Logger,
  ) {
    this.#instruments = new Gathered((tokens) => readInstruments(run, tokens), INSTRUMENTS_A_QUERY);
    for (const interval of CANDLE_INTERVALS) {
      const read = (tokens: readonly number[]) => readBars(run, interval, tokens, clock.now());
      this.#bars.set(interval, new Gathered(read, BARS_A_QUERY));
    }
  }

  /** Resolves when the feed has its instrument's state; at once when it has it. Never rejects. */
  instrument(feed: InstrumentFeed): Promise<void> {
    feed.loaded ??= this.#until(() => this.#instruments.get(feed.instrument.token)).then((stored) =>
      feed.restore(stored),
    );
    return feed.loaded;
  }

  /** Reads the instrument's state again. What is known stays until then. */
  reloadInstrument(feed: InstrumentFeed): void {
    feed.loaded = (feed.loaded ?? Promise.resolve())
      .then(() => {
        feed.held ??= [];
        return this.#until(() => this.#instruments.get(feed.instrument.token));
      })
      .then((stored) => feed.restore(stored));
  }

  /** The same for the candles of one interval. */
  bars(feed: InstrumentFeed, interval: CandleInterval): Promise<void> {
    const bars = feed.barFeed(interval);
    bars.loaded ??= this.#readBars(feed, bars);
    return bars.loaded;
  }

  /** Reads candles again that have changed in the database. What is known stays until then. */
  reloadBars(feed: InstrumentFeed, interval: CandleInterval): void {
    const bars = feed.barFeed(interval);
    if (bars.held) bars.again = true;
    else bars.loaded = this.#readBars(feed, bars);
  }

  stop(): void {
    this.#stopped = true;
  }

  async #readBars(feed: InstrumentFeed, bars: BarFeed): Promise<void> {
    const reader = this.#bars.get(bars.bar.interval)!;
    bars.held ??= [];
    let stored: AsOf<StoredBar[]> | undefined;
    do {
      bars.again = false;
      stored = await this.#until(() => reader.get(feed.instrument.token));
    } while (bars.again && !this.#stopped);
    feed.restoreBars(bars, stored);
  }

  async #until<T>(ask: () => Promise<T | undefined>): Promise<T | undefined> {
    for (;;) {
      if (this.#stopped) return undefined;
      try {
        return await ask();
      } catch (err) {
        if (!this.#stopped) this.log.warn({ err }, 'the stream could not read what is stored; it asks again');
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref());
      }
    }
  }
}
