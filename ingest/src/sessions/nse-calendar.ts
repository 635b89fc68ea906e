import { existsSync, readFileSync } from 'node:fs';
import { Calendar } from './calendar.js';

/** NSE's calendar as it comes with the package, seen from the sources or from the build. @throws CalendarInvalid */
export function nseCalendar(): Calendar {
  for (const up of ['../../', '../../../']) {
    const file = new URL(`${up}calendar/nse.json`, import.meta.url);
    if (existsSync(file)) return Calendar.parse(JSON.parse(readFileSync(file, 'utf8')));
  }
  throw new Error('The file calendar/nse.json is missing from the package.');
}
