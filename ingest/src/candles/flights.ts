import type { BrokerErrorKind, CandleInterval } from '../broker/broker.js';
import { overlaps, type Span, union } from './span.js';

/** What became of a fetch. `failure` is a sentence; the rest that the answer held is stored all the same. */
export interface FlightResult {
  /** Candles stored. */
  readonly stored: number;
  readonly failure?: string;
  /** Why there was no answer at all, or that it could not be stored; not of an answer that was refused in part. */
  readonly kind?: FetchFault;
}

export type FetchFault = BrokerErrorKind | 'not_stored';

export interface Flight {
  readonly interval: CandleInterval;
  readonly spans: readonly Span[];
  readonly priority: number;
  readonly result: Promise<FlightResult>;
  /** Position in the order of events at which it ended. */
  endedAt?: number;
}

/** A position in the order of events: what ended after it may be missing in what was read at it. */
export type Moment = { readonly at: number };

/**
 * The fetches that are under way, by instrument, so that requests for the same hole share one.
 *
 * A request reads the database, then looks here. A fetch that ends between the two is missing in both,
 * so flights that ended stay listed until every reading that began before their end has let go.
 */
export class Flights {
  readonly #byToken = new Map<number, Flight[]>();
  readonly #readings = new Set<Moment>();
  #events = 0;

  /** To be called before the database is read, and given to `release` when the holes it showed are dealt with. */
  beginReading(): Moment {
    const moment = { at: this.#events++ };
    this.#readings.add(moment);
    return moment;
  }

  /** Ends a reading of `token`'s holes. */
  release(moment: Moment, token: number): void {
    this.#readings.delete(moment);
    this.#forget(token);
  }

  /** Flights for `token` that overlap `span`, and were under way at `since` or later. */
  find(token: number, interval: CandleInterval, span: Span, since: Moment): Flight[] {
    return (this.#byToken.get(token) ?? []).filter(
      (flight) =>
        flight.interval === interval &&
        (flight.endedAt === undefined || flight.endedAt > since.at) &&
        overlaps(flight.spans, span.from, span.to),
    );
  }

  /** Lists a fetch for as long as it goes on. `fetch` must not reject. */
  add(
    token: number,
    interval: CandleInterval,
    spans: readonly Span[],
    priority: number,
    fetch: () => Promise<FlightResult>,
  ): Flight {
    const flight: Flight = {
      interval,
      spans,
      priority,
      result: fetch().then((result) => {
        flight.endedAt = this.#events++;
        this.#forget(token);
        return result;
      }),
    };
    const flights = this.#byToken.get(token);
    if (flights) flights.push(flight);
    else this.#byToken.set(token, [flight]);
    return flight;
  }

  /** What is being fetched for `token` right now, sorted. */
  spans(token: number, intervals: readonly CandleInterval[]): Span[] {
    return union(
      (this.#byToken.get(token) ?? [])
        .filter((flight) => flight.endedAt === undefined && intervals.includes(flight.interval))
        .flatMap((flight) => flight.spans),
    );
  }

  /** Resolves when nothing is under way any more. */
  async landed(): Promise<void> {
    await Promise.all([...this.#byToken.values()].flat().map((flight) => flight.result));
  }

  /** How many fetches are under way. */
  get size(): number {
    let size = 0;
    for (const flights of this.#byToken.values()) {
      for (const flight of flights) if (flight.endedAt === undefined) size++;
    }
    return size;
  }

  #forget(token: number): void {
    let oldest = this.#events;
    for (const reading of this.#readings) oldest = Math.min(oldest, reading.at);
    const flights = this.#byToken.get(token);
    if (!flights) return;
    const kept = flights.filter((f) => f.endedAt === undefined || f.endedAt > oldest);
    if (kept.length) this.#byToken.set(token, kept);
    else this.#byToken.delete(token);
  }
}
