import type pg from 'pg';
import type { BrokerInstrument } from '../../src/broker/broker.js';
import type { Database } from '../../src/db/database.js';
import { syncInstruments } from '../../src/instruments/store.js';

export const NIFTY = 256265;
export const INFY = 408065;
export const CALL = 12_345_602;
export const FUTURE = 12_345_858;

const row = (brokerToken: number, symbol: string, over: Partial<BrokerInstrument>): BrokerInstrument => ({
  brokerToken,
  symbol,
  exchange: 'NSE',
  segment: 'NSE',
  name: symbol,
  instrumentType: 'EQ',
  expiry: null,
  strike: null,
  lotSize: 1,
  tickSize: 0.05,
  ...over,
});

/** An index, a stock, an option and a future; expiries far enough away for any test. */
export async function seedInstruments(db: Database, expiry: string, now: number): Promise<void> {
  const contract = { exchange: 'NFO', segment: 'NFO-OPT', name: 'NIFTY', expiry, lotSize: 75 };
  await syncInstruments(
    db,
    'test',
    [
      row(NIFTY, 'NIFTY 50', { segment: 'INDICES', instrumentType: 'INDEX' }),
      row(INFY, 'INFY', {}),
      row(CALL, 'NIFTY25000CE', { ...contract, instrumentType: 'CE', strike: 25_000 }),
      row(FUTURE, 'NIFTYFUT', { ...contract, segment: 'NFO-FUT', instrumentType: 'FUT' }),
    ],
    now,
  );
}

/**
 * One trade a minute of `token` in [from, to): price 100 + the minute's number, 10 traded, cumulative volume counted from
 * 0 at `from`, on the tenth second; and a packet without a trade on the thirtieth that moves open interest.
 */
export async function seedTicks(
  db: pg.Pool | pg.Client,
  token: number,
  from: string,
  to: string,
): Promise<void> {
  await db.query(
    `insert into tick_data (time, seq, instrument_token, last_trade_time, exchange_time, ltp, high, low, volume, volume_delta,
                            volume_unplaced, open_interest, day_open, day_high, day_low, average_price, is_trade, in_session,
                            time_source, broker, received_at)
     select m + s * interval '20 s' + interval '10 s', extract(epoch from m)::bigint * 10 + s, $1, m + interval '10 s',
            m + s * interval '20 s' + interval '10 s', 100 + n, 100 + n + 0.5, 100 + n - 0.5, (n + 1) * 10,
            case s when 0 then 10 else 0 end, null, 1000 + n * 2 + s, 100, 100 + n + 0.5, 99.5, 100, s = 0, true,
            't', 'test', m
     from (select m, row_number() over (order by m) - 1 as n
           from generate_series($2::timestamptz, $3::timestamptz - interval '1 minute', '1 minute') m) minutes,
          generate_series(0, 1) s`,
    [token, from, to],
  );
}

/** The feed `A` carried `token` and heard everything in [from, to). */
export async function seedCoverage(
  db: pg.Pool | pg.Client,
  token: number,
  from: string,
  to: string,
): Promise<void> {
  await db.query('insert into feed_assignments (feed, token, assigned_at) values ($1, $2, $3)', [
    `A${token}`,
    token,
    from,
  ]);
  await db.query(
    `insert into live_coverage (feed, covered_from, covered_to, ended_at, cause) values ($1, $2, $3, $3, 'disconnect')`,
    [`A${token}`, from, to],
  );
}
