import type { Logger } from 'pino';
import type { CandleInterval } from '../broker/broker.js';
import type { Instrument } from '../instruments/instrument.js';
import type { StreamClient } from './client.js';
import type { StreamHub } from './hub.js';
import type { InstrumentFeed } from './instrument-feed.js';
import type { StreamLimits } from './limits.js';
import { type Channel, parseMessage, StreamError, type StreamRequest } from './protocol.js';
import type { Topic } from './topic.js';

const DEFAULT_CHANNELS: readonly Channel[] = ['tick'];
const DEFAULT_INTERVALS: readonly CandleInterval[] = ['1m'];
/** Names in a sentence about unknown ones. */
const NAMED = 10;

/** What one client says, taken in the order said, and the answers. */
export class Conversation {
  #last: Promise<void> = Promise.resolve();

  constructor(
    private readonly client: StreamClient,
    private readonly hub: StreamHub,
    private readonly limits: StreamLimits,
    private readonly log: Logger,
  ) {}

  hear(data: Buffer, binary: boolean): void {
    if (!this.client.mayAsk(performance.now())) {
      if (this.client.isFirstRefusal) {
        this.#refuse(
          new StreamError(
            'too_many_messages',
            `Only ${this.limits.messagesPerSecond} messages a second are heard; put several symbols into one.`,
          ),
        );
      }
      return;
    }
    this.#last = this.#last
      .then(() => (this.client.isOpen ? this.#answer(data, binary) : undefined))
      .catch((error: unknown) => this.#refuse(error));
  }

  async #answer(data: Buffer, binary: boolean): Promise<void> {
    if (binary) throw new StreamError('bad_message', 'Messages are text, not binary.');
    const message = parseMessage(data.toString('utf8'));
    if (message.type === 'ping') this.client.send({ type: 'pong' });
    else if (message.type === 'subscribe') await this.#subscribe(message);
    else if (message.type === 'unsubscribe') await this.#unsubscribe(message);
    else await this.#latest(message);
  }

  async #subscribe(request: StreamRequest): Promise<void> {
    const { client, hub } = this;
    const channels = request.channels ?? DEFAULT_CHANNELS;
    const intervals = barIntervals(channels, request.intervals);
    if (request.symbols === undefined && channels.some((channel) => channel !== 'vix')) {
      throw new StreamError('bad_message', 'symbols is missing: a list such as ["NSE:INFY", "256265"].');
    }
    const { found, unknown } = await this.#resolve(request.symbols ?? []);
    if (!client.isOpen) return;
    const known = new Set([...client.feeds.keys()].map((feed) => feed.instrument.token));
    for (const { token } of found) known.add(token);
    if (known.size > this.limits.symbols) {
      throw new StreamError(
        'too_many_symbols',
        `A client may have ${this.limits.symbols} instruments; with these it would have ${known.size}. None of them was subscribed.`,
      );
    }
    const feeds = found.map((instrument) => hub.feed(instrument));
    for (const feed of feeds) {
      const topics = topicsOf(feed, channels, intervals);
      if (topics.length === 0) continue;
      const held = client.feeds.get(feed) ?? new Set();
      client.feeds.set(feed, held);
      for (const topic of topics) {
        topic.subscribers.add(client);
        held.add(topic);
      }
    }
    for (const feed of feeds) hub.release(feed);
    if (channels.includes('vix')) hub.market.vix.subscribers.add(client);
    this.#acknowledge('subscribed', found, channels, intervals);
    if (unknown.length > 0) this.#refuseUnknown(unknown);
    for (const feed of feeds) {
      void this.#offerWhenReady(feed, channels, intervals, () => client.feeds.has(feed));
    }
    if (channels.includes('vix')) await this.#offerVix();
  }

  async #unsubscribe(request: StreamRequest): Promise<void> {
    const { client, hub } = this;
    const channels = request.channels;
    const wanted = request.symbols && (await this.#resolve(request.symbols));
    const tokens = wanted && new Set(wanted.found.map(({ token }) => token));
    const left: Instrument[] = [];
    for (const feed of [...client.feeds.keys()]) {
      if (tokens && !tokens.has(feed.instrument.token)) continue;
      left.push(feed.instrument);
      const intervals = request.intervals ?? [...feed.bars.keys()];
      hub.leave(client, feed, channels && topicsOf(feed, channels, known(feed, intervals)));
    }
    if (channels?.includes('vix') || (!channels && !request.symbols)) {
      hub.market.vix.subscribers.delete(client);
      client.withdraw(hub.market.vix);
    }
    this.#acknowledge('unsubscribed', left, channels, request.intervals);
    if (wanted && wanted.unknown.length > 0) this.#refuseUnknown(wanted.unknown);
  }

  /** Without symbols: of everything subscribed. */
  async #latest(request: StreamRequest): Promise<void> {
    const { client, hub } = this;
    const channels = request.channels ?? DEFAULT_CHANNELS;
    const intervals = barIntervals(channels, request.intervals);
    const { found, unknown } = request.symbols
      ? await this.#resolve(request.symbols)
      : { found: [...client.feeds.keys()].map((feed) => feed.instrument), unknown: [] };
    if (found.length > this.limits.symbols) {
      throw new StreamError('too_many_symbols', `At most ${this.limits.symbols} instruments at a time.`);
    }
    if (unknown.length > 0) this.#refuseUnknown(unknown);
    const feeds = found.map((instrument) => hub.feed(instrument));
    for (const feed of feeds) feed.retained++;
    try {
      await Promise.all(feeds.map((feed) => this.#offerWhenReady(feed, channels, intervals, () => true)));
    } finally {
      for (const feed of feeds) {
        feed.retained--;
        hub.release(feed);
      }
    }
    if (channels.includes('vix')) await this.#offerVix();
  }

  async #offerWhenReady(
    feed: InstrumentFeed,
    channels: readonly Channel[],
    intervals: readonly CandleInterval[],
    stillWanted: () => boolean,
  ): Promise<void> {
    const topics = topicsOf(feed, channels, intervals, false);
    await this.hub.ready(feed, intervals);
    if (channels.includes('stats')) await this.hub.market.refreshStats(feed);
    if (!this.client.isOpen || !stillWanted()) return;
    for (const topic of topics) this.client.offer(topic);
  }

  async #offerVix(): Promise<void> {
    await this.hub.market.refreshVix();
    this.client.offer(this.hub.market.vix);
  }

  async #resolve(symbols: readonly string[]): Promise<{ found: Instrument[]; unknown: string[] }> {
    const found = new Map<number, Instrument>();
    const unknown: string[] = [];
    const resolved = await Promise.all(symbols.map((symbol) => this.hub.find(symbol)));
    for (const [i, instrument] of resolved.entries()) {
      if (instrument) found.set(instrument.token, instrument);
      else unknown.push(symbols[i]!);
    }
    return { found: [...found.values()], unknown };
  }

  #acknowledge(
    type: 'subscribed' | 'unsubscribed',
    instruments: readonly Instrument[],
    channels: readonly Channel[] | undefined,
    intervals: readonly CandleInterval[] | undefined,
  ): void {
    const symbols = instruments.map(({ exchange, symbol }) => `${exchange}:${symbol}`);
    this.client.send({ type, symbols, channels, intervals });
  }

  #refuseUnknown(symbols: readonly string[]): void {
    const names = symbols.slice(0, NAMED).map((symbol) => JSON.stringify(symbol));
    const more = symbols.length > NAMED ? ` and ${symbols.length - NAMED} more` : '';
    this.client.send({
      type: 'error',
      code: 'unknown_symbol',
      message: `There is no instrument ${names.join(', ')}${more}; search with /api/instruments?search=.`,
      symbols,
    });
  }

  #refuse(error: unknown): void {
    if (error instanceof StreamError) {
      this.client.send({ type: 'error', code: error.code, message: error.message });
      return;
    }
    this.log.error({ err: error }, 'a message to the stream could not be answered');
    this.client.send({
      type: 'error',
      code: 'unavailable',
      message: 'This cannot be answered at the moment, perhaps because the database is away; try again.',
    });
  }
}

function barIntervals(
  channels: readonly Channel[],
  intervals: readonly CandleInterval[] | undefined,
): readonly CandleInterval[] {
  return channels.includes('bar') ? (intervals ?? DEFAULT_INTERVALS) : [];
}

function known(feed: InstrumentFeed, intervals: readonly CandleInterval[]): CandleInterval[] {
  return intervals.filter((interval) => feed.bars.has(interval));
}

/** @param ended with the topics of candles that are over */
function topicsOf(
  feed: InstrumentFeed,
  channels: readonly Channel[],
  intervals: readonly CandleInterval[],
  ended = true,
): Topic[] {
  const topics: Topic[] = [];
  if (channels.includes('tick')) topics.push(feed.tick);
  if (channels.includes('depth')) topics.push(feed.depth);
  if (channels.includes('stats')) topics.push(feed.stats);
  if (channels.includes('bar')) {
    for (const interval of intervals) {
      const bars = feed.barFeed(interval);
      topics.push(bars.live);
      if (ended) topics.push(bars.ended);
    }
  }
  return topics;
}
