import { setMaxListeners } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import PQueue from 'p-queue';
import { BrokerError } from './broker.js';

const SECOND_MS = 1000;
/** Allows for the quickest answer that we remember not being the quickest there is. */
const MARGIN_MS = 12;
/** Fewer answers than this tell nothing of how quick the way can be: a cold server makes all of them slow. */
const TELLING_ANSWERS = 32;
const REMEMBERED_ANSWERS = 256;
/** In flight at once when there is no rate to keep. */
const UNLIMITED_CONCURRENCY = 8;

interface Request {
  sentAt: number;
  /** When its slot is free again; Infinity until it is answered. */
  freeAt: number;
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
 * The server counts arrivals; we see departures and answers. A request has arrived by the time of its answer,
 * so a slot that is free a second after the answer is always safe, and costs the latency. What the quickest
 * of many answers took is spent on every way, so that much is given back: a request that left at `s` and was
 * answered after `l` frees its slot at `s + 1 s + (l - quickest) + margin`. One that is not answered may not
 * have arrived and keeps it. So slow connects and stalls on either side do not break the bound, and against
 * a server that answers evenly the rate is 0.988 of the limit; what its answers vary by is what it costs.
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
  /** Called when an answer may have freed a slot. */
  #wake: () => void = () => undefined;

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
    return Math.max(0, this.#perSecond - this.#recent.filter((request) => request.freeAt > now).length);
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
    this.#wake();
  }

  /** Resolves when the request's bytes have left, or when it ended without that. */
  async #send<T>(
    task: LimitedTask<T>,
    resolve: (value: T) => void,
    reject: (error: unknown) => void,
  ): Promise<void> {
    await new Promise<void>((left) => {
      const request: Request = { sentAt: 0, freeAt: Number.POSITIVE_INFINITY };
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
        this.#answered(request);
      };
      task(sent).finally(ended).then(resolve, reject);
    });
  }

  #answered(request: Request): void {
    const latency = this.#now() - request.sentAt;
    const known = this.#latencies.length >= TELLING_ANSWERS;
    const quickest = known ? Math.min(latency, ...this.#latencies) : 0;
    request.freeAt = request.sentAt + SECOND_MS + MARGIN_MS + latency - quickest;
    this.#latencies.push(latency);
    if (this.#latencies.length > REMEMBERED_ANSWERS) this.#latencies.shift();
    this.#wake();
  }

  /** Resolves when one more request may start, or at the close. */
  async #slot(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      const now = this.#now();
      this.#recent = this.#recent.filter((request) => request.freeAt > now);
      const frees = this.#recent.map((request) => request.freeAt).sort((a, b) => a - b);
      const slotAt = frees[frees.length - this.#perSecond] ?? now;
      const waitMs = Math.max(slotAt, this.#holdUntil) - now;
      if (waitMs <= 0) return;
      if (waitMs < Number.POSITIVE_INFINITY) {
        await sleep(Math.ceil(waitMs), undefined, { signal }).catch(() => undefined);
      } else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }
}

function closed(): BrokerError {
  return new BrokerError('unavailable', 'The connection to the broker was closed.');
}
