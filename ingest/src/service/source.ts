import type { Logger } from 'pino';
import { type Clock, systemClock } from '../clock.js';
import type { Config } from '../config/config.js';
import type { DataOrigin } from '../db/origin.js';
import type { KiteTimings } from '../feed/kite/timings.js';
import { originOf } from './origin.js';
import { startSimulatorProcess } from './simulator-process.js';

const KITE_API_URL = 'https://api.kite.trade';
const KITE_TICKER_URL = 'wss://ws.kite.trade';

/** Where market data come from: addresses that speak Kite Connect v3, and the time that holds there. */
export interface Source {
  readonly apiUrl: string;
  readonly tickerUrl: string;
  /** Asks for no rate to be kept. */
  readonly unlimited: boolean;
  /** A first start fills the database with history, so that nothing looks empty. */
  readonly seeded: boolean;
  /** For people: `bundled simulator, process 4711`. */
  readonly where: string;
  /** Safe to call twice. */
  stop(): void | Promise<void>;
}

/** A source that is known and not started yet. */
export interface SourcePlan {
  readonly origin: DataOrigin;
  readonly clock: Clock;
  /** Other than Kite's, where time runs faster. */
  readonly timings?: Partial<KiteTimings>;
  start(log: Logger): Promise<Source>;
}

/** What the configuration asks for: the bundled simulator, one that runs elsewhere, or Kite. */
export async function sourceOf(config: Config): Promise<SourcePlan> {
  const origin = await originOf(config);
  const { apiUrl, tickerUrl } = config.kite;
  if (config.broker === 'simulator' && !apiUrl)
    return { origin, clock: systemClock, start: (log) => bundled(config, log) };
  return {
    origin,
    clock: systemClock,
    start: async () => ({
      apiUrl: apiUrl ?? KITE_API_URL,
      tickerUrl: tickerUrl ?? KITE_TICKER_URL,
      unlimited: false,
      seeded: false,
      where: apiUrl ?? 'Kite Connect',
      stop: () => undefined,
    }),
  };
}

async function bundled(config: Config, log: Logger): Promise<Source> {
  const child = await startSimulatorProcess(config.simulator, log);
  return {
    apiUrl: child.apiUrl,
    tickerUrl: child.tickerUrl,
    unlimited: true,
    seeded: true,
    where: `bundled simulator at ${child.apiUrl}, process ${child.pid}`,
    stop: () => child.stop(),
  };
}
