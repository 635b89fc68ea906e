import type { Logger } from 'pino';
import type { CandleInterval } from '../broker/broker.js';
import { KiteBroker } from '../broker/kite.js';
import { type BackfillResult, backfill } from '../candles/backfill.js';
import type { CandleService } from '../candles/candle-service.js';
import { PRIORITY } from '../candles/healer.js';
import type { Config } from '../config/config.js';
import { migrate } from '../db/migrate.js';
import { claimOrigin } from '../db/origin.js';
import { openSessionsStore } from '../db/sessions-store.js';
import { createMetrics } from '../metrics.js';
import type { EndOfDay } from '../quality/end-of-day.js';
import type { Repairer } from '../repair/repairer.js';
import { addDays, type IstDate, istMidnight } from '../sessions/ist.js';
import { calendarFor } from './calendar.js';
import { openHistory } from './history.js';
import { LiveRegistry } from './live-registry.js';
import { accessTokenOf } from './offline.js';
import { openForWriter } from './open-database.js';
import { refuseForeignOrigin } from './origin.js';
import { SecondSource } from './second-source.js';
import { sourceOf } from './source.js';
import { StopStack } from './stop-stack.js';

export interface BackfillTarget {
  readonly token: number;
  readonly label: string;
}

export interface GapsRepaired {
  readonly instruments: number;
  readonly closed: number;
  /** Rows that are still open, by status. */
  readonly left: ReadonlyArray<{
    readonly status: string;
    readonly rows: number;
    readonly instruments: number;
  }>;
}

/** An instrument that nobody knows. */
export class UnknownInstrument extends Error {
  override name = 'UnknownInstrument';
  constructor(key: string) {
    super(
      `No instrument is called ${key}. Names read NSE:INFY; \`tickscope instruments sync\` takes the broker's list.`,
    );
  }
}

/**
 * Fetching what is missing without a feed. It takes the writer's place, because a second process beside a running
 * service would ask the broker at twice the published rate. @throws WriterTaken
 */
export class Backfill {
  private constructor(
    private readonly registry: LiveRegistry,
    private readonly candles: CandleService,
    private readonly repairer: Repairer,
    private readonly endOfDay: EndOfDay,
    private readonly parts: StopStack,
  ) {}

  static async open(config: Config, log: Logger): Promise<Backfill> {
    const parts = new StopStack(log);
    try {
      return await Backfill.#compose(config, log, parts);
    } catch (error) {
      await parts.stop();
      throw error;
    }
  }

  static async #compose(config: Config, log: Logger, parts: StopStack): Promise<Backfill> {
    const plan = await sourceOf(config);
    const { origin, clock } = plan;
    const accessToken = await accessTokenOf(config, log);
    const { db, lock, close } = await openForWriter(config, origin, Date.now(), log);
    parts.push('database', close, 25_000);
    parts.push('writer lock', () => lock.release());
    await refuseForeignOrigin(db, origin);
    await migrate(db, log);
    await claimOrigin(db, origin);
    const source = await plan.start(log);
    parts.push('source', () => source.stop());
    const broker = new KiteBroker({
      name: config.broker,
      apiKey: config.kite.apiKey ?? 'simulator',
      accessToken,
      root: source.apiUrl,
      clock,
      log,
      ...(source.unlimited ? { historicalPerSecond: 0 } : {}),
    });
    parts.push('broker', () => broker.close());
    const calendar = await calendarFor(origin, source.apiUrl);
    const sessions = await openSessionsStore(db, calendar, clock.now());
    const registry = await LiveRegistry.open(db, broker, clock);
    if (registry.current.size === 0) await registry.sync();
    const metrics = createMetrics();
    const second = await SecondSource.open(config, clock, log, metrics);
    const { candles, repairer, endOfDay } = await openHistory({
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
      hasToken: () => true,
      marketOpen: () => calendar.groups.some((group) => calendar.isOpen(group, clock.now())),
      lookedAt: () => [],
      days: config.heal.asMinutesDays,
    });
    parts.push('candles', () => candles.stop());
    parts.push('repairs', () => repairer.stop());
    parts.push('comparison', () => endOfDay.stop());
    parts.push('second source', () => second?.stop());
    return new Backfill(registry, candles, repairer, endOfDay, parts);
  }

  /** @throws UnknownInstrument */
  target(key: string): BackfillTarget {
    const instrument = this.registry.current.resolve(key);
    if (!instrument) throw new UnknownInstrument(key);
    return { token: instrument.token, label: `${instrument.exchange}:${instrument.symbol}` };
  }

  /** Fetches what is missing on the IST days `from` to `to`, both included. Ended half-way it goes on from there next time. */
  fetch(
    instruments: readonly BackfillTarget[],
    interval: CandleInterval,
    from: IstDate,
    to: IstDate,
    onProgress: (done: number, total: number, label: string) => void,
  ): Promise<BackfillResult> {
    const range = { from: istMidnight(from), to: istMidnight(addDays(to, 1)) };
    return backfill(this.candles, { instruments, interval, ...range, priority: PRIORITY.batch, onProgress });
  }

  /**
   * Repairs what the gap ledger knows, everything that was given up included.
   * @returns how many instruments' holes there were to close, how many were closed, and what is left afterwards.
   */
  async repairGaps(onProgress: (closed: number, of: number) => void): Promise<GapsRepaired> {
    await this.repairer.look();
    const { instruments } = await this.repairer.retry(null);
    const closed = await this.repairer.work((soFar) => onProgress(soFar, instruments));
    await this.repairer.look();
    return { instruments, closed, left: await this.repairer.left() };
  }

  /** Compares an IST day with the broker, all of it again. @returns how many instruments were compared. */
  compareDay(day: IstDate, onProgress: (done: number, of: number) => void): Promise<number> {
    return this.endOfDay.compare(day, onProgress);
  }

  async close(): Promise<void> {
    await this.parts.stop();
  }
}
