import type { Calendar } from '../sessions/calendar.js';
import { dayNumberToDate } from '../sessions/ist.js';

/** Contracts expire on a Tuesday (NSE since 2025-09), monthlies on the month's last. */
const EXPIRY_WEEKDAY = 2;
const EPOCH_WEEKDAY = 4;

export interface Expiry {
  /** IST day number of the last trading day. */
  readonly day: number;
  readonly monthly: boolean;
  /** As in a symbol: `26NOV` for a monthly, `26N24` for a weekly. */
  readonly code: string;
}

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

/**
 * The next `weeks` expiries on or after `today` (an IST day number), each on its Tuesday or, when that is closed,
 * on the last day before it that trades.
 */
export function expiriesFrom(calendar: Calendar, today: number, weeks: number): Expiry[] {
  const found: Expiry[] = [];
  let tuesday = today + ((EXPIRY_WEEKDAY - ((today + EPOCH_WEEKDAY) % 7) + 7) % 7);
  for (; found.length < weeks; tuesday += 7) {
    const day = lastTradingDay(calendar, tuesday);
    if (day < today) continue;
    const monthly = month(tuesday + 7) !== month(tuesday);
    found.push({ day, monthly, code: monthly ? monthlyCode(tuesday) : weeklyCode(day) });
  }
  return found;
}

function lastTradingDay(calendar: Calendar, tuesday: number): number {
  for (let day = tuesday; day > tuesday - 7; day--) {
    if (calendar.continuous('derivatives', dayNumberToDate(day)).length > 0) return day;
  }
  return tuesday;
}

function month(day: number): number {
  return Number(dayNumberToDate(day).slice(5, 7)) - 1;
}

function monthlyCode(day: number): string {
  return dayNumberToDate(day).slice(2, 4) + MONTHS[month(day)]!;
}

/** Kite writes the months of weeklies 1-9, O, N, D. */
function weeklyCode(day: number): string {
  const date = dayNumberToDate(day);
  const m = month(day) + 1;
  return `${date.slice(2, 4)}${m < 10 ? m : 'OND'[m - 10]}${date.slice(8, 10)}`;
}
