import type { DataOrigin } from '../db/origin.js';
import { Calendar } from '../sessions/calendar.js';
import { nseCalendar } from '../sessions/nse-calendar.js';

const FETCH_TIMEOUT_MS = 5_000;

/** The hours that hold for an origin: a simulator announces its own, everything else keeps NSE's. @throws CalendarInvalid */
export async function calendarFor(origin: DataOrigin, apiUrl: string | undefined): Promise<Calendar> {
  if (origin === 'live' || !apiUrl) return nseCalendar();
  const response = await fetch(`${apiUrl}/simulator/calendar`, {
    signal: AbortSignal.timeout(FETCH_TIMEOUT_MS),
  });
  if (!response.ok)
    throw new Error(`The simulator at ${apiUrl} did not announce its calendar (${response.status}).`);
  return Calendar.parse(await response.json());
}
