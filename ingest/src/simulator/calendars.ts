import { Calendar } from '../sessions/calendar.js';
import { nseCalendar } from '../sessions/nse-calendar.js';

export const CALENDAR_NAMES = ['always', 'nonstop', 'nse'] as const;
export type CalendarName = (typeof CALENDAR_NAMES)[number];

export function calendarNamed(name: CalendarName): Calendar {
  if (name === 'nse') return nseCalendar();
  return name === 'nonstop' ? nonstop() : alwaysOpen();
}

/**
 * The calendar of an exchange that never rests: every day of the week, 00:45 to 24:00 IST, so that no hour counted
 * from 09:15 spans two dates.
 */
export function alwaysOpen(): Calendar {
  return everyDay('00:45');
}

/** Open at midnight too, for tests that must pass at any hour: there an hour's candle spans two dates. */
function nonstop(): Calendar {
  return everyDay('00:00');
}

function everyDay(opens: string): Calendar {
  const sessions: [['continuous', string, string]] = [['continuous', opens, '24:00']];
  const groups = ['index', 'cash', 'cash_with_derivatives', 'derivatives', 'derivatives_expiring_index'];
  return Calendar.parse({
    exchange: 'NSE',
    timezone: 'Asia/Kolkata',
    complete_to: '2099-12-31',
    weekdays: [0, 1, 2, 3, 4, 5, 6],
    eras: [{ from: '2015-01-01', to: null, groups: Object.fromEntries(groups.map((g) => [g, sessions])) }],
    closed: [],
    special: [],
  });
}
