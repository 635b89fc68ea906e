import { DAY_MS } from './interval';

/**
 * Offsets of a time zone. lightweight-charts knows UTC alone; axis labels and day breaks need the dashboard's zone.
 * Offsets are asked of `Intl` once a UTC day, except on days on which the clock is put forward or back.
 */
export class Zone {
  readonly #format: Intl.DateTimeFormat | undefined;
  readonly #dayStart = new Map<number, number>();

  /** @param name an IANA name; `utc`; `browser` or an empty text for the machine's own; unknown names count as that */
  constructor(readonly name: string) {
    this.#format = name.toLowerCase() === 'utc' ? undefined : partsFormat(name);
  }

  /** Milliseconds to add to UTC at that instant. */
  offsetMs(ms: number): number {
    if (!this.#format) return 0;
    const day = Math.floor(ms / DAY_MS);
    const start = this.#startOffset(day);
    return start === this.#startOffset(day + 1) ? start : offsetAt(this.#format, ms);
  }

  /** The wall clock as a `Date` whose UTC parts are the zone's. */
  wall(ms: number): Date {
    return new Date(ms + this.offsetMs(ms));
  }

  /** Number of the calendar day in the zone, days since 1970-01-01. */
  day(ms: number): number {
    return Math.floor((ms + this.offsetMs(ms)) / DAY_MS);
  }

  #startOffset(day: number): number {
    const known = this.#dayStart.get(day);
    if (known !== undefined || !this.#format) return known ?? 0;
    const offset = offsetAt(this.#format, day * DAY_MS);
    this.#dayStart.set(day, offset);
    return offset;
  }
}

function partsFormat(name: string): Intl.DateTimeFormat {
  const options: Intl.DateTimeFormatOptions = {
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  };
  if (name === '' || name === 'browser') return new Intl.DateTimeFormat('en-US', options);
  try {
    return new Intl.DateTimeFormat('en-US', { ...options, timeZone: name });
  } catch {
    return new Intl.DateTimeFormat('en-US', options);
  }
}

function offsetAt(format: Intl.DateTimeFormat, ms: number): number {
  const parts: Record<string, number> = {};
  for (const { type, value } of format.formatToParts(ms)) parts[type] = Number(value);
  const { year = 1970, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(ms / 1000) * 1000;
}
