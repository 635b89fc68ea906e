/**
 * Indian Standard Time, UTC+05:30 the whole year (no daylight saving since 1945), so plain arithmetic
 * serves where a time-zone library would cost an object a tick.
 */
export const IST_OFFSET_MS = 19_800_000;
export const DAY_MS = 86_400_000;

/** An IST calendar date, `YYYY-MM-DD`. */
export type IstDate = string;

/** Days since 1970-01-01 of the IST date that holds `ms` (epoch milliseconds). */
export function istDayNumber(ms: number): number {
  return Math.floor((ms + IST_OFFSET_MS) / DAY_MS);
}

/** The IST date that holds `ms` (epoch milliseconds). */
export function istDate(ms: number): IstDate {
  return dayNumberToDate(istDayNumber(ms));
}

/** `2026-11-21` for the day number of that IST date. */
export function dayNumberToDate(dayNumber: number): IstDate {
  return new Date(dayNumber * DAY_MS).toISOString().slice(0, 10);
}

/** The day number of an IST date; `NaN` when it is not a date. */
export function dateToDayNumber(day: IstDate): number {
  return Math.round(Date.parse(`${day}T00:00:00Z`) / DAY_MS);
}

/** Epoch milliseconds of 00:00 IST on `day`. */
export function istMidnight(day: IstDate): number {
  return Date.parse(`${day}T00:00:00Z`) - IST_OFFSET_MS;
}

export function addDays(day: IstDate, days: number): IstDate {
  return dayNumberToDate(dateToDayNumber(day) + days);
}

/** 0 = Sunday ... 6 = Saturday. */
export function weekday(day: IstDate): number {
  return new Date(`${day}T00:00:00Z`).getUTCDay();
}
