export type Endpoint = 'historical' | 'quote' | 'other';

/** A little shorter than the second that it stands for: a client's even spacing arrives a little uneven. */
const WINDOW_MS = 950;

/** Counts the requests of each key and endpoint in a sliding window, as Kite does, and refuses those above the rate. */
export class RequestLimiter {
  readonly #times = new Map<string, number[]>();
  readonly #history = new Map<number, number>();
  readonly #counts = new Map<Endpoint, { requests: number; refused: number; mostInWindow: number }>();

  constructor(
    /** Requests a second; 0 = no limit. */
    readonly perSecond: Readonly<Record<Endpoint, number>>,
    readonly monotonicMs: () => number = () => performance.now(),
  ) {}

  /** False when the request must be answered with 429. A refused request does not count against the rate. */
  take(apiKey: string, endpoint: Endpoint): boolean {
    const now = this.monotonicMs();
    const key = `${endpoint} ${apiKey}`;
    const recent = (this.#times.get(key) ?? []).filter((at) => at > now - WINDOW_MS);
    const count = this.#counts.get(endpoint) ?? { requests: 0, refused: 0, mostInWindow: 0 };
    this.#counts.set(endpoint, count);
    const limit = this.perSecond[endpoint];
    const allowed = limit === 0 || recent.length < limit;
    count.requests++;
    if (allowed) recent.push(now);
    else count.refused++;
    count.mostInWindow = Math.max(count.mostInWindow, recent.length + (allowed ? 0 : 1));
    this.#times.set(key, recent);
    return allowed;
  }

  /** A request for the history of `token`. */
  asked(token: number): void {
    this.#history.set(token, (this.#history.get(token) ?? 0) + 1);
  }

  /** Requests for history so far, by token. */
  history(): Record<string, number> {
    return Object.fromEntries(this.#history);
  }

  /** Requests and refusals so far, and the most that ever came within one window, by endpoint. */
  counts(): Record<string, { requests: number; refused: number; mostInWindow: number }> {
    return Object.fromEntries(this.#counts);
  }
}
