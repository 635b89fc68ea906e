import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Instrument } from '../instruments/instrument.js';
import { DAY_MS, istDate, istMidnight } from '../sessions/ist.js';
import { backfill } from './backfill.js';
import type { CandleService } from './candle-service.js';
import type { Queryable } from './sql-clock.js';

const DAY_CANDLE_DAYS = 400;
const MINUTE_DAYS = 5;
const MINUTE_MS = 60_000;

export interface SeedParts {
  readonly db: Queryable;
  /** How long after its end a candle of the broker is final. */
  readonly settleSeconds: number;
  readonly service: CandleService;
  readonly clock: Clock;
  readonly log: Logger;
  /** Get day candles, and the minutes of a first day that went by before anybody listened. */
  readonly instruments: readonly Instrument[];
  /** Get minutes, before everything else: indices, VIX and what the page opens with. */
  readonly favourites: readonly Instrument[];
}

/** How far seeding is, counted in instruments. `label` is for people. */
export interface SeedProgress {
  readonly done: number;
  readonly total: number;
  readonly phase: 'minutes' | 'days' | 'today';
  readonly label: string;
}

export interface Seed {
  /** Null before the start and after the end. */
  progress(): SeedProgress | null;
  /** Begins in the background; once only. */
  start(): void;
  /** Resolves when seeding has ended, for whatever reason. */
  readonly ended: Promise<void>;
  /** Ends after the instruments under way. Safe to call twice. */
  stop(): Promise<void>;
}

/**
 * Fills an empty database with history behind everybody's back: lowest priority, four requests at a time.
 * A restart goes on where it ended, because coverage tells what is there.
 */
export function createSeed({
  db,
  settleSeconds,
  service,
  clock,
  log,
  instruments,
  favourites,
}: SeedParts): Seed {
  const abort = new AbortController();
  let progress: SeedProgress | null = null;
  let started = false;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });

  const named = (list: readonly Instrument[]) =>
    list.map(({ token, exchange, symbol }) => ({ token, label: `${exchange}:${symbol}` }));

  /** When anybody listened for the first time; now before that. Epoch milliseconds. */
  async function firstHeard(): Promise<number> {
    const { rows } = await db.query<{ heard: number | null }>(
      'select extract(epoch from min(covered_from))::float8 * 1000 as heard from live_coverage',
    );
    return rows[0]!.heard ?? clock.now();
  }

  /** Today up to the minute after the one in which listening began, as not all begin at once, when the broker tells of it. */
  async function beforeListening(): Promise<{ from: number; to: number }> {
    const to = (Math.ceil((await firstHeard()) / MINUTE_MS) + 1) * MINUTE_MS;
    const waitMs = to - clock.now() + settleSeconds * 1_000;
    if (waitMs > 0) await sleep(waitMs, undefined, { signal: abort.signal }).catch(() => undefined);
    return { from: istMidnight(istDate(to)), to };
  }

  async function run(): Promise<void> {
    const to = clock.now();
    const last = async (days: number) => ({ from: to - days * DAY_MS, to });
    // The repairer sees holes from the first start on; what went by on that day before it is nobody's loss and no hole.
    const isFirstDay = (await firstHeard()) >= istMidnight(istDate(to));
    const phases = [
      {
        phase: 'minutes',
        interval: '1m',
        list: favourites,
        range: () => last(MINUTE_DAYS),
        what: `${MINUTE_DAYS} days of 1m`,
      },
      {
        phase: 'days',
        interval: '1d',
        list: instruments,
        range: () => last(DAY_CANDLE_DAYS),
        what: `${DAY_CANDLE_DAYS} days of 1d`,
      },
      {
        phase: 'today',
        interval: '1m',
        list: isFirstDay ? instruments : [],
        range: beforeListening,
        what: 'today’s 1m',
      },
    ] as const;
    const total = phases.reduce((sum, { list }) => sum + list.length, 0);
    let before = 0;
    let stored = 0;
    for (const { phase, interval, list, range, what } of phases) {
      const say = (done: number, label: string) => {
        progress = { done: before + done, total, phase, label };
      };
      if (list.length === 0) continue;
      say(0, `${what} candles`);
      const result = await backfill(service, {
        instruments: named(list),
        interval,
        ...(await range()),
        signal: abort.signal,
        onProgress: (done, _total, label) => say(done, `${what} candles: ${label}`),
      });
      before += list.length;
      stored += result.stored;
      if (result.failures.length > 0) {
        log.warn(
          { phase, failures: result.failures.length, first: result.failures[0] },
          'seeding left holes',
        );
      }
    }
    log.info({ instruments: instruments.length, candles: stored }, 'seeding ended');
  }

  return {
    progress: () => progress,
    ended,
    start() {
      if (started || abort.signal.aborted) return;
      started = true;
      run()
        .catch((err: unknown) => log.error({ err }, 'seeding failed'))
        .finally(() => {
          progress = null;
          end();
        });
    },
    async stop() {
      abort.abort();
      if (started) await ended;
    },
  };
}
