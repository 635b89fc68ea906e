import type { BrokerCandle } from '../../src/broker/broker.js';
import type { Span } from '../../src/candles/span.js';
import { EndOfDay, type EndOfDayParts } from '../../src/quality/end-of-day.js';
import { CorporateActions } from '../../src/quality/scale.js';
import { INDEX, steadyHistory, type TestMarket } from '../candles/market.js';
import { quiet } from '../fixtures/databases.js';

const MINUTE = 60_000;

export const CLEAR_QUALITY = `truncate data_quality_metrics, candle_corrections, quality_days, quality_attempts,
  corporate_actions, tick_rejects`;

/** The job on a test's market; `parts` differ from the usual ones. */
export function endOfDayOf(market: TestMarket, parts: Partial<EndOfDayParts> = {}): EndOfDay {
  return new EndOfDay({
    db: market.db,
    broker: market.broker,
    candles: market.service,
    calendar: market.calendar,
    actions: new CorporateActions(),
    clock: market.clock,
    log: quiet,
    metrics: market.metrics,
    hasToken: () => true,
    settings: { volumeShare: 0.01, jumpShare: 0.12 },
    settleSeconds: 120,
    daySettleMinutes: 120,
    days: 7,
    ...parts,
  });
}

/** Sessions of the cash group on an IST day. */
export const hoursOf = (market: TestMarket, day: string): Span[] =>
  market.calendar.continuous('cash', day).map(({ opensAt, closesAt }) => ({ from: opensAt, to: closesAt }));

/** What the exchange did on a day, a candle a minute. */
export function minutesOf(market: TestMarket, token: number, day: string): BrokerCandle[] {
  const [first] = hoursOf(market, day);
  const { to } = hoursOf(market, day).at(-1)!;
  return steadyHistory(market.calendar)({ brokerToken: token, interval: '1m', from: first!.from, to });
}

/**
 * Ticks that make exactly these candles: four trades a minute. `sequence` starts after it.
 * @returns the last sequence number
 */
export async function trade(
  market: TestMarket,
  token: number,
  candles: readonly BrokerCandle[],
  sequence = 0,
): Promise<number> {
  const rows = candles.flatMap(({ time, open, high, low, close, volume }) =>
    [open, high, low, close].map((ltp, i) => ({ at: time + i * 10_000, ltp, delta: volume / 4 })),
  );
  let cumulative = 0;
  const volumes = rows.map(({ delta }) => {
    cumulative += delta;
    return cumulative;
  });
  const hasVolume = token !== INDEX;
  await market.db.pool.query(
    `insert into tick_data (time, seq, instrument_token, last_trade_time, exchange_time, ltp, high, low, last_qty, volume,
                            volume_delta, volume_unplaced, is_trade, in_session, time_source, broker, received_at)
     select t, $2 + n, $1, t, t, p, p, p, 1, v, d, case when v is not null then 0 end, true, true, 't', 'simulator', t
     from unnest($3::timestamptz[], $4::float8[], $5::bigint[], $6::bigint[]) with ordinality as r(t, p, v, d, n)`,
    [
      token,
      sequence,
      rows.map(({ at }) => new Date(at)),
      rows.map(({ ltp }) => ltp),
      volumes.map((v) => (hasVolume ? v : null)),
      rows.map(({ delta }) => (hasVolume ? delta : null)),
    ],
  );
  return sequence + rows.length;
}

export interface StoredQuality {
  readonly completeness: number | null;
  readonly accuracy: number | null;
  readonly quality: string | null;
  readonly source: string | null;
  readonly compared: number;
  readonly differing: number;
  readonly missing: number;
  readonly extra: number;
  readonly replaced: number;
  readonly healed: number;
  readonly dayCandle: boolean;
  readonly flags: Array<{ kind: string; count?: number; at?: string; detail: string }>;
}

export async function qualityOf(
  market: TestMarket,
  token: number,
  day: string,
): Promise<StoredQuality | undefined> {
  const { rows } = await market.db.pool.query<StoredQuality>(
    `select completeness, accuracy, quality, source, minutes_compared as compared, minutes_differing as differing,
            minutes_missing as missing, minutes_extra as extra, minutes_replaced as replaced, minutes_healed as healed,
            day_candle as "dayCandle", anomaly_flags as flags
     from data_quality_metrics where instrument_token = $1 and trading_date = $2`,
    [token, day],
  );
  return rows[0];
}

export const kindsOf = (quality: StoredQuality | undefined) => quality?.flags.map(({ kind }) => kind);

export async function replacedOf(market: TestMarket, token: number) {
  const { rows } = await market.db.pool.query<{
    time: number;
    close: number | null;
    source: string | null;
    trades: number | null;
    brokerClose: number;
    fields: string[];
  }>(
    `select extract(epoch from bucket)::float8 * 1000 as time, close, source, trades, broker_close as "brokerClose", fields
     from candle_corrections where instrument_token = $1 order by bucket, found_at`,
    [token],
  );
  return rows;
}

export const minuteAt = (candles: readonly BrokerCandle[], index: number): BrokerCandle => candles[index]!;
export const MINUTE_MS = MINUTE;
