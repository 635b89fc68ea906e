import { pino } from 'pino';
import { expect } from 'vitest';
import { type Api, createApi } from '../../src/api/server.js';
import type { ApiConfig, ApiServices } from '../../src/api/services.js';
import { bucketStart, checkPossibleBuckets } from '../../src/candles/buckets.js';
import type { CandleAnswer, CandleQuery } from '../../src/candles/candle.js';
import { type Database, openDatabase } from '../../src/db/database.js';
import { createMetrics, type Metrics } from '../../src/metrics.js';
import { quiet, type TestServer } from '../fixtures/databases.js';
import { FEED, INFY, NIFTY, NOW, seedMarket } from './market.js';

export interface Harness {
  readonly db: Database;
  readonly api: Api;
  readonly metrics: Metrics;
  /** What the parts behind the API were asked to do. */
  readonly calls: string[];
  /** What the parts behind the API do; tests replace them. */
  readonly services: { -readonly [K in keyof ApiServices]: ApiServices[K] };
  /** Log lines of level error. */
  readonly errors: string[];
  /** Epoch milliseconds that the API takes for now. */
  setNow(ms: number): void;
  /** Every candle request fails with this, until undefined. */
  breakCandles(error: Error | undefined): void;
  stop(): Promise<void>;
}

/** A migrated database that stands at `NOW`, with the fixture's market in it. */
export async function openMarket(server: TestServer): Promise<Database> {
  const first = await server.open();
  await seedMarket(first);
  const name = new URL(first.url).pathname.slice(1);
  await first.pool.query(`alter database ${name} set tickscope.now = '${new Date(NOW).toISOString()}'`);
  return openDatabase({ url: first.url, log: quiet, kind: first.kind, statementTimeoutMs: 10_000 });
}

/** The API over a real database; candles come straight from its views, the rest behind it is recorded. */
export async function createHarness(
  db: Database,
  config: Partial<ApiConfig> = {},
  others: Partial<ApiServices> = {},
): Promise<Harness> {
  const calls: string[] = [];
  const errors: string[] = [];
  const metrics = createMetrics();
  const log = pino({ level: 'error' }, { write: (line: string) => void errors.push(line) });
  let now = NOW;
  let broken: Error | undefined;
  const services: Harness['services'] = {
    origin: 'simulator:1',
    version: '0.0.0-test',
    broker: 'simulator',
    db,
    candles: {
      candles: (query) => (broken ? Promise.reject(broken) : storedCandles(db, query)),
      candlesBatch: (queries) => Promise.all(queries.map((query) => storedCandles(db, query))),
    },
    instrumentSync: {
      sync: async () => {
        calls.push('sync');
        return { seen: 9, added: 1, deactivated: 0, reused: 0 };
      },
    },
    subscriptions: {
      capacity: 8,
      current: () => [
        { token: NIFTY, mode: 'full' },
        { token: INFY, mode: 'full' },
      ],
      subscribe: async (tokens, mode) => void calls.push(`subscribe ${tokens.join(' ')} ${mode}`),
      unsubscribe: async (tokens) => void calls.push(`unsubscribe ${tokens.join(' ')}`),
    },
    session: {
      login: async (credential) => {
        calls.push(`login ${Object.keys(credential).join()}`);
        return { userId: 'AB1234', expiresAt: NOW + 3_600_000 };
      },
    },
    repairs: {
      retry: async (id) => {
        calls.push(`retry ${id}`);
        return { instruments: 1 };
      },
    },
    feeds: () => [
      { feed: FEED, connected: true, instruments: 4, reconnects: 2, lastTickAt: now - 300, problem: null },
    ],
    marketOpen: () => true,
    seeding: () => null,
    warnings: () => [],
    clock: { now: () => now },
    metrics,
    log,
    ...others,
  };
  const api = await createApi({
    config: { host: '127.0.0.1', port: 0, corsOrigins: [], ...config },
    services,
  });
  return {
    db,
    api,
    metrics,
    calls,
    services,
    errors,
    setNow: (ms) => {
      now = ms;
    },
    breakCandles: (error) => {
      broken = error;
    },
    stop: () => api.stop(),
  };
}

/** Asks as a browser on this machine does, and fails on another status than `status`. */
export async function ask({ api }: Harness, url: string, status = 200) {
  const response = await api.app.inject({ url, headers: { host: '127.0.0.1:8000' } });
  expect(response.statusCode, response.body.slice(0, 600)).toBe(status);
  return response;
}

/** What is stored, unhealed: `get_candles` and `candle_gaps` as they are. */
export async function storedCandles(db: Database, query: CandleQuery): Promise<CandleAnswer> {
  checkPossibleBuckets(query.interval, [{ from: query.from, to: query.to }], query.from, query.to);
  const at = (ms: number) => new Date(ms).toISOString();
  const from = bucketStart(query.interval, query.from);
  const range = [query.instrument.token, at(from), at(query.to), query.interval];
  const [candles, gaps] = await Promise.all([
    db.pool.query('select * from get_candles($1, $2, $3, $4) order by bucket', range),
    db.pool.query('select * from candle_gaps($1, $2, $3, $4) order by gap_from', range),
  ]);
  return {
    candles: candles.rows.slice(-(query.limit ?? 5_000)).map((row) => ({
      time: row.bucket.getTime(),
      open: row.open,
      high: row.high,
      low: row.low,
      close: row.close,
      volume: row.volume,
      openInterest: row.open_interest,
      trades: row.trades,
      vwap: row.vwap,
      source: row.source,
      complete: row.complete,
    })),
    gaps: gaps.rows.map((row) => ({
      from: row.gap_from.getTime(),
      to: row.gap_to.getTime(),
      reason: row.reason,
    })),
    completeness: gaps.rows.length === 0 ? 1 : 0.9,
    backfilled: 0,
    warnings: [],
  };
}
