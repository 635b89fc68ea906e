import type { Calendar, Session, SessionGroup } from '../../sessions/calendar.js';
import { dayNumberToDate } from '../../sessions/ist.js';

export const MINUTE_MS = 60_000;

/** The minutes in which an instrument trades on one day, in order; `length` is 0 on a closed day. */
export interface MinuteGrid {
  readonly length: number;
  /** Epoch milliseconds of the start of minute `index`. */
  at(index: number): number;
  /** How many minutes start at or before `ms`, less one: the minute that holds `ms` or the last before it, -1 if none. */
  indexAt(ms: number): number;
}

/** The continuous sessions of a group on a day, as minutes. */
export class SessionGrid implements MinuteGrid {
  readonly length: number;
  readonly continuous: readonly Session[];
  readonly #counts: readonly number[];

  constructor(readonly sessions: readonly Session[]) {
    this.continuous = sessions.filter((s) => s.kind === 'continuous');
    this.#counts = this.continuous.map((s) => Math.round((s.closesAt - s.opensAt) / MINUTE_MS));
    this.length = this.#counts.reduce((a, b) => a + b, 0);
  }

  at(index: number): number {
    let left = index;
    for (let s = 0; s < this.continuous.length; s++) {
      const count = this.#counts[s]!;
      if (left < count) return this.continuous[s]!.opensAt + left * MINUTE_MS;
      left -= count;
    }
    throw new RangeError(`no minute ${index} in a day of ${this.length}`);
  }

  indexAt(ms: number): number {
    let before = 0;
    for (let s = 0; s < this.continuous.length; s++) {
      const session = this.continuous[s]!;
      if (ms < session.opensAt) break;
      const count = this.#counts[s]!;
      if (ms < session.closesAt) return before + Math.floor((ms - session.opensAt) / MINUTE_MS);
      before += count;
    }
    return before - 1;
  }

  /** Whether this day begins with all of `other`'s minutes. */
  startsWith(other: SessionGrid): boolean {
    const last = other.continuous.length - 1;
    return other.continuous.every((theirs, i) => {
      const ours = this.continuous[i];
      if (!ours || ours.opensAt !== theirs.opensAt) return false;
      return i < last ? ours.closesAt === theirs.closesAt : ours.closesAt >= theirs.closesAt;
    });
  }
}

/** Grids of every group and day, kept once worked out. */
export class Grids {
  readonly #cache = new Map<SessionGroup, Map<number, SessionGrid>>();

  constructor(readonly calendar: Calendar) {}

  /** The grid of `group` on the IST day number `day`. */
  on(group: SessionGroup, day: number): SessionGrid {
    let days = this.#cache.get(group);
    if (!days) {
      days = new Map();
      this.#cache.set(group, days);
    }
    let grid = days.get(day);
    if (!grid) {
      grid = new SessionGrid(this.calendar.sessions(group, dayNumberToDate(day)));
      days.set(day, grid);
    }
    return grid;
  }

  /** The last day before `day` on which `group` trades; the day before where the calendar knows none within 40 days. */
  tradingDayBefore(group: SessionGroup, day: number): number {
    for (let d = day - 1; d > day - 40; d--) if (this.on(group, d).length > 0) return d;
    return day - 1;
  }
}
