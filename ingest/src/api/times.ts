import {
  addDays,
  DAY_MS,
  dateToDayNumber,
  dayNumberToDate,
  type IstDate,
  istMidnight,
} from '../sessions/ist.js';
import { badField } from './errors.js';

const DATE = /^\d{4}-\d{2}-\d{2}$/;
const EPOCH = /^\d{1,15}$/;
const ISO =
  /^(\d{4}-\d{2}-\d{2})[Tt ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d([.,]\d{1,9})?)?([Zz]|[ +-]([01]\d|2[0-3]):?[0-5]\d)$/;

/** Before 1994-11-03, NSE's first day of trading, there is nothing; mostly it means seconds instead of milliseconds. */
const FIRST_MS = Date.UTC(1994, 0, 1);
const LAST_MS = Date.UTC(2100, 0, 1);

/** A `YYYY-MM-DD` that exists: 2026-02-30 does not. */
export function parseDate(field: string, text: string): IstDate {
  if (!DATE.test(text) || dayNumberToDate(dateToDayNumber(text) || 0) !== text) {
    throw badField(field, `${field} must be a date such as 2026-11-20; got ${quoted(text)}.`);
  }
  return text;
}

/**
 * An instant in epoch milliseconds out of ISO 8601 with a zone, epoch milliseconds, or an IST date.
 * @param edge a date as `end` is the midnight after it, so that a range includes the day.
 * @throws ApiError 400 naming `field`.
 */
export function parseInstant(field: string, value: string | number, edge: 'start' | 'end'): number {
  const text = String(value).trim();
  const ms = instantOf(field, text, edge);
  if (ms < FIRST_MS && EPOCH.test(text)) {
    throw badField(field, `${field} counts milliseconds since 1970; ${quoted(text)} looks like seconds.`);
  }
  if (ms < FIRST_MS || ms > LAST_MS) {
    throw badField(field, `${field} must lie between 1994 and 2100; got ${quoted(text)}.`);
  }
  return ms;
}

function instantOf(field: string, text: string, edge: 'start' | 'end'): number {
  if (EPOCH.test(text)) return Number(text);
  if (DATE.test(text)) {
    const day = parseDate(field, text);
    return istMidnight(edge === 'end' ? addDays(day, 1) : day);
  }
  const iso = ISO.exec(text);
  if (iso) {
    parseDate(field, iso[1]!);
    // In a URL an unescaped plus sign arrives as a space: 09:15:00+05:30 -> 09:15:00 05:30.
    const ms = Date.parse(
      text
        .replace(/^(.{10}) /, '$1T')
        .replace(/ (\d\d:?\d\d)$/, '+$1')
        .replace(',', '.'),
    );
    if (!Number.isNaN(ms)) return ms;
  }
  throw badField(
    field,
    `${field} must be ISO 8601 with a zone (2026-11-20T09:15:00+05:30), epoch milliseconds or a date (2026-11-20); got ${quoted(text)}.`,
  );
}

/** Both ends of a range, `from < to`. */
export function parseRange(
  from: string | number,
  to: string | number,
  names: readonly [string, string] = ['from', 'to'],
): { from: number; to: number } {
  const range = { from: parseInstant(names[0], from, 'start'), to: parseInstant(names[1], to, 'end') };
  checkOrder(range.from, range.to, names);
  return range;
}

/** A range that is the last 24 hours where it is left open; to a minute past now, for the exchange's clock may be ahead. */
export function recentRange(
  from: string | undefined,
  to: string | undefined,
  now: number,
): { from: number; to: number } {
  return parseRange(from ?? Math.trunc(now - DAY_MS), to ?? Math.trunc(now + 60_000));
}

export function checkOrder(
  from: number,
  to: number,
  names: readonly [string, string] = ['from', 'to'],
): void {
  if (from >= to) {
    throw badField(
      names[0],
      `${names[0]} (${iso(from)}) must be before ${names[1]} (${iso(to)}); are they swapped?`,
    );
  }
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** `iso` for a series in order of time: writes the date once a day, a third of the cost of a thousand dates. */
export function isoSeries(): (ms: number) => string {
  let day = Number.NaN;
  let prefix = '';
  return (ms) => {
    const today = Math.floor(ms / DAY_MS);
    if (today !== day) {
      day = today;
      prefix = iso(today * DAY_MS).slice(0, 11);
    }
    const rest = ms - today * DAY_MS;
    if (rest % 60_000 !== 0) return iso(ms);
    const minute = rest / 60_000;
    return `${prefix}${twoDigits(Math.floor(minute / 60))}:${twoDigits(minute % 60)}:00.000Z`;
  };
}

function twoDigits(n: number): string {
  return n < 10 ? `0${n}` : String(n);
}

export function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms);
}

/** What a caller sent, short enough for a sentence. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
