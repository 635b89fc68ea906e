import { Calendar } from '../sessions/calendar.js';

const ALL_DAY: [['continuous', string, string]] = [['continuous', '00:45', '24:00']];

/**
 * The calendar of an exchange that never rests: every day of the week, 00:45 to 24:00 IST, so that no hour counted
 * from 09:15 spans two dates.
 */
export function alwaysOpen(): Calendar {
  const groups = ['index', 'cash', 'cash_with_derivatives', 'derivatives', 'derivatives_expiring_index'];
  return Calendar.parse({
    exchange: 'NSE',
    timezone: 'Asia/Kolkata',
    complete_to: '2099-12-31',
    weekdays: [0, 1, 2, 3, 4, 5, 6],
    eras: [{ from: '2015-01-01', to: null, groups: Object.fromEntries(groups.map((g) => [g, ALL_DAY])) }],
    closed: [],
    special: [],
  });
}
