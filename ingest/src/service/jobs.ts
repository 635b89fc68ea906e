import type { Logger } from 'pino';
import { BrokerError } from '../broker/broker.js';
import type { KiteBroker } from '../broker/kite.js';
import type { Clock } from '../clock.js';
import type { Database } from '../db/database.js';
import type { SessionsStore } from '../db/sessions-store.js';
import { InstrumentDumpRefused } from '../instruments/store.js';
import type { Metrics } from '../metrics.js';
import type { Calendar } from '../sessions/calendar.js';
import { addDays, dateToDayNumber, istDate, istDayNumber, istMidnight } from '../sessions/ist.js';
import type { BrokerSession } from './broker-session.js';
import { diskSpace } from './disk-space.js';
import { GapMetrics } from './gap-metrics.js';
import type { LiveRegistry } from './live-registry.js';
import type { Schedule } from './schedule.js';
import type { Subscriptions } from './subscriptions.js';

export interface JobParts {
  readonly schedule: Schedule;
  readonly db: Database;
  readonly calendar: Calendar;
  readonly sessions: SessionsStore;
  readonly clock: Clock;
  readonly metrics: Metrics;
  readonly log: Logger;
  readonly dataDir: string;
  readonly broker: KiteBroker;
  readonly session: BrokerSession;
  readonly registry: LiveRegistry;
  readonly subscriptions: Subscriptions;
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const SESSION_DAYS_AHEAD = 30;
/** Kite has the day's instrument dump from about 08:30 IST. */
const DUMP_READY_MS = 8.6 * 3_600_000;

/** The service's small regular work: gauges that nobody else moves, and the daily instrument list. */
export function addJobs(parts: JobParts): void {
  const { schedule } = parts;
  const at = (name: string, everyMs: number, run: () => void | Promise<void>) =>
    schedule.add({ name, everyMs, atStart: true, run });
  at('market open', SECOND_MS, () => marketOpen(parts));
  at('calendar', 60 * MINUTE_MS, () => calendarEnd(parts));
  at('sessions', 60 * MINUTE_MS, () => sessionsAhead(parts));
  at('broker', 5 * SECOND_MS, () => brokerLimits(parts));
  const gaps = new GapMetrics(parts);
  at('gaps', 30 * SECOND_MS, () => gaps.update());
  at('disk', 30 * SECOND_MS, () => diskFree(parts));
  at('instruments', 5 * MINUTE_MS, () => instrumentList(parts));
}

function marketOpen({ calendar, clock, metrics }: JobParts): void {
  const now = clock.now();
  for (const group of calendar.groups) {
    const labels = { exchange: calendar.exchange, session_group: group };
    metrics.marketOpen.set(labels, calendar.isOpen(group, now) ? 1 : 0);
  }
  const opens = calendar.groups.map(
    (group) => calendar.nextOpen(group, now)?.opensAt ?? Number.POSITIVE_INFINITY,
  );
  const next = Math.min(...opens);
  // What is due before the open (a login) needs to know of it on the days that have one, and on no others.
  if (Number.isFinite(next)) metrics.marketNextOpen.set({ exchange: calendar.exchange }, next / 1000);
}

function calendarEnd({ calendar, clock, metrics }: JobParts): void {
  metrics.calendarDaysLeft.set(calendarDaysLeft(calendar, clock.now()));
}

/** What runs for months must not run out of days: a day without sessions has no gaps. */
async function sessionsAhead({ sessions, clock }: JobParts): Promise<void> {
  const today = istDate(clock.now());
  await sessions.ensure(today, addDays(today, SESSION_DAYS_AHEAD));
}

/** Whole days from today until the last one whose holidays are known. */
export function calendarDaysLeft(calendar: Calendar, now: number): number {
  return dateToDayNumber(calendar.completeTo) - istDayNumber(now);
}

function brokerLimits({ broker, metrics }: JobParts): void {
  for (const { endpoint, remaining } of broker.limits()) {
    metrics.brokerLimitRemaining.set({ broker: broker.name, endpoint }, remaining);
  }
  const expiry = broker.tokenExpiresAt();
  if (expiry !== undefined && broker.name === 'kite')
    metrics.brokerTokenExpiry.set({ broker: broker.name }, expiry / 1000);
}

async function diskFree({ dataDir, metrics }: JobParts): Promise<void> {
  const { free, size } = await diskSpace(dataDir);
  metrics.diskFree.set(free);
  metrics.diskSize.set(size);
}

/** Once a day, when the day's list is out, and again until it was taken. */
async function instrumentList({ registry, subscriptions, session, clock, log }: JobParts): Promise<void> {
  const now = clock.now();
  const due = istMidnight(istDate(now)) + DUMP_READY_MS;
  const empty = registry.current.size === 0;
  const syncedAt = registry.syncedAt ?? Number.NEGATIVE_INFINITY;
  if (!session.hasToken || (!empty && (now < due || syncedAt >= due))) return;
  await takeInstruments(registry, subscriptions, log);
}

/** Without the list the service still serves what it has; the daily job asks again. */
export async function takeInstruments(
  registry: Pick<LiveRegistry, 'sync'>,
  subscriptions: Pick<Subscriptions, 'reload'>,
  log: Logger,
): Promise<void> {
  try {
    const result = await registry.sync();
    await subscriptions.reload();
    log.info(result, 'instruments are up to date');
  } catch (error) {
    if (!(error instanceof BrokerError || error instanceof InstrumentDumpRefused)) throw error;
    log.warn({ reason: error.message }, 'the instrument list was not taken');
  }
}
