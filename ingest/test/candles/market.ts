import type { BrokerCandle, CandleInterval } from '../../src/broker/broker.js';
import { bucketStart, INTERVAL_MS, possibleBuckets } from '../../src/candles/buckets.js';
import type { CandleQuery } from '../../src/candles/candle.js';
import {
  type CandleConfig,
  type CandleService,
  type CandleServiceParts,
  createCandleService,
} from '../../src/candles/candle-service.js';
import type { Span } from '../../src/candles/span.js';
import type { Database } from '../../src/db/database.js';
import { writeSessions } from '../../src/db/sessions-store.js';
import type { Instrument } from '../../src/instruments/instrument.js';
import { createMetrics, type Metrics } from '../../src/metrics.js';
import type { Calendar } from '../../src/sessions/calendar.js';
import { addDays, type IstDate, istDate } from '../../src/sessions/ist.js';
import { nseCalendar } from '../../src/sessions/nse-calendar.js';
import { quiet } from '../fixtures/databases.js';
import { instrumentOf } from '../fixtures/instruments.js';
import { FakeBroker, type History } from './fake-broker.js';

export const STOCK = 408065;
export const INDEX = 256265;
export const FEED = 'test-1';

/** `ist('2026-11-20 10:00')` in epoch milliseconds. */
export const ist = (text: string): number => Date.parse(`${text.replace(' ', 'T')}+05:30`);

/** A clock that stands until it is moved. */
export class TestClock {
  constructor(public ms: number) {}
  now(): number {
    return this.ms;
  }
}

export interface TestMarket {
  readonly db: Database;
  readonly clock: TestClock;
  readonly broker: FakeBroker;
  readonly calendar: Calendar;
  readonly metrics: Metrics;
  readonly service: CandleService;
  list(instrument: Instrument, group: string): Promise<void>;
  /** The feed carried `token` from here on. */
  assign(token: number, from: number): Promise<void>;
  /** One connection of the feed heard `[from, to)`; `cause` says why it ended. */
  heard(from: number, to: number, cause?: string): Promise<void>;
  /** A service with another configuration on the same database and broker. */
  serviceWith(config: Partial<CandleConfig>, parts?: Partial<CandleServiceParts>): CandleService;
  ask(query: Partial<CandleQuery> & { instrument: Instrument }): ReturnType<CandleService['candles']>;
}

const CONFIG: CandleConfig = { settleSeconds: 120, healAsMinutesDays: 7, daySettleMinutes: 120 };

/** A database with a stock and an index on NSE's calendar around `now`, a fake broker and the service. */
export async function openMarket(
  db: Database,
  now: number,
  { calendar = nseCalendar(), history }: { calendar?: Calendar; history?: History } = {},
): Promise<TestMarket> {
  const clock = new TestClock(now);
  const broker = new FakeBroker(history ?? steadyHistory(calendar));
  const metrics = createMetrics();
  const today = istDate(now);
  const written = { from: addDays(today, -120), to: addDays(today, 10) };
  await writeSessions(db, calendar, written.from, written.to);
  const sessions = {
    async ensure(from: IstDate, to: IstDate) {
      if (from < written.from) await writeSessions(db, calendar, from, written.from);
      if (to > written.to) await writeSessions(db, calendar, written.to, to);
    },
  };
  const serviceWith = (config: Partial<CandleConfig>, parts: Partial<CandleServiceParts> = {}) =>
    createCandleService({
      db,
      broker,
      calendar,
      sessions,
      clock,
      log: quiet,
      metrics,
      config: { ...CONFIG, ...config },
      ...parts,
    });
  const service = serviceWith({});
  const market: TestMarket = {
    db,
    clock,
    broker,
    calendar,
    metrics,
    service,
    serviceWith,
    async list(instrument, group) {
      const { token, symbol, exchange, segment, instrumentType, expiry } = instrument;
      await db.pool.query(
        `insert into instruments (token, symbol, exchange, segment, instrument_type, expiry)
         values ($1, $2, $3, $4, $5, $6)`,
        [token, symbol, exchange, segment, instrumentType, expiry],
      );
      await db.pool.query(`insert into broker_tokens values ('simulator', $1, $1, '(,)')`, [token]);
      await db.pool.query(
        `insert into instrument_groups (token, session_group, days) values ($1, $2, '(,)')`,
        [token, group],
      );
    },
    async assign(token, from) {
      await db.pool.query('insert into feed_assignments (feed, token, assigned_at) values ($1, $2, $3)', [
        FEED,
        token,
        new Date(from),
      ]);
    },
    async heard(from, to, cause) {
      await db.pool.query(
        'insert into live_coverage (feed, covered_from, covered_to, ended_at, cause) values ($1, $2, $3, $4, $5)',
        [FEED, new Date(from), new Date(to), cause ? new Date(to) : null, cause ?? null],
      );
    },
    ask: ({ instrument, ...query }) =>
      service.candles({ instrument, interval: '1m', from: now - 3_600_000, to: now, ...query }),
  };
  if (!history) {
    await market.list(stock, 'cash');
    await market.list(index, 'index');
  }
  return market;
}

export const stock = instrumentOf(STOCK, 'INFY', 'EQ');
export const index = instrumentOf(INDEX, 'NIFTY 50', 'INDEX');

/** A candle in every session bucket, its prices a function of token and time. */
export function steadyHistory(calendar: Calendar): History {
  return ({ brokerToken, interval, from, to }) => {
    const sessions: Span[] = [];
    for (let day = istDate(from); day <= istDate(to); day = addDays(day, 1)) {
      const group = brokerToken === INDEX ? 'index' : 'cash';
      for (const s of calendar.continuous(group, day)) sessions.push({ from: s.opensAt, to: s.closesAt });
    }
    return [...possibleBuckets(interval, sessions, from, to)].map((time) =>
      steadyCandle(brokerToken, interval, time),
    );
  };
}

export function steadyCandle(token: number, interval: CandleInterval, time: number): BrokerCandle {
  const base = 1_000 + ((time / 60_000) % 97) + (token % 13);
  return {
    time: bucketStart(interval, time),
    open: base,
    high: base + 2.5,
    low: base - 1.5,
    close: base + 0.5,
    volume: token === INDEX ? 0 : 100 * (INTERVAL_MS[interval] / 60_000),
    openInterest: null,
  };
}

/** One tick row, in session and a trade unless said otherwise. */
export async function tick(
  db: Database,
  token: number,
  at: number,
  row: {
    seq: number;
    ltp: number;
    volume?: number;
    delta?: number | null;
    unplaced?: number;
    trade?: boolean;
    tradedAt?: number;
  },
): Promise<void> {
  await db.pool.query(
    `insert into tick_data (time, seq, instrument_token, last_trade_time, exchange_time, ltp, high, low, last_qty, volume,
                            volume_delta, volume_unplaced, is_trade, in_session, time_source, broker, received_at)
     values ($1, $2, $3, $9, $1, $4, $4, $4, 1, $5, $6, $7, $8, true, 't', 'simulator', $1)`,
    [
      new Date(at),
      row.seq,
      token,
      row.ltp,
      row.volume ?? null,
      row.delta ?? null,
      row.unplaced ?? null,
      row.trade ?? true,
      new Date(row.tradedAt ?? at),
    ],
  );
}
