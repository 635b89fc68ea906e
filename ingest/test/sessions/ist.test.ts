import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addDays,
  DAY_MS,
  dateToDayNumber,
  dayNumberToDate,
  istDate,
  istDayNumber,
  istMidnight,
  weekday,
} from '../../src/sessions/ist.js';

const day = fc.integer({ min: dateToDayNumber('2000-01-01'), max: dateToDayNumber('2060-12-31') });

describe('the IST date', () => {
  test('changes at 18:30 UTC', () => {
    expect(istDate(Date.parse('2026-11-20T18:29:59.999Z'))).toBe('2026-11-20');
    expect(istDate(Date.parse('2026-11-20T18:30:00.000Z'))).toBe('2026-11-21');
  });

  test('is the one that the time-zone database gives', () => {
    const official = new Intl.DateTimeFormat('en-CA', { timeZone: 'Asia/Kolkata' });
    fc.assert(
      fc.property(day, fc.integer({ min: 0, max: DAY_MS - 1 }), (number, ms) => {
        const instant = number * DAY_MS + ms;
        expect(istDate(instant)).toBe(official.format(instant));
      }),
    );
  });

  test('starts at its own midnight', () => {
    fc.assert(
      fc.property(day, (number) => {
        const date = dayNumberToDate(number);
        expect(istDate(istMidnight(date))).toBe(date);
        expect(istDate(istMidnight(date) - 1)).toBe(addDays(date, -1));
        expect(istDayNumber(istMidnight(date))).toBe(number);
      }),
    );
  });
});

test('days are added over months, years and leap days', () => {
  expect(addDays('2024-02-28', 1)).toBe('2024-02-29');
  expect(addDays('2026-12-31', 1)).toBe('2027-01-01');
  expect(addDays('2026-03-01', -1)).toBe('2026-02-28');
});

test('weekdays count from Sunday', () => {
  expect(weekday('2026-11-21')).toBe(6);
  expect(weekday('2026-11-22')).toBe(0);
});

test('what is no date has no day number', () => {
  expect(dateToDayNumber('tomorrow')).toBeNaN();
});
