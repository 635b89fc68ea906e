import type { Calendar } from '../sessions/calendar.js';
import { DAY_MS, dayNumberToDate, IST_OFFSET_MS, istDayNumber } from '../sessions/ist.js';
import type { TradedInstruments } from './traded-instruments.js';

/**
 * The continuous sessions of one group on one IST date as plain numbers:
 * `[opens, closes, opens, closes, ...]` in epoch milliseconds, in order.
 */
export type SessionEdges = readonly number[];

const NO_SESSIONS: SessionEdges = [];
const DAYS_KEPT = 4000;

/** Looks sessions up by our token and day, and remembers them by group and day. */
export class TradingDays {
  readonly #cache = new Map<string, SessionEdges>();
  /** The day asked about last, and its date: most questions are about one day. */
  #day = Number.NaN;
  #date = '';

  constructor(
    private readonly calendar: Calendar,
    private readonly instruments: TradedInstruments,
  ) {}

  /** @param day the number of an IST date (`istDayNumber`) */
  edges(token: number, day: number): SessionEdges {
    if (day !== this.#day) {
      this.#day = day;
      this.#date = dayNumberToDate(day);
    }
    const date = this.#date;
    const group = this.instruments.sessionGroup(token, date);
    if (group === undefined) return NO_SESSIONS;
    const key = `${group} ${day}`;
    let edges = this.#cache.get(key);
    if (!edges) {
      if (this.#cache.size >= DAYS_KEPT) this.#cache.clear();
      edges = this.calendar.continuous(group, date).flatMap((session) => [session.opensAt, session.closesAt]);
      this.#cache.set(key, edges);
    }
    return edges;
  }

  /** Milliseconds of `[from, to)` in which `token` is in continuous session. */
  sessionMs(token: number, from: number, to: number): number {
    let ms = 0;
    for (let day = istDayNumber(from); day <= istDayNumber(to); day++) {
      const edges = this.edges(token, day);
      for (let i = 0; i < edges.length; i += 2) {
        ms += Math.max(0, Math.min(to, edges[i + 1]!) - Math.max(from, edges[i]!));
      }
    }
    return ms;
  }
}

/** 00:00 IST of day number `day`, in epoch milliseconds. */
export function dayStart(day: number): number {
  return day * DAY_MS - IST_OFFSET_MS;
}
