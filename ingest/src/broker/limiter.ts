import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import PQueue from 'p-queue';
import { BrokerError } from './broker.js';

const SECOND_MS = 1000;
/** How much later than its successors a request may reach the server without two windows touching. */
const MARGIN_MS = 24;
/** A slot is held at most this much longer for a request whose answer is late. */
const LATE_CAP_MS = 250;
const REMEMBERED_ANSWERS = 32;
/** In flight at once when there is no rate to keep. */
const UNLIMITED_CONCURRENCY = 8;

interface Request {
  sentAt: number;
  /** By how many milliseconds the answer was later than usual; undefined while it is under way. */
  late: number | undefined;
}

/** Starts a request; calls `sent` when its bytes have left for the server. */
export type LimitedTask<T> = (sent: () => void) => Promise<T>;

export interface LimiterOptions {
  /** Requests in any second, 0 = no limit. */
  readonly perSecond: number;
  /** Milliseconds of a clock that never jumps. */
  readonly now?: () => number;
}

/**
 * Keeps requests to at most `perSecond` in *any* second, as the server counts them.
 *
 * The server counts arrivals, we see departures, and the way between them varies. So a slot is taken when
 * the request's bytes left (not when we began to connect) and is free again a second plus a margin later:
 * `perSecond / 1.024` at full load. An answer that is later than nine in ten of the last ones may belong
 * to a request that also arrived late; its slot is held longer by as much.
 *
 * The next request is chosen at the moment in which a slot is free, highest priority first, oldest first.
 */
export class Limiter {
  readonly #perSecond: number;
  readonly #now: () => number;
  readonly #gate: PQueue;
  readonly #closing = new AbortController();
  readonly #latencies: number[] = [];
  #recent: Request[] = [];
  #holdUntil = 0;

  constructor({ perSecond, now = () => performance.now() }: LimiterOptions) {
    if (!(Number.isInteger(perSecond) && perSecond >= 0)) {
      throw new RangeError('A rate limit must be 0 (none) or a whole number of requests a second.');
    }
    this.#perSecond = perSecond;
    this.#now = now;
    // Every queued request listens for the close.
    setMaxListeners(0, this.#closing.signal);
    this.#gate = new PQueue({ concurrency: perSecond === 0 ? UNLIMITED_CONCURRENCY : 1 });
  }

  /** Requests that could start at once; Infinity without a limit. */
  get remaining(): number {
    if (this.#perSecond === 0) return Number.POSITIVE_INFINITY;
    const now = this.#now();
    if (now < this.#holdUntil) return 0;
    return Math.max(0, this.#perSecond - this.#recent.filter((r) => this.#freeAt(r, now) > now).length);
  }

  /** Requests that wait for their turn. */
  get queued(): number {
    return this.#gate.size;
  }

  /** Runs `task` in its turn. Rejects with what it rejects with, or with a `BrokerError` once closed. */
  run<T>(task: LimitedTask<T>, priority = 0): Promise<T> {
    const { signal } = this.#closing;
    if (signal.aborted) return Promise.reject(closed());
    return new Promise<T>((resolve, reject) => {
      let begun = false;
      const turn = async (): Promise<void> => {
        begun = true;
        if (this.#perSecond === 0) {
          await task(() => undefined).then(resolve, reject);
          return;
        }
        await this.#send(task, resolve, reject);
        await this.#slot();
      };
      this.#gate.add(turn, { priority, signal }).catch(() => {
        if (!begun) reject(closed());
      });
    });
  }

  /** Starts nothing for `ms`: the server said that it had too much. */
  holdOff(ms: number): void {
    this.#holdUntil = Math.max(this.#holdUntil, this.#now() + ms);
  }

  /** Refuses what is queued. What is under way goes on. */
  close(): void {
    this.#closing.abort();
  }

  /** Resolves when the request's bytes have left, or when it ended without that. */
  async #send<T>(
    task: LimitedTask<T>,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): Promise<void> {
    await new Promise<void>((left) => {
      const request: Request = { sentAt: 0, late: undefined };
      let isSent = false;
      const sent = (): void => {
        if (isSent) return;
        isSent = true;
        request.sentAt = this.#now();
        this.#recent.push(request);
        left();
      };
      const ended = (): void => {
        sent();
        const latency = this.#now() - request.sentAt;
        request.late = latency - this.#usualLatency();
        this.#latencies.push(latency);
        if (this.#latencies.length > REMEMBERED_ANSWERS) this.#latencies.shift();
      };
      task(sent).finally(ended).then(resolve, reject);
    });
  }

  /** Resolves when one more request may start. */
  async #slot(): Promise<void> {
    for (;;) {
      const now = this.#now();
      this.#recent = this.#recent.filter((request) => this.#freeAt(request, now) > now);
      const frees = this.#recent.map((request) => this.#freeAt(request, now)).sort((a, b) => a - b);
      const slotAt = frees[frees.length - this.#perSecond] ?? now;
      const wait = Math.max(slotAt, this.#holdUntil) - now;
      if (wait <= 0) return;
      await sleep(Math.ceil(wait), undefined, { signal: this.#closing.signal });
    }
  }

  #freeAt({ sentAt, late }: Request, now: number): number {
    const lateness = late ?? now - sentAt - this.#usualLatency();
    return sentAt + SECOND_MS + MARGIN_MS + Math.min(Math.max(lateness, 0), LATE_CAP_MS);
  }

  /** What nine in ten of the last answers took at most; 0 before the first. */
  #usualLatency(): number {
    const sorted = [...this.#latencies].sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length * 0.9)] ?? 0;
  }
}

function closed(): BrokerError {
  return new BrokerError('unavailable', 'The connection to the broker was closed.');
}
