import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Database } from '../db/database.js';
import type { Calendar } from '../sessions/calendar.js';
import { addDays, type IstDate, istDate, istMidnight } from '../sessions/ist.js';
import type { CandleService } from './candle-service.js';
import { PRIORITY } from './healer.js';
import { DAY_CANDLES_FETCHED_BEFORE } from './sql/day-refetch.js';
import { timestamp } from './sql-clock.js';

const MINUTE_MS = 60_000;
/** How long before the next open the day's candles are fetched once more. */
const BEFORE_OPEN_MS = 90 * MINUTE_MS;
const LOOK_EVERY_MS = 5 * MINUTE_MS;
const MOST_CLOSED_DAYS = 15;

export interface DaySettleParts {
  readonly db: Database;
  readonly service: Pick<CandleService, 'newLane' | 'refetchDay'>;
  readonly calendar: Calendar;
  readonly clock: Clock;
  readonly log: Logger;
  readonly daySettleMinutes: number;
}

/**
 * Fetches the last day's candles once more before the next open (rule 7): what the broker calls the day's close
 * may have been corrected overnight.
 */
export interface DaySettle {
  start(): void;
  /** Looks once whether it is time, and works. Returns how many instruments were fetched again. */
  look(): Promise<number>;
  /** Safe to call twice. */
  stop(): Promise<void>;
}

export function createDaySettle(parts: DaySettleParts): DaySettle {
  const { db, service, calendar, clock, log } = parts;
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  let working: Promise<number> = Promise.resolve(0);

  async function look(): Promise<number> {
    const now = clock.now();
    const last = lastEndedDay(calendar, now);
    const open = nextOpen(calendar, now);
    if (!last || open === undefined) return 0;
    const since = Math.max(open - BEFORE_OPEN_MS, last.closedAt + parts.daySettleMinutes * MINUTE_MS);
    if (now < since) return 0;
    const bucket = istMidnight(last.day);
    const { rows } = await db.pool.query<{ token: number }>(DAY_CANDLES_FETCHED_BEFORE, [
      timestamp(bucket),
      timestamp(since),
    ]);
    const lane = service.newLane();
    let fetched = 0;
    for (const { token } of rows) {
      if (stopped) break;
      const { stored } = await service.refetchDay({
        token,
        day: bucket,
        lane,
        priority: PRIORITY.background,
      });
      fetched += stored;
    }
    if (rows.length > 0) log.info({ day: last.day, instruments: fetched }, 'day candles fetched once more');
    return fetched;
  }

  const tick = () => {
    working = look().catch((err: unknown) => {
      log.warn({ err }, 'day candles could not be fetched once more');
      return 0;
    });
    void working.then(() => {
      if (!stopped) timer = setTimeout(tick, LOOK_EVERY_MS);
    });
  };

  return {
    look,
    start() {
      if (!timer && !stopped) tick();
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await working;
    },
  };
}

/** The latest day whose last session of any group and kind is over by `ms`. */
function lastEndedDay(calendar: Calendar, ms: number): { day: IstDate; closedAt: number } | undefined {
  for (let day = istDate(ms), i = 0; i < MOST_CLOSED_DAYS; i++, day = addDays(day, -1)) {
    const closes = calendar.groups.flatMap((group) => calendar.sessions(group, day).map((s) => s.closesAt));
    const closedAt = Math.max(...closes);
    if (closes.length > 0 && closedAt <= ms) return { day, closedAt };
  }
  return undefined;
}

/** When the first continuous session of any group after `ms` opens. */
function nextOpen(calendar: Calendar, ms: number): number | undefined {
  const opens = calendar.groups.flatMap((group) => calendar.nextOpen(group, ms)?.opensAt ?? []);
  return opens.length > 0 ? Math.min(...opens) : undefined;
}
