import { join } from 'node:path';
import type { Logger } from 'pino';
import { createApi } from './api/server.js';
import { KiteBroker } from './broker/kite.js';
import { createDaySettle } from './candles/day-settle.js';
import { createSeed } from './candles/seed.js';
import type { Config } from './config/config.js';
import { startMaintenance } from './db/maintenance.js';
import { migrate } from './db/migrate.js';
import { claimOrigin, type DataOrigin } from './db/origin.js';
import { openSessionsStore } from './db/sessions-store.js';
import { applySettings } from './db/settings.js';
import { QuoteFallback } from './feed/fallback.js';
import { KiteFeed } from './feed/kite/feed.js';
import { FeedWatch } from './health/feed-watch.js';
import { tokenStatus } from './health/token-status.js';
import { Interpolator } from './interpolate/interpolator.js';
import { createMetrics } from './metrics.js';
import { Interest, watched } from './repair/interest.js';
import { BrokerSession } from './service/broker-session.js';
import { calendarFor } from './service/calendar.js';
import { canaryQuotesMove } from './service/canary-quotes.js';
import { feedMetrics, feedStatus } from './service/feed-status.js';
import { openHistory } from './service/history.js';
import { addJobs, takeInstruments } from './service/jobs.js';
import { LiveRegistry } from './service/live-registry.js';
import { openForWriter, spoolFolder } from './service/open-database.js';
import { refuseForeignOrigin } from './service/origin.js';
import { checkPort } from './service/port.js';
import { Schedule } from './service/schedule.js';
import { SecondSource } from './service/second-source.js';
import { seedInstruments } from './service/seed-instruments.js';
import type { SourcePlan } from './service/source.js';
import { StopStack } from './service/stop-stack.js';
import { Subscriptions } from './service/subscriptions.js';
import { currentWarnings } from './service/warnings.js';
import type { Calendar } from './sessions/calendar.js';
import { Spool } from './spool/spool.js';
import { createVixEngine, VIX_KEY } from './vix/engine.js';
import { createPipeline } from './write/pipeline.js';

/** A running pipeline. */
export interface Service {
  /** Of the page and the API. */
  readonly url: string;
  readonly origin: DataOrigin;
  /** What runs where, for people. */
  readonly where: { readonly source: string; readonly database: string };
  readonly warnings: () => readonly string[];
  /** Resolves when it cannot go on; `stop` is still to be called. */
  readonly failed: Promise<Error>;
  /** Stops everything in reverse order. Safe to call twice. @returns whether all of it stopped cleanly. */
  stop(): Promise<boolean>;
}

/**
 * The composition root: the only place that knows all parts. Read it from top to bottom to see what stands on what.
 * What was started is stopped again when a later part does not start.
 * @param wait until another writer of the database is gone, instead of being refused
 */
export async function serve(
  config: Config,
  plan: SourcePlan,
  version: string,
  log: Logger,
  wait = false,
): Promise<Service> {
  const parts = new StopStack(log);
  try {
    return await compose(config, plan, version, log, wait, parts);
  } catch (error) {
    await parts.stop();
    throw error;
  }
}

async function compose(
  config: Config,
  plan: SourcePlan,
  version: string,
  log: Logger,
  wait: boolean,
  parts: StopStack,
): Promise<Service> {
  const { origin, clock } = plan;
  const metrics = createMetrics();
  // Who waits for another writer will find its port taken until that one is gone.
  if (!wait) await checkPort(config.http.host, config.http.port);

  // Both take seconds to start: side by side.
  const starting = plan.start(log);
  parts.push('source', () =>
    starting.then(
      (source) => source.stop(),
      () => undefined,
    ),
  );

  // The database, ours alone, of our origin, at our schema.
  const { db, where, lock, close } = await openForWriter(config, origin, Date.now(), log, wait);
  parts.push('database', close, 25_000);
  parts.push('writer lock', () => lock.release());
  if (wait) await checkPort(config.http.host, config.http.port);
  await refuseForeignOrigin(db, origin);
  await migrate(db, log);
  await claimOrigin(db, origin);
  await applySettings(db, { daySettleMinutes: config.heal.daySettleMinutes, vix: config.vix });

  // Where the data come from, its hours and its instruments.
  const source = await starting;
  const calendar = await calendarFor(origin, source.apiUrl);
  const sessions = await openSessionsStore(db, calendar, clock.now());
  const apiKey = config.kite.apiKey ?? 'simulator';
  const broker = new KiteBroker({
    name: config.broker,
    apiKey,
    root: source.apiUrl,
    clock,
    log,
    ...(source.unlimited ? { historicalPerSecond: 0, quotePerSecond: 0 } : {}),
    onRequest: ({ endpoint, status, seconds }) =>
      metrics.brokerRequest.observe({ broker: config.broker, endpoint, status }, seconds),
  });
  parts.push('broker', () => broker.close());
  const registry = await LiveRegistry.open(db, broker, clock);

  // feed -> decode -> batch -> write
  const pipeline = createPipeline({
    db,
    registry: registry.current,
    calendar,
    broker: config.broker,
    clock,
    log,
    metrics,
    settings: config.batch,
    mayWrite: () => lock.held(),
    openSpool: (id) =>
      Spool.open({ ...config.spool, dir: join(config.spool.dir ?? spoolFolder(config, origin), id), log }),
  });
  registry.onChange((instruments) => pipeline.replaceRegistry(instruments));
  await pipeline.start();
  parts.push(
    'pipeline',
    async () => {
      const lost = await pipeline.stop();
      if (lost > 0) throw new Error(`${lost} ticks could not be written: the database was away.`);
    },
    20_000,
  );
  const feed = new KiteFeed({
    name: config.broker,
    url: source.tickerUrl,
    apiKey,
    sink: pipeline.sink,
    clock,
    log,
    inSession: (brokerToken, at) => {
      const instrument = registry.current.byBrokerToken(brokerToken);
      const group = instrument && registry.current.sessionGroupAt(instrument.token, at);
      return group !== undefined && calendar.isOpen(group, at);
    },
    quoteMoves: () => canaryQuotesMove(broker),
    observer: feedMetrics(metrics),
    ...(plan.timings ? { timings: plan.timings } : {}),
  });
  const session = new BrokerSession({ config, broker, clock, log });
  session.onToken((token) => feed.setAccessToken(token));
  const subscriptions = new Subscriptions({ config, db, registry, feed, log });
  parts.push('session', () => session.stop());
  await session.start();
  if (session.hasToken) await takeInstruments(registry, subscriptions, log);
  await subscriptions.reload();
  feed.start();
  parts.push('feed', () => feed.stop());
  const feedWatch = new FeedWatch({
    hearing: pipeline.hearing,
    feed,
    feeds: () => feed.status().map(({ feed: name }) => name),
    clock,
    log,
    metrics,
  });
  feedWatch.start();
  parts.push('feed watch', () => feedWatch.stop());

  // candles -> api
  const interest = new Interest(clock);
  const marketOpen = () => calendar.groups.some((group) => calendar.isOpen(group, clock.now()));
  const second = await SecondSource.open(config, clock, log, metrics);
  const { candles, actions, repairer, endOfDay } = await openHistory({
    config,
    second,
    db,
    broker,
    registry,
    calendar,
    sessions,
    clock,
    log,
    metrics,
    hasToken: () =>
      session.hasToken &&
      (config.broker !== 'kite' || (broker.tokenExpiresAt() ?? Number.POSITIVE_INFINITY) > clock.now()),
    marketOpen,
    lookedAt: () => interest.current(),
    // Simulated history costs nothing to have again, but to store; a demo that slept for a week is not filled up.
    days: source.seeded ? 1 : config.heal.asMinutesDays,
  });
  session.onToken(() => {
    endOfDay.loggedIn();
    repairer.loggedIn();
  });
  const daySettle = createDaySettle({
    db,
    service: {
      newLane: () => candles.newLane(),
      refetchDay: (request) => endOfDay.refetchDay(request),
    },
    calendar,
    clock,
    log,
    daySettleMinutes: config.heal.daySettleMinutes,
  });
  const seed = createSeed({
    db: db.pool,
    settleSeconds: config.heal.settleSeconds,
    service: candles,
    clock,
    log,
    ...seedInstruments(registry, source.seeded),
  });
  const fallback = new QuoteFallback({
    broker,
    feed,
    afterMs: config.fallbackAfterSeconds * 1_000,
    lookedAt: () => interest.current(),
    instrument: (token) => {
      const instrument = registry.current.byToken(token);
      const brokerToken = instrument?.active ? registry.current.brokerToken(token) : undefined;
      return instrument && brokerToken !== undefined ? { ...instrument, brokerToken } : undefined;
    },
    mayAsk: () => session.hasToken && marketOpen(),
    clock,
    log,
    metrics,
  });
  fallback.start();
  // Without the broker, what waits for it ends at once; what it has answered is still stored.
  parts.push('history', async () => {
    const ended = [repairer.stop(), endOfDay.stop()];
    second?.stop();
    await broker.close();
    await Promise.all([...ended, fallback.stop(), seed.stop(), daySettle.stop(), candles.stop()]);
  });
  const vix = createVixEngine({
    db,
    clock,
    log,
    metrics,
    settings: config.vix,
    index: () => registry.current.resolve(VIX_KEY),
    candles,
  });
  parts.push('vix', () => vix.stop());
  const warnings = () => [
    ...currentWarnings({ config, calendar, clock, broker, session, feed, subscriptions }),
    ...repairer.warnings(),
    ...(second?.warnings() ?? []),
    ...endOfDay.warnings(),
    ...(fallback.status().active
      ? ['The feed is away: what you look at is quoted by REST once a second, and nothing is recorded.']
      : []),
  ];
  const api = await createApi({
    config: config.http,
    services: {
      origin,
      version,
      broker: broker.name,
      db,
      candles: watched(candles, interest),
      repairs: repairer,
      ...(config.quality.compare ? { quality: endOfDay } : {}),
      corporateActions: actions,
      commits: pipeline,
      history: candles,
      instruments: {
        resolve: (key) => registry.current.resolve(key),
        search: (text, filters, limit) =>
          registry.current.search(text, filters, limit, (token) => pipeline.latest(token)?.lastPrice),
      },
      fallback,
      interest,
      instrumentSync: { sync: () => syncAndSubscribe(registry, subscriptions) },
      subscriptions,
      session,
      vix,
      feeds: () => feed.status().map(feedStatus),
      feedHealth: {
        stale: () => feedWatch.silence.stale,
        unanswered: () => feedWatch.silence.unanswered,
        counts: () => {
          const { late, duplicates, dropped } = pipeline.stats();
          return { late, duplicates, dropped };
        },
        token: () =>
          tokenStatus({
            hasToken: session.hasToken,
            expires: config.broker === 'kite',
            expiresAt: broker.tokenExpiresAt(),
            nextOpenAt: nextOpen(calendar, clock.now()),
            now: clock.now(),
          }),
      },
      marketOpen,
      seeding: () => seed.progress(),
      warnings,
      clock,
      metrics,
      log,
    },
  });
  const interpolator = new Interpolator({ db, clock, log, metrics });
  parts.push('interpolation', () => interpolator.stop());
  const url = await api.start();
  parts.push('api', () => api.stop());

  // What goes on beside.
  const maintenance = startMaintenance({ db, clock, log, metrics, retention: config.retention });
  parts.push('maintenance', () => maintenance.stop());
  const schedule = new Schedule(log);
  addJobs({
    schedule,
    db,
    calendar,
    sessions,
    clock,
    metrics,
    log,
    dataDir: config.dataDir,
    broker,
    session,
    registry,
    subscriptions,
  });
  parts.push('jobs', () => schedule.stop());
  // A login after the start brings the instruments that could not be had without it.
  session.onToken(() => {
    takeInstruments(registry, subscriptions, log).catch((error: unknown) =>
      log.error({ err: error }, 'the instruments were not taken after the login; the daily job asks again'),
    );
  });
  vix.start();
  daySettle.start();
  repairer.start();
  interpolator.start();
  if (config.quality.compare) endOfDay.start();
  if (source.seeded) seed.start();

  const failed = new Promise<Error>((resolve) => {
    lock.once('taken', resolve);
    void pipeline.failed.then(resolve);
  });
  return {
    url,
    origin,
    where: { source: source.where, database: where },
    warnings,
    failed,
    stop: () => parts.stop(),
  };
}

/** When any group begins its next continuous session; undefined when the calendar does not say. */
function nextOpen(calendar: Calendar, now: number): number | undefined {
  const opens = calendar.groups.flatMap((group) => calendar.nextOpen(group, now)?.opensAt ?? []);
  return opens.length === 0 ? undefined : Math.min(...opens);
}

async function syncAndSubscribe(registry: LiveRegistry, subscriptions: Subscriptions) {
  const result = await registry.sync();
  await subscriptions.reload();
  return result;
}
