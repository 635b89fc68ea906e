import type { Duplex } from 'node:stream';
import type { WebSocket } from 'ws';
import type { InstrumentFeed } from './instrument-feed.js';
import { FLOOD, type StreamLimits } from './limits.js';
import { POLICY, TRY_AGAIN_LATER } from './protocol.js';
import type { Receiver, Topic } from './topic.js';

const SECOND_MS = 1000;
/** A close frame behind a full socket may never be read. */
const CLOSE_WITHIN_MS = 2_000;

export interface ClientEvents {
  /** It has something to be flushed that it had not before. */
  waiting(client: StreamClient): void;
  conflated(): void;
  flooded(): void;
  sent(messages: number): void;
}

/**
 * One connection. What it is offered is a set of topics, not of messages: whoever is too slow for every message gets
 * the newest of each topic when its socket has drained, and is closed when that takes too long.
 */
export class StreamClient implements Receiver {
  /** What it subscribed to, by instrument. */
  readonly feeds = new Map<InstrumentFeed, Set<Topic>>();
  readonly #pending = new Set<Topic>();
  /** Since when its socket has been over the bound; undefined when it is not. */
  #slowSince: number | undefined;
  #second = 0;
  #messages = 0;
  #answered = true;
  #closing = false;

  constructor(
    readonly socket: WebSocket,
    /** The connection beneath, for frames that are made already. */
    private readonly stream: Duplex,
    private readonly limits: StreamLimits,
    private readonly events: ClientEvents,
  ) {
    socket.on('pong', () => {
      this.#answered = true;
    });
  }

  get isOpen(): boolean {
    return !this.#closing && this.socket.readyState === this.socket.OPEN;
  }

  get isSlow(): boolean {
    return this.#slowSince !== undefined;
  }

  /** Counts a message; false when it is one too many. A flood ends the connection. */
  mayAsk(now: number): boolean {
    if (now - this.#second >= SECOND_MS) {
      this.#second = now;
      this.#messages = 0;
    }
    this.#messages++;
    const { messagesPerSecond } = this.limits;
    if (this.#messages > messagesPerSecond * FLOOD && this.isOpen) {
      this.events.flooded();
      this.close(POLICY, `More than ${messagesPerSecond * FLOOD} messages in a second.`);
    }
    return this.#messages <= messagesPerSecond;
  }

  /** The first refusal of a second is told, not each. */
  get isFirstRefusal(): boolean {
    return this.#messages === this.limits.messagesPerSecond + 1;
  }

  offer(topic: Topic): void {
    if (this.#pending.has(topic)) {
      if (this.#slowSince !== undefined) this.events.conflated();
      return;
    }
    this.#pending.add(topic);
    if (this.#pending.size === 1) this.events.waiting(this);
  }

  withdraw(topic: Topic): void {
    this.#pending.delete(topic);
  }

  /** Writes the newest of everything offered, in one piece. @returns why the client was given up, if it was */
  flush(now: number): 'slow' | undefined {
    if (!this.isOpen || this.#pending.size === 0) return undefined;
    if (this.stream.writableLength > this.limits.bufferedBytes) {
      this.#slowSince ??= now;
      if (now - this.#slowSince < this.limits.slowMs) return undefined;
      const seconds = Math.round(this.limits.slowMs / SECOND_MS);
      this.close(
        TRY_AGAIN_LATER,
        `Too slow: more than ${this.limits.bufferedBytes} bytes waited for ${seconds} s.`,
      );
      return 'slow';
    }
    this.#slowSince = undefined;
    const frames: Buffer[] = [];
    for (const topic of this.#pending) {
      const { frame } = topic;
      if (frame) frames.push(frame);
    }
    this.#pending.clear();
    if (frames.length === 0) return undefined;
    // `ws` writes whole frames at once and compresses nothing here, so that ours go between its own.
    this.stream.write(frames.length === 1 ? frames[0]! : Buffer.concat(frames));
    this.events.sent(frames.length);
    return undefined;
  }

  /** An answer to this client alone. */
  send(message: object): void {
    if (!this.isOpen) return;
    this.socket.send(JSON.stringify(message));
    this.events.sent(1);
  }

  /** Pings; ends the connection when the last ping was not answered. @returns whether it was alive */
  ping(): boolean {
    if (!this.#answered) {
      this.socket.terminate();
      return false;
    }
    this.#answered = false;
    if (this.isOpen) this.socket.ping();
    return true;
  }

  close(code: number, reason: string): void {
    if (this.#closing) return;
    this.#closing = true;
    this.#pending.clear();
    this.socket.close(code, reason);
    setTimeout(() => this.socket.terminate(), CLOSE_WITHIN_MS).unref();
  }
}
