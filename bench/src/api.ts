import { createApi } from '@tickscope/ingest/dist/src/api/server.js';
import { KiteBroker } from '@tickscope/ingest/dist/src/broker/kite.js';
import { createCandleService } from '@tickscope/ingest/dist/src/candles/candle-service.js';
import { systemClock } from '@tickscope/ingest/dist/src/clock.js';
import { openDatabase } from '@tickscope/ingest/dist/src/db/database.js';
import type { DatabaseKind } from '@tickscope/ingest/dist/src/db/kind.js';
import { openSessionsStore } from '@tickscope/ingest/dist/src/db/sessions-store.js';
import { createMetrics } from '@tickscope/ingest/dist/src/metrics.js';
import { nseCalendar } from '@tickscope/ingest/dist/src/sessions/nse-calendar.js';
import { alwaysOpen } from '@tickscope/ingest/dist/src/simulator/calendars.js';
import { serveParent, tellParent } from './child.js';
import { quiet } from './databases.js';
import { idleServices } from './idle-services.js';

/*
 * The API with the candle service behind it, a process of its own, over a database that another part of the bench
 * has filled. Messages: `start` -> `listening`; `requests` -> `sent` (requests made to the broker by status).
 */

export interface StartApi {
  readonly databaseUrl: string;
  readonly kind: DatabaseKind;
  readonly calendar: 'always' | 'nse';
  /** The broker's REST. */
  readonly brokerUrl: string;
}

/** No limit of the API's own is to be met here. */
const REQUESTS_PER_MINUTE = 100_000_000;
const POOL = 10;

async function start(
  options: StartApi,
  requests: Map<string, number>,
): Promise<{ url: string; stop(): Promise<unknown> }> {
  const db = await openDatabase({ url: options.databaseUrl, kind: options.kind, log: quiet, poolMax: POOL });
  const calendar = options.calendar === 'nse' ? nseCalendar() : alwaysOpen();
  const metrics = createMetrics();
  const clock = systemClock;
  const broker = new KiteBroker({
    apiKey: 'bench',
    accessToken: 'bench',
    root: options.brokerUrl,
    clock,
    log: quiet,
    onRequest: ({ status }) => requests.set(status, (requests.get(status) ?? 0) + 1),
  });
  const candles = createCandleService({
    db,
    broker,
    calendar,
    sessions: await openSessionsStore(db, calendar, clock.now()),
    clock,
    log: quiet,
    metrics,
    config: { settleSeconds: 120, healAsMinutesDays: 60, daySettleMinutes: 120 },
  });
  const api = await createApi({
    config: { host: '127.0.0.1', port: 0, corsOrigins: [], rateLimitPerMinute: REQUESTS_PER_MINUTE },
    services: {
      ...idleServices,
      broker: broker.name,
      db,
      candles,
      marketOpen: () => false,
      clock,
      metrics,
      log: quiet,
    },
  });
  return {
    url: await api.start(),
    stop: async () => {
      await api.stop();
      await broker.close();
      await candles.stop();
      await db.close();
    },
  };
}

function main(): void {
  const requests = new Map<string, number>();
  let running: { url: string; stop(): Promise<unknown> } | undefined;
  serveParent({
    start: async (message) => {
      running = await start(message as unknown as StartApi, requests);
      tellParent({ type: 'listening', url: running.url });
    },
    requests: () => tellParent({ type: 'sent', byStatus: Object.fromEntries(requests) }),
  });
  process.once('SIGTERM', () => {
    Promise.resolve(running?.stop()).finally(() => process.exit(0));
  });
}
main();
