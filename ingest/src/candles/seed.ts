import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Instrument } from '../instruments/instrument.js';
import { DAY_MS } from '../sessions/ist.js';
import { backfill } from './backfill.js';
import type { CandleService } from './candle-service.js';

const DAY_CANDLE_DAYS = 400;
const MINUTE_DAYS = 5;

export interface SeedParts {
  readonly service: CandleService;
  readonly clock: Clock;
  readonly log: Logger;
  /** Get day candles. */
  readonly instruments: readonly Instrument[];
  /** Get minutes, before everything else: indices, VIX and what the page opens with. */
  readonly favourites: readonly Instrument[];
}

/** How far seeding is, counted in instruments. `label` is for people. */
export interface SeedProgress {
  readonly done: number;
  readonly total: number;
  readonly phase: 'minutes' | 'days';
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
export function createSeed({ service, clock, log, instruments, favourites }: SeedParts): Seed {
  const abort = new AbortController();
  let progress: SeedProgress | null = null;
  let started = false;
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });

  const named = (list: readonly Instrument[]) =>
    list.map(({ token, exchange, symbol }) => ({ token, label: `${exchange}:${symbol}` }));

  async function run(): Promise<void> {
    const total = instruments.length + favourites.length;
    const to = clock.now();
    const phases = [
      { phase: 'minutes', interval: '1m', days: MINUTE_DAYS, list: favourites, before: 0 },
      { phase: 'days', interval: '1d', days: DAY_CANDLE_DAYS, list: instruments, before: favourites.length },
    ] as const;
    let stored = 0;
    for (const { phase, interval, days, list, before } of phases) {
      const say = (done: number, label: string) => {
        progress = { done: before + done, total, phase, label };
      };
      say(0, `${days} days of ${interval} candles`);
      const result = await backfill(service, {
        instruments: named(list),
        interval,
        from: to - days * DAY_MS,
        to,
        signal: abort.signal,
        onProgress: (done, _total, label) => say(done, `${days} days of ${interval} candles: ${label}`),
      });
      stored += result.stored;
      if (result.failures.length > 0) {
        log.warn(
          { phase, failures: result.failures.length, first: result.failures[0] },
          'seeding left holes',
        );
      }
    }
    log.info({ instruments: total, candles: stored }, 'seeding ended');
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
