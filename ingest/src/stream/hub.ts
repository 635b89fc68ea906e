import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import type { WebSocket } from 'ws';
import type { RunQuery } from '../api/sql/query.js';
import { BOOK_CHANGED, STORED, TickBatch } from '../batch/tick-batch.js';
import type { CandleInterval } from '../broker/broker.js';
import type { Clock } from '../clock.js';
import { DEPTH_BYTES } from '../decode/columns.js';
import type { RestQuote } from '../feed/fallback.js';
import type { Instrument } from '../instruments/instrument.js';
import type { Metrics } from '../metrics.js';
import type { Commit } from '../write/committer.js';
import { viewOf } from '../write/encode-ticks.js';
import { exists } from './bar.js';
import { StreamClient } from './client.js';
import { Conversation } from './conversation.js';
import { InstrumentFeed } from './instrument-feed.js';
import { Judge } from './judge.js';
import type { StreamLimits } from './limits.js';
import { Loader } from './loader.js';
import { MarketTopics, type StreamSources } from './market-topics.js';
import { GOING_AWAY } from './protocol.js';
import { Publisher } from './publisher.js';
import { readTick } from './tick.js';
import type { Topic } from './topic.js';

const SECOND_MS = 1000;
/** How long clients have for the closing handshake when the service stops. */
const STOP_WITHIN_MS = 1_000;
const LOOK_AT_QUIET_MS = 60_000;
/** After a commit whose rows are not in memory any more; there may be many of them, while an outage's ticks drain. */
const READ_AGAIN_MS = 250;
const QUIET_MS = 10_000;
const SWEEP_MS = 5_000;
const LINGER_MS = 10_000;

export interface StreamParts {
  readonly run: RunQuery;
  /** Undefined for what is not an instrument. */
  readonly find: (reference: string) => Promise<Instrument | undefined>;
  readonly origin: string;
  readonly sources: StreamSources;
  readonly limits: StreamLimits;
  /** What stands in for ticks while a connection is away. */
  readonly restQuote?: ((token: number) => RestQuote | undefined) | undefined;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/**
 * What is streamed, and to whom.
 *
 *     commit -> the rows of instruments that somebody wants -> InstrumentFeed (quote, book, bars) -> Topic (paced)
 *            -> Publisher (one frame a topic) -> StreamClient (the newest of each topic, in one write)
 *
 * A feed begins with what the database has as of one flush and goes on with the flushes after it, so that what is
 * streamed is what is stored. It ends when nobody wants it.
 */
export class StreamHub {
  readonly #o: StreamParts;
  readonly #clients = new Set<StreamClient>();
  readonly #feeds = new Map<number, InstrumentFeed>();
  readonly #publisher: Publisher;
  readonly #loader: Loader;
  readonly #judge: Judge;
  readonly market: MarketTopics;
  /** Feeds that somebody left, and when (monotonic). */
  readonly #left = new Map<InstrumentFeed, number>();
  readonly #timers: NodeJS.Timeout[];
  #unseen: NodeJS.Timeout | undefined;
  #stopped: Promise<void> | undefined;

  constructor(parts: StreamParts) {
    this.#o = parts;
    const { run, clock, log, metrics, limits } = parts;
    this.#publisher = new Publisher(metrics);
    this.#loader = new Loader(run, clock, log);
    this.#judge = new Judge(run, clock, log);
    this.market = new MarketTopics(
      parts.sources,
      this.#feeds,
      (topic) => this.#publisher.changed(topic),
      log,
    );
    const ping = () => {
      for (const client of this.#clients) if (!client.ping()) metrics.streamDropped.inc({ reason: 'silent' });
    };
    this.#timers = [
      setInterval(ping, limits.pingMs),
      setInterval(() => this.#lookAtQuiet(), LOOK_AT_QUIET_MS),
      setInterval(() => this.#sweep(), SWEEP_MS),
    ];
  }

  get clients(): number {
    return this.#clients.size;
  }

  get isFull(): boolean {
    return this.#clients.size >= this.#o.limits.clients;
  }

  /** Takes a connection over. @param stream the connection beneath */
  connect(socket: WebSocket, stream: Duplex): void {
    const { limits, metrics, log } = this.#o;
    const client = new StreamClient(socket, stream, limits, this.#publisher);
    const conversation = new Conversation(client, this, limits, log);
    this.#clients.add(client);
    metrics.streamClients.set(this.#clients.size);
    socket.on('message', (data, binary) => conversation.hear(data as Buffer, binary));
    socket.on('error', (err) => log.debug({ err }, 'a stream client failed'));
    socket.once('close', () => {
      this.#clients.delete(client);
      metrics.streamClients.set(this.#clients.size);
      this.#publisher.forget(client);
      for (const feed of [...client.feeds.keys()]) this.leave(client, feed);
      this.market.vix.subscribers.delete(client);
    });
    if (this.#stopped) client.close(GOING_AWAY, 'The service stops.');
  }

  /** Takes what was committed. Reads the rows within the call. */
  take(commit: Commit): void {
    if (this.#feeds.size === 0 || commit.ticks === 0) return;
    const { slots, batchId, committedAt, batches } = commit;
    if (!batches) {
      this.#unseen ??= setTimeout(() => this.#readAgain(), READ_AGAIN_MS);
      return;
    }
    for (const batch of batches) {
      const view = viewOf(batch);
      for (let row = 0; row < batch.length; row++) {
        const flags = batch.flags[row]!;
        if ((flags & STORED) === 0) continue;
        const feed = this.#feeds.get(slots.token[batch.slot[row]!]!);
        if (!feed) continue;
        feed.apply(readTick(batch, row, slots, view), bookOf(batch, row, flags), batchId, committedAt);
      }
    }
  }

  /** Ticks were committed without us seeing them. */
  #readAgain(): void {
    this.#unseen = undefined;
    for (const feed of this.#feeds.values()) {
      this.#loader.reloadInstrument(feed);
      this.stored(feed.instrument.token);
    }
  }

  find(reference: string): Promise<Instrument | undefined> {
    return this.#o.find(reference);
  }

  /** The instrument's feed, begun if need be. The caller subscribes to a topic of it or calls `release`. */
  feed(instrument: Instrument): InstrumentFeed {
    let feed = this.#feeds.get(instrument.token);
    if (!feed) {
      const { restQuote } = this.#o;
      feed = new InstrumentFeed(instrument, this.#o.origin, SECOND_MS / this.#o.limits.updatesPerSecond, {
        changed: (topic: Topic) => this.#publisher.changed(topic),
        judge: (of, interval, bucket) => this.#judge.ask(of, interval, bucket),
        restQuote: (token) => restQuote?.(token),
      });
      this.#feeds.set(instrument.token, feed);
    }
    return feed;
  }

  /** Resolves when what is stored of the instrument is in the feed; never rejects. */
  ready(feed: InstrumentFeed): Promise<void> {
    return this.#loader.instrument(feed);
  }

  /** The same for its candles of one interval. A day is made of the instrument's state. */
  async barsReady(feed: InstrumentFeed, interval: CandleInterval): Promise<void> {
    await Promise.all([this.#loader.bars(feed, interval), interval === '1d' && this.ready(feed)]);
  }

  leave(client: StreamClient, feed: InstrumentFeed, topics?: Iterable<Topic>): void {
    const held = client.feeds.get(feed);
    for (const topic of [...(topics ?? held ?? [])]) {
      topic.subscribers.delete(client);
      client.withdraw(topic);
      held?.delete(topic);
    }
    if (held?.size === 0) client.feeds.delete(feed);
    this.release(feed);
  }

  /** Our tokens of what somebody has subscribed to. */
  wanted(): number[] {
    return [...this.#feeds.values()].filter((feed) => !feed.isIdle).map(({ instrument }) => instrument.token);
  }

  /** Quotes by REST came, or stand in no more. */
  quoted(tokens: readonly number[]): void {
    for (const token of tokens) {
      const feed = this.#feeds.get(token);
      if (feed) this.#publisher.changed(feed.tick);
    }
  }

  /** Somebody wants it no more. It is kept for a while: who asks again, or comes back, costs no query. */
  release(feed: InstrumentFeed): void {
    this.#left.set(feed, performance.now());
  }

  /** Ends feeds, and bars of feeds, that nobody has wanted for a while. */
  #sweep(): void {
    const before = performance.now() - LINGER_MS;
    for (const [feed, since] of this.#left) {
      if (since > before) continue;
      this.#left.delete(feed);
      if (feed.dropIdle()) this.#feeds.delete(feed.instrument.token);
    }
  }

  /** Stored candles of the instrument have changed: they are read again. */
  stored(token: number): void {
    const feed = this.#feeds.get(token);
    if (!feed) return;
    for (const [interval, { endedBar }] of feed.bars) {
      this.#loader.reloadBars(feed, interval);
      if (endedBar) this.#judge.ask(feed, interval, endedBar.bucket);
    }
  }

  /** A session may have ended within the time of a candle that does not move any more: then it is complete. */
  #lookAtQuiet(): void {
    const before = this.#o.clock.now() - QUIET_MS;
    for (const feed of this.#feeds.values()) {
      for (const [interval, { bar, movedAt }] of feed.bars) {
        const { current } = bar;
        if (current && exists(current) && !current.complete && movedAt < before) {
          this.#judge.askNow(feed, interval, current.bucket);
        }
      }
    }
  }

  /** Says goodbye to everybody. Safe to call twice. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    clearTimeout(this.#unseen);
    this.#publisher.stop();
    this.#judge.stop();
    this.#loader.stop();
    this.market.stop();
    for (const client of this.#clients) client.close(GOING_AWAY, 'The service stops.');
    const until = performance.now() + STOP_WITHIN_MS;
    while (this.#clients.size > 0 && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    for (const client of this.#clients) client.socket.terminate();
  }
}

function bookOf(batch: TickBatch, row: number, flags: number): Buffer | undefined {
  if ((flags & BOOK_CHANGED) === 0) return undefined;
  const at = TickBatch.bookAt(row);
  return Buffer.from(batch.packets.packets.subarray(at, at + DEPTH_BYTES));
}
