import { GapLedger } from '../../src/gaps/ledger.js';
import { FEED, type TestMarket } from '../candles/market.js';
import { quiet } from '../fixtures/databases.js';

export interface StoredGap {
  readonly id: number;
  readonly kind: string;
  readonly feed: string;
  readonly token: number | null;
  readonly from: number;
  readonly to: number | null;
  readonly cause: string;
  readonly status: string;
  readonly parts: number;
  readonly instruments: number;
  readonly left: number;
  readonly empty: number;
  readonly failed: number;
  readonly attempts: number;
  readonly message: string | null;
  readonly source: string | null;
  readonly recoveredAt: number | null;
}

export const ledgerOf = ({ db, clock }: Pick<TestMarket, 'db' | 'clock'>, settleSeconds = 120) =>
  new GapLedger({ db, clock, log: quiet, settleSeconds });

export async function gapsOf({ db }: Pick<TestMarket, 'db'>): Promise<StoredGap[]> {
  const { rows } = await db.pool.query<StoredGap>(`
    select id, kind, feed, instrument_token as token, extract(epoch from gap_start)::float8 * 1000 as "from",
           extract(epoch from gap_end)::float8 * 1000 as "to", cause, status, parts, instruments,
           instruments_left as "left", instruments_empty as "empty", instruments_failed as failed, attempts, message, source,
           extract(epoch from recovered_at)::float8 * 1000 as "recoveredAt"
    from data_gaps order by gap_start, id`);
  return rows;
}

/** A connection's row grows, or ends when `cause` is given. */
export async function hearOn(
  { db }: Pick<TestMarket, 'db'>,
  to: number,
  cause: string | null = null,
  feed = FEED,
) {
  await db.pool.query(
    `update live_coverage set covered_to = $2::timestamptz, ended_at = case when $3::text is null then null else $2::timestamptz end, cause = $3::text
     where id = (select id from live_coverage where feed = $1 order by covered_from desc, id desc limit 1)`,
    [feed, new Date(to), cause],
  );
}

export async function except(
  { db }: Pick<TestMarket, 'db'>,
  token: number | null,
  from: number,
  to: number | null,
  reason: string,
  feed = FEED,
) {
  await db.pool.query(
    'insert into coverage_exceptions (feed, token, from_time, to_time, reason) values ($1, $2, $3, $4, $5)',
    [feed, token, new Date(from), to === null ? 'infinity' : new Date(to), reason],
  );
}

export async function prove({ db }: Pick<TestMarket, 'db'>, token: number, from: number, to: number) {
  await db.pool.query('insert into proven_empty values ($1, $2, $3)', [token, new Date(from), new Date(to)]);
}

export async function answered({ db }: Pick<TestMarket, 'db'>, token: number, from: number, to: number) {
  await db.pool.query(`insert into broker_coverage values ($1, '1m', tstzrange($2, $3))`, [
    token,
    new Date(from),
    new Date(to),
  ]);
}

export const CLEAR = `truncate instruments, broker_tokens, instrument_groups, feed_assignments, live_coverage,
  coverage_exceptions, proven_empty, broker_coverage, broker_candles, merged_candles, pending_merges, heal_failures,
  tick_data, day_state, interpolated_data, data_gaps, data_gap_instruments, gap_ledger_cursor, candle_rejects,
  quotes_latest, stale_ranges, subscriptions, watchlists cascade`;
