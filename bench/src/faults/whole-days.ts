import type { CalendarFile } from '@tickscope/ingest/dist/src/sessions/calendar.js';

const SESSIONS: [['continuous', string, string]] = [['continuous', '00:00', '24:00']];
const GROUPS = ['index', 'cash', 'cash_with_derivatives', 'derivatives', 'derivatives_expiring_index'];

/** An exchange that never closes, so that faults strike at any hour; a round across midnight IST has a change of day. */
export const wholeDays: CalendarFile = {
  exchange: 'NSE',
  timezone: 'Asia/Kolkata',
  complete_to: '2099-12-31',
  weekdays: [0, 1, 2, 3, 4, 5, 6],
  eras: [
    { from: '2015-01-01', to: null, groups: Object.fromEntries(GROUPS.map((group) => [group, SESSIONS])) },
  ],
  closed: [],
  special: [],
};
