import type { KiteBroker } from '../broker/kite.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { KiteFeed } from '../feed/kite/feed.js';
import type { Calendar } from '../sessions/calendar.js';
import type { BrokerSession } from './broker-session.js';
import { calendarDaysLeft } from './jobs.js';
import type { Subscriptions } from './subscriptions.js';

const FEW_DAYS = 14;

export interface WarningParts {
  readonly config: Config;
  readonly calendar: Calendar;
  readonly clock: Clock;
  readonly broker: KiteBroker;
  readonly session: BrokerSession;
  readonly feed: Pick<KiteFeed, 'status'>;
  readonly subscriptions: Subscriptions;
}

/** What people should know about the whole pipeline now: sentences that say what to do. */
export function currentWarnings({
  config,
  calendar,
  clock,
  broker,
  session,
  feed,
  subscriptions,
}: WarningParts): string[] {
  const warnings = [...config.warnings];
  const now = clock.now();
  if (!session.hasToken) {
    warnings.push('A login is needed: run `npx tickscope login`. Until then nothing new is recorded.');
  } else if (config.broker === 'kite' && (broker.tokenExpiresAt() ?? Number.POSITIVE_INFINITY) <= now) {
    warnings.push("The access token is of an earlier day: run `npx tickscope login` for today's.");
  }
  const refused = feed.status().filter(({ state }) => state === 'login_needed' || state === 'no_permission');
  if (session.hasToken) warnings.push(...new Set(refused.flatMap(({ reason }) => reason ?? [])));
  const days = calendarDaysLeft(calendar, now);
  if (days < 0)
    warnings.push(`The calendar ended on ${calendar.completeTo}: holidays since then are not known.`);
  else if (days <= FEW_DAYS)
    warnings.push(`The calendar ends on ${calendar.completeTo}: update Tickscope for the holidays after it.`);
  if (subscriptions.unknown.length > 0) {
    warnings.push(
      `INSTRUMENTS names what is neither an instrument nor a watchlist: ${subscriptions.unknown.join(', ')}.`,
    );
  }
  if (subscriptions.leftOut > 0) {
    warnings.push(
      `${subscriptions.leftOut} instruments are not subscribed: the connections of one API key carry ${subscriptions.capacity}. Ask for fewer in INSTRUMENTS or by DELETE /api/subscriptions.`,
    );
  }
  return warnings;
}
