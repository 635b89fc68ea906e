import type { FeedEnd, FeedSink } from '../../src/feed/feed.js';
import type { SimulatedExchange } from '../../src/simulator/exchange.js';
import { LiveState } from '../../src/simulator/liveState.js';
import {
  FULL_BYTES,
  frameOf,
  INDEX_FULL_BYTES,
  writeFullPacket,
  writeIndexPacket,
} from '../../src/simulator/packet.js';

const SECOND = 1_000;

/**
 * A connection that tells a sink what the simulated exchange does: a packet an event, or with `conflateMs` one
 * packet an instrument and so often. Times are the exchange's; packets arrive `latencyMs` later.
 */
export class PlayedFeed {
  readonly #states = new Map<number, LiveState>();
  readonly #dirty = new Set<number>();
  connected = false;

  constructor(
    readonly feed: string,
    readonly exchange: SimulatedExchange,
    readonly tokens: readonly number[],
    readonly latencyMs: number,
    readonly conflateMs = 0,
  ) {}

  connect(sink: FeedSink, at: number): void {
    this.connected = true;
    this.#dirty.clear();
    sink.connected(this.feed, at, this.tokens);
    for (const token of this.tokens) {
      const instrument = this.exchange.instrument(token)!;
      const state = new LiveState(this.exchange.market, instrument, at);
      state.fields.exchangeTime = this.exchange.exchangeTime(instrument, state.fields, at);
      this.#states.set(token, state);
    }
    this.#send(sink, this.tokens, at);
  }

  disconnect(sink: FeedSink, at: number, cause: FeedEnd): void {
    if (this.connected) sink.disconnected(this.feed, at + this.latencyMs, cause);
    this.connected = false;
  }

  /** Everything that happens in `(from, to]`. */
  play(sink: FeedSink, from: number, to: number): void {
    if (!this.connected) return;
    for (let at = from; at < to; ) {
      const end = Math.min(to, Math.floor(at / SECOND) * SECOND + SECOND);
      this.#second(sink, at, end);
      sink.alive(this.feed, end + this.latencyMs);
      at = end;
    }
  }

  #second(sink: FeedSink, from: number, to: number): void {
    let sent = from;
    for (;;) {
      let first: LiveState | undefined;
      for (const state of this.#states.values()) {
        if (state.next.at <= to && (!first || state.next.at < first.next.at)) first = state;
      }
      if (!first) break;
      const { at } = first.next;
      if (this.conflateMs > 0 && Math.floor(at / this.conflateMs) > Math.floor(sent / this.conflateMs)) {
        this.#flush(sink, at);
      }
      sent = at;
      first.step();
      if (this.conflateMs > 0) this.#dirty.add(first.instrument.token);
      else this.#send(sink, [first.instrument.token], at);
    }
    if (this.conflateMs > 0 && Math.floor(to / this.conflateMs) > Math.floor(sent / this.conflateMs)) {
      this.#flush(sink, to);
    }
  }

  #flush(sink: FeedSink, at: number): void {
    if (this.#dirty.size > 0) this.#send(sink, [...this.#dirty], at);
    this.#dirty.clear();
  }

  #send(sink: FeedSink, tokens: readonly number[], at: number): void {
    const bodies = tokens.flatMap((token) => {
      const { fields, instrument } = this.#states.get(token)!;
      if (fields.lastPrice === 0) return [];
      const isIndex = instrument.type === 'INDEX';
      const body = Buffer.alloc(isIndex ? INDEX_FULL_BYTES : FULL_BYTES);
      if (isIndex) writeIndexPacket(body, 0, fields);
      else writeFullPacket(body, 0, fields);
      return [body];
    });
    if (bodies.length > 0) sink.frame(this.feed, frameOf(bodies), at + this.latencyMs);
  }
}
