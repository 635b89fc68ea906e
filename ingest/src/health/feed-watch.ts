import type { Logger } from 'pino';
import type { QuietInstrument } from '../batch/tick-pipeline.js';
import type { Clock } from '../clock.js';
import type { Metrics } from '../metrics.js';
import type { Hearing } from '../write/pipeline.js';

/*
 * Listens for what a connection's own watch cannot hear: single instruments that have fallen silent on a connection that
 * ticks. Two kinds.
 *
 *     unanswered   After a (re)subscribe every instrument answers with its last state. Who has not after ANSWER_MS is
 *                  subscribed again, later each time. What coverage lacks of it is `not_subscribed` from then on, and
 *                  `subscription` in the ledger of holes.
 *     stale        Silent in session beyond its own usual rhythm (`batch/rhythm.ts`). It is subscribed again too: the
 *                  answer tells whether it was just quiet (nothing moved: the silence is proven empty) or not heard
 *                  (volume moved: the silence is a hole). One that answered is quiet for good reasons and is left alone
 *                  until it ticks again.
 */

/** A snapshot takes milliseconds; 3000 of them at once take longer. */
const ANSWER_MS = 5_000;
const LOOK_MS = 1_000;
/** Between two attempts: the first at once, then so long, doubling. */
const AGAIN_MS = 10_000;
const AGAIN_CAP_MS = 300_000;

export interface FeedWatchParts {
  readonly hearing: Hearing;
  /** Subscribes broker tokens again. */
  readonly feed: { askAgain(brokerTokens: readonly number[]): number };
  /** Names of the connections that there are: of each of them the metrics tell, also that nobody is silent. */
  readonly feeds: () => readonly string[];
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'feedStale' | 'feedUnanswered' | 'feedResubscribed'>;
}

interface Asked {
  attempts: number;
  nextAt: number;
}

/** Who is silent now. */
export interface Silence {
  readonly stale: readonly QuietInstrument[];
  readonly unanswered: readonly QuietInstrument[];
}

export class FeedWatch {
  readonly #p: FeedWatchParts;
  readonly #asked = new Map<number, Asked>();
  #timer: NodeJS.Timeout | undefined;
  #silence: Silence = { stale: [], unanswered: [] };
  #feeds = new Set<string>();

  constructor(parts: FeedWatchParts) {
    this.#p = parts;
  }

  /** As of the last look, at most a second ago. */
  get silence(): Silence {
    return this.#silence;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.look(), LOOK_MS);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Looks once. */
  look(): void {
    const { hearing, clock } = this.#p;
    const now = clock.now();
    const stale = hearing.stale(now);
    const unanswered = hearing.unanswered(now, ANSWER_MS);
    this.#silence = { stale, unanswered };
    this.#count();
    this.#askAgain([...unanswered, ...stale], now);
  }

  #askAgain(silent: readonly QuietInstrument[], now: number): void {
    const { hearing, feed, log, metrics } = this.#p;
    const tokens = new Set(silent.map(({ token }) => token));
    for (const token of this.#asked.keys()) if (!tokens.has(token)) this.#asked.delete(token);
    const due = silent.filter(({ token }) => (this.#asked.get(token)?.nextAt ?? 0) <= now);
    if (due.length === 0) return;
    // Before the messages go out: what comes back must find itself waited for.
    hearing.askedAgain(
      now,
      due.map(({ token }) => token),
    );
    if (feed.askAgain(due.map(({ brokerToken }) => brokerToken)) === 0) return;
    let first = 0;
    for (const { token, feed: name } of due) {
      const attempts = (this.#asked.get(token)?.attempts ?? 0) + 1;
      if (attempts === 1) first++;
      const waitMs = Math.min(AGAIN_CAP_MS, AGAIN_MS * 2 ** Math.min(attempts - 1, 10));
      this.#asked.set(token, { attempts, nextAt: now + waitMs });
      metrics.feedResubscribed.inc({ feed: name });
    }
    if (first > 0) {
      log.warn(
        { instruments: first, tokens: due.slice(0, 5).map(({ token }) => token) },
        'Instruments are silent while their connection ticks: they are subscribed again',
      );
    }
  }

  #count(): void {
    const { metrics } = this.#p;
    const { stale, unanswered } = this.#silence;
    for (const feed of this.#p.feeds()) this.#feeds.add(feed);
    const of = (list: readonly QuietInstrument[], feed: string) =>
      list.reduce((count, quiet) => count + (quiet.feed === feed ? 1 : 0), 0);
    for (const feed of this.#feeds) {
      metrics.feedStale.set({ feed }, of(stale, feed));
      metrics.feedUnanswered.set({ feed }, of(unanswered, feed));
      metrics.feedResubscribed.inc({ feed }, 0);
    }
  }
}
