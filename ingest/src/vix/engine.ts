import type { Logger } from 'pino';
import type { CandleService } from '../candles/candle-service.js';
import type { Clock } from '../clock.js';
import type { Database } from '../db/database.js';
import type { Instrument } from '../instruments/instrument.js';
import type { Metrics } from '../metrics.js';
import { DAY_MS, istDate, istMidnight } from '../sessions/ist.js';
import { MINUTE_MS, VIX_REGIMES, type VixRow } from './minute.js';
import { VixRules } from './rules.js';
import type { VixSettings } from './settings.js';
import { firstDifference, minutes, newestRow, rowBefore, storedRows, storeRows } from './sql/rows.js';

/** Where the index is looked up. */
export const VIX_KEY = 'NSE:INDIA VIX';

const LOOK_EVERY_MS = 1_000;
/** A minute is taken when it is over and everything of it is committed. */
const SETTLE_MS = 3_000;
/** Each minute the last days are compared; all of history at the start, hourly, and when history was stored. */
const RECENT_MS = 2 * DAY_MS;
const ALL_EVERY_MS = 60 * MINUTE_MS;
const ALL_AT_MOST_EVERY_MS = 5_000;
const HEAL_EVERY_MS = 5 * MINUTE_MS;
/** Days of minutes that are read at once. */
const CHUNK_MS = DAY_MS;
/** What is older is history, healed or caught up on, and not news. */
const NEWS_MS = 3 * MINUTE_MS;

export interface VixEngineParts {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'vixValue' | 'vixRegime'>;
  readonly settings: VixSettings;
  /** The index among the instruments of the moment; undefined while they are not there. */
  index(): Instrument | undefined;
  /** Heals the minutes that the engine needs, and tells when history came in; left out, it takes what is stored. */
  readonly candles?: Pick<CandleService, 'candles' | 'onStored'>;
}

export type PushListener = (row: VixRow) => void;

/** Keeps `vix_data` and tells what is new in it. */
export interface VixEngine {
  readonly settings: VixSettings;
  /** `listener` hears of each new minute that is to be pushed. Returns how to stop listening. */
  onPush(listener: PushListener): () => void;
  /** The newest row, from memory; undefined before the first. */
  latest(): VixRow | undefined;
  start(): void;
  /** Brings `vix_data` up to now over all of history. Calls at the same time share one. */
  catchUp(): Promise<void>;
  /** Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * One row of `vix_data` a minute of India VIX, by the rules of `VixRules`. The rows are a function of the stored minutes:
 * each pass looks for the first minute that has no row or another value than its row (a new minute; a hole that was healed;
 * a late tick) and derives again from there, going on from the rows before it. So a restart needs nothing but the database,
 * doing it twice changes nothing, and a minute that is not stored has no row.
 */
export function createVixEngine(parts: VixEngineParts): VixEngine {
  const { db, clock, log, metrics, settings } = parts;
  const listeners = new Set<PushListener>();
  let newest: VixRow | undefined;
  let timer: NodeJS.Timeout | undefined;
  let stopListening: () => void = () => undefined;
  let stopped = false;
  let running: Promise<void> | undefined;
  let seenUntil = Number.NEGATIVE_INFINITY;
  let historyChanged = true;
  let lookedAtAll = Number.NEGATIVE_INFINITY;
  let healed = Number.NEGATIVE_INFINITY;

  /** End of the last minute that is settled: the first minute that is not to be taken yet. */
  const settledUntil = () => Math.floor((clock.now() - SETTLE_MS) / MINUTE_MS) * MINUTE_MS;

  async function derive(token: number, since: number, until: number): Promise<void> {
    for (let from = await firstDifference(db.pool, token, since, until); from !== undefined && !stopped; ) {
      const end = await deriveFrom(token, from, until);
      from = end < until ? await firstDifference(db.pool, token, end, until) : undefined;
    }
    newest = (await newestRow(db.pool)) ?? newest;
    if (newest) publish(newest);
  }

  /** Derives again from `from` until what comes is as it was. @returns where it ended. */
  async function deriveFrom(token: number, from: number, until: number): Promise<number> {
    const memory = VixRules.memoryMs(settings);
    const before = await storedRows(db.pool, from - memory, from);
    const last = before.length > 0 ? undefined : await rowBefore(db.pool, from);
    const rules = new VixRules(settings, last ? [last] : before);
    let start = from;
    while (start < until && !stopped) {
      const end = Math.min(start + CHUNK_MS, until);
      const derived = (await minutes(db.pool, token, start, end)).map((minute) => rules.step(minute));
      const written = await storeRows(
        db.pool,
        derived.map(({ row }) => row),
      );
      const added = new Set(written.filter(({ inserted }) => inserted).map(({ time }) => time));
      for (const { row, pushed } of derived) if (pushed && added.has(row.time)) tell(row);
      start = end;
      if (written.length === 0 && derived.length * MINUTE_MS >= memory) break;
    }
    return start;
  }

  function tell(row: VixRow): void {
    if (row.time < clock.now() - MINUTE_MS - NEWS_MS) return;
    for (const listener of listeners) {
      try {
        listener(row);
      } catch (error) {
        log.error({ err: error }, 'a listener to INDIA VIX failed');
      }
    }
  }

  function publish({ value, regime }: VixRow): void {
    metrics.vixValue.set(value);
    for (const name of VIX_REGIMES) metrics.vixRegime.set({ regime: name }, name === regime ? 1 : 0);
  }

  async function pass(everything: boolean): Promise<void> {
    const index = parts.index();
    const until = settledUntil();
    if (!index) return;
    if (everything) {
      historyChanged = false;
      lookedAtAll = clock.now();
    }
    await derive(index.token, everything ? 0 : until - RECENT_MS, until);
    seenUntil = until;
  }

  /** One at a time; a failure is logged and the next look tries again. */
  function once(everything: boolean): Promise<void> {
    running ??= pass(everything)
      .catch((error: unknown) => {
        historyChanged ||= everything;
        throw error;
      })
      .finally(() => {
        running = undefined;
      });
    return running;
  }

  function look(): void {
    const now = clock.now();
    const due = now - lookedAtAll >= (historyChanged ? ALL_AT_MOST_EVERY_MS : ALL_EVERY_MS);
    if (!due && settledUntil() <= seenUntil) return;
    if (!running) once(due).catch((error: unknown) => log.warn({ err: error }, 'INDIA VIX was not followed'));
    if (now - healed >= HEAL_EVERY_MS) heal(now);
  }

  function heal(now: number): void {
    const index = parts.index();
    if (!index || !parts.candles) return;
    healed = now;
    const query = { instrument: index, interval: '1m' as const, from: istMidnight(istDate(now)), to: now };
    parts.candles.candles({ ...query, backfill: true, waitMs: 0, limit: 1 }).catch((error: unknown) => {
      if (!stopped) log.warn({ err: error }, 'the minutes of INDIA VIX were not healed');
    });
  }

  return {
    settings,
    onPush(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    latest: () => newest,
    start() {
      if (timer || stopped) return;
      stopListening =
        parts.candles?.onStored((token) => {
          if (token === parts.index()?.token) historyChanged = true;
        }) ?? stopListening;
      timer = setInterval(look, LOOK_EVERY_MS);
      timer.unref();
      look();
    },
    async catchUp() {
      if (running) await running.catch(() => undefined);
      await once(true);
    },
    async stop() {
      stopped = true;
      clearInterval(timer);
      stopListening();
      await running?.catch(() => undefined);
    },
  };
}
