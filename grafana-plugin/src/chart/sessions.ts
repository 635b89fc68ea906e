import { DAY_MS, HOUR_MS } from './interval';
import type { Slot } from './timeline';
import type { Zone } from './zone';

/** The boundary before a slot, and how large it is: the larger ones stay when there is no room for all. */
export interface SessionBreak {
  /** Index of the first slot after the break. */
  index: number;
  level: 'day' | 'week' | 'month' | 'year';
}

/** Between bars of a session markets rest for less than this; between sessions for more. */
const OVERNIGHT_MS = 3 * HOUR_MS;
const THURSDAY_TO_MONDAY_DAYS = 3;

/**
 * Where a trading session ends and the next begins.
 *
 * In data that pause overnight a break is a pause: a session may pass midnight of the dashboard's zone (New York
 * seen from Mumbai). Data that never pause (a simulator, crypto) break at midnight of `zone`. Daily candles break
 * at the turn of a month.
 */
export function sessionBreaks(slots: readonly Slot[], intervalMs: number, zone: Zone): SessionBreak[] {
  const daily = intervalMs >= DAY_MS;
  const pauses = daily ? 0 : overnightPauses(slots);
  const days =
    slots.length > 1 ? ((slots[slots.length - 1] as Slot).time - (slots[0] as Slot).time) / DAY_MS : 0;
  const byPause = pauses > 0 && pauses >= (days - 1) / 4;
  const breaks: SessionBreak[] = [];
  for (let i = 1; i < slots.length; i++) {
    const [before, after] = [(slots[i - 1] as Slot).time, (slots[i] as Slot).time];
    const changesDay = zone.day(before) !== zone.day(after);
    if (daily || !byPause ? !changesDay : after - before < OVERNIGHT_MS) continue;
    const level = levelOf(before, after, zone);
    if (!daily || level === 'month' || level === 'year') breaks.push({ index: i, level });
  }
  return breaks;
}

function overnightPauses(slots: readonly Slot[]): number {
  let pauses = 0;
  for (let i = 1; i < slots.length; i++) {
    if ((slots[i] as Slot).time - (slots[i - 1] as Slot).time >= OVERNIGHT_MS) pauses++;
  }
  return pauses;
}

function levelOf(before: number, after: number, zone: Zone): SessionBreak['level'] {
  const [a, b] = [zone.wall(before), zone.wall(after)];
  if (a.getUTCFullYear() !== b.getUTCFullYear()) return 'year';
  if (a.getUTCMonth() !== b.getUTCMonth()) return 'month';
  // Days are counted from a Thursday: 1970-01-01.
  const week = (ms: number) => Math.floor((zone.day(ms) + THURSDAY_TO_MONDAY_DAYS) / 7);
  return week(before) === week(after) ? 'day' : 'week';
}
