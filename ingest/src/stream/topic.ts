import { textFrame } from './frame.js';

/** Who receives the newest of a topic. */
export interface Receiver {
  /** The topic has something new. */
  offer(topic: Topic): void;
}

/** How many messages may come at once where a steady rate allows one. */
const BURST = 2;

/** One key of what is streamed, such as the ticks of one instrument: who wants it, and its newest message, made once. */
export class Topic {
  readonly subscribers = new Set<Receiver>();
  /** Waiting to be published. */
  queued = false;
  #frame: Buffer | undefined;
  #stale = true;
  /** When the next message is due at the steady rate, by the monotonic clock. */
  #dueAt = 0;

  /** @param text the newest message, undefined while there is none */
  constructor(
    private readonly text: () => string | undefined,
    private readonly everyMs: number,
  ) {}

  /** What the message is made of has changed. */
  changed(): void {
    this.#stale = true;
  }

  /** The newest message as a WebSocket frame. */
  get frame(): Buffer | undefined {
    if (this.#stale) {
      const text = this.text();
      this.#frame = text === undefined ? undefined : textFrame(text);
      this.#stale = false;
    }
    return this.#frame;
  }

  /** Whether a message may go out at `now` (monotonic milliseconds); if so it counts. */
  takeTurn(now: number): boolean {
    if (now < this.#dueAt - (BURST - 1) * this.everyMs) return false;
    this.#dueAt = Math.max(now, this.#dueAt) + this.everyMs;
    return true;
  }
}
