import { once } from 'node:events';
import type pg from 'pg';
import { expect } from 'vitest';
import { type ClientOptions, WebSocket } from 'ws';
import { createApi } from '../../src/api/server.js';
import type { ApiConfig, ApiServices } from '../../src/api/services.js';
import type { Database } from '../../src/db/database.js';
import { storedCandles } from '../api/harness.js';
import { at, FUTURE, INFY, NIFTY, type Said, TCS } from '../batch/market.js';
import { quiet, type TestServer } from '../fixtures/databases.js';
import { FEED, pipelineOn } from '../write/writing.js';

export const TOKENS = [NIFTY, INFY, TCS, FUTURE];
export const PATIENCE = { timeout: 20_000, interval: 10 };

const INSTRUMENTS = `
insert into instruments (token, symbol, exchange, segment, name, instrument_type, expiry, lot_size, active) values
 (256265, 'NIFTY 50', 'NSE', 'INDICES', 'NIFTY 50', 'INDEX', null, 1, true),
 (408065, 'INFY', 'NSE', 'NSE', 'INFOSYS', 'EQ', null, 1, true),
 (2953217, 'TCS', 'NSE', 'NSE', 'TATA CONSULTANCY', 'EQ', null, 1, true),
 (10000130, 'INFY26NOVFUT', 'NFO', 'NFO-FUT', 'INFY', 'FUT', '2026-11-24', 400, true);
insert into instrument_groups (token, session_group, days)
select token, case instrument_type when 'INDEX' then 'index' when 'FUT' then 'derivatives' else 'cash' end, '[,]'
from instruments;
insert into market_sessions (exchange, session_group, day, kind, opens_at, closes_at)
select 'NSE', g, day, 'continuous', (day + time '09:15') at time zone 'Asia/Kolkata',
       (day + case g when 'derivatives' then time '15:40' when 'cash' then time '15:15' else time '15:30' end) at time zone 'Asia/Kolkata'
from unnest(array['index', 'cash', 'derivatives']) g, unnest(array[date '2026-11-17', date '2026-11-18']) day`;

const FORGET = `truncate tick_data, depth_books, quotes_latest, depth_latest, day_state, writer_state, live_coverage,
  feed_assignments, coverage_exceptions, proven_empty, stale_ranges`;

/** A database with the instruments of the test's market and their hours; `startStream` empties it again. */
export async function openStreamDatabase(server: TestServer): Promise<Database> {
  const db = await server.open();
  await db.pool.query(INSTRUMENTS);
  if (db.kind === 'postgres') {
    await db.pool.query(
      `select ensure_day_partition(t, $1) from unnest(array['tick_data', 'depth_books']) t`,
      ['2026-11-18'],
    );
  }
  return db;
}

/** A message of the stream. */
export interface Message {
  type: string;
  symbol?: string;
  token?: number;
  committedAt?: string | null;
  code?: string;
  message?: string;
  symbols?: string[];
  channels?: string[];
  intervals?: string[];
  data?: Record<string, unknown>;
}

/** A client that remembers what it hears. */
export class TestClient {
  readonly heard: Message[] = [];
  closed: { code: number; reason: string } | undefined;

  constructor(readonly socket: WebSocket) {
    socket.on('message', (data) => this.heard.push(JSON.parse(String(data)) as Message));
    socket.on('close', (code, reason) => {
      this.closed = { code, reason: String(reason) };
    });
    socket.on('error', () => undefined);
  }

  say(message: object | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  /**
   * The newest message of a type and instrument (bars: of an interval). Of candles it is the one that began last, as one
   * that has ended is told again once it is complete.
   */
  last(type: string, token?: number, interval?: string): Message | undefined {
    const began = ({ type, data }: Message) => (type === 'bar' ? Date.parse(String(data?.['time'])) : 0);
    return this.heard
      .filter(
        (message) =>
          message.type === type &&
          (token === undefined || message.token === token) &&
          (interval === undefined || message.data?.['interval'] === interval),
      )
      .reduce<Message | undefined>(
        (newest, message) => (newest && began(newest) > began(message) ? newest : message),
        undefined,
      );
  }

  /** Waits for a message of the type, and takes what was heard up to it. */
  async hears(type: string): Promise<Message> {
    await expect.poll(() => this.heard.some((message) => message.type === type), PATIENCE).toBe(true);
    const index = this.heard.findIndex((message) => message.type === type);
    return this.heard.splice(0, index + 1).at(-1)!;
  }

  async close(): Promise<void> {
    this.socket.terminate();
    if (!this.closed) await once(this.socket, 'close');
  }
}

/** A pipeline, the API over what it writes, and clients. Time stands where the test puts it, for SQL too. */
export async function startStream(
  server: TestServer,
  options: {
    start?: number;
    config?: Partial<ApiConfig>;
    db?: Database;
    services?: Partial<ApiServices>;
  } = {},
) {
  const start = options.start ?? at('10:00:05');
  const db = options.db ?? (await openStreamDatabase(server));
  if (options.db) await db.pool.query(FORGET);
  const writing = pipelineOn(db, start);
  const { pipeline, clock, metrics } = writing;
  await pipeline.start();
  pipeline.sink.connected(FEED, clock.ms, TOKENS);
  const clocked = atClock(db, clock);
  const stored = new Set<(token: number) => void>();
  const refuse = () => Promise.reject(new Error('not part of this test'));
  const api = await createApi({
    config: { host: '127.0.0.1', port: 0, corsOrigins: [], ...options.config },
    services: {
      origin: 'simulator:1',
      version: 'test',
      broker: 'simulator',
      db: clocked,
      candles: {
        candles: (query) => storedCandles(clocked as Database, query),
        candlesBatch: (queries) =>
          Promise.all(queries.map((query) => storedCandles(clocked as Database, query))),
      },
      commits: pipeline,
      history: {
        onStored: (listener) => {
          stored.add(listener);
          return () => stored.delete(listener);
        },
      },
      instrumentSync: { sync: refuse },
      subscriptions: { capacity: 0, current: () => [], subscribe: refuse, unsubscribe: refuse },
      session: { login: refuse },
      repairs: { retry: refuse },
      feeds: () => [],
      marketOpen: () => true,
      seeding: () => null,
      warnings: () => [],
      clock,
      metrics,
      log: quiet,
      ...options.services,
    },
  });
  const url = await api.start();
  const clients: TestClient[] = [];
  return {
    ...writing,
    db,
    url,
    /** What the candle service says after it stored a broker's candles. */
    historyStored: (token: number) => {
      for (const listener of stored) listener(token);
    },
    /** Hears packets and waits until they are committed. */
    async play(time: number, ...said: Said[]) {
      const committed = writing.committed();
      writing.hear(time, ...said);
      await committed;
    },
    connect(protocols: string[] = ['tickscope.v1'], how: ClientOptions = {}) {
      const client = new TestClient(new WebSocket(`${url.replace('http', 'ws')}/api/stream`, protocols, how));
      clients.push(client);
      return client;
    },
    /** A client whose connection is open. */
    async client(protocols?: string[], how?: ClientOptions) {
      const client = this.connect(protocols, how);
      await once(client.socket, 'open');
      return client;
    },
    async get<T = Record<string, unknown>>(path: string): Promise<T> {
      const response = await fetch(url + path);
      if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
      return (await response.json()) as T;
    },
    /** The newest candle as the API tells it. */
    async candle(token: number, interval: string, before = 0): Promise<Record<string, unknown> | undefined> {
      const to = clock.ms + 1_000;
      const path = `/api/candles?instrument=${token}&interval=${interval}&from=2026-11-18&to=${to}&backfill=false`;
      const { candles } = await this.get<{ candles: Array<Record<string, unknown>> }>(path);
      const found = candles.at(-1 - before);
      return found && { ...found, interval };
    },
    async stop() {
      for (const client of clients) await client.close();
      await api.stop();
      await pipeline.stop();
    },
    stopApi: () => api.stop(),
  };
}

export type Streaming = Awaited<ReturnType<typeof startStream>>;

/** The database with `tickscope_now()` where the clock stands. */
function atClock(db: Database, clock: { now(): number }): Pick<Database, 'pool' | 'kind'> {
  const query = async (...args: unknown[]) => {
    const client = await db.pool.connect();
    try {
      await client.query(`select set_config('tickscope.now', $1, false)`, [
        new Date(clock.now()).toISOString(),
      ]);
      return await (client.query as (...args: unknown[]) => Promise<unknown>)(...args);
    } finally {
      client.release();
    }
  };
  return { kind: db.kind, pool: { query } as unknown as pg.Pool };
}

/** Candles alike but for the last digits of a sum whose order nobody promises. */
export function expectSameCandle(
  streamed: Record<string, unknown> | undefined,
  stored: Record<string, unknown> | undefined,
): void {
  const round = (candle: Record<string, unknown> | undefined) =>
    candle && {
      ...candle,
      vwap: typeof candle['vwap'] === 'number' ? Number(candle['vwap'].toPrecision(12)) : candle['vwap'],
    };
  expect(round(streamed)).toEqual(round(stored));
}
