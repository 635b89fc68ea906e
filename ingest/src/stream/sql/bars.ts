import type { CandleInterval } from '../../broker/broker.js';

const CANDLE = `bucket as time, open, high, low, close, volume, open_interest as "openInterest", trades, vwap, source`;

export interface StoredBarRow {
  batch: number;
  token: number;
  /** Null, as everything after it, when there is no candle. */
  time: number | null;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number | null;
  openInterest: number | null;
  trades: number | null;
  vwap: number | null;
  source: string;
  complete: boolean;
  closedAt: number | null;
  interestAt: number | null;
}

/**
 * The newest two candles of each instrument from $2 on, newest first, with the times of their last trade and of their
 * last tick with open interest; of one snapshot, of which `batch` is the last flush. $1 tokens, $2 from. A bucket whose
 * time is not over is not complete, unless its session is: who looks again when it is quiet finds that.
 */
const now = (view: string, width: string) => `
with w as materialized (select coalesce(max(last_batch_id), 0) as batch from writer_state)
select w.batch, t.token, c.*,
       (select x.time from tick_data x
        where x.instrument_token = t.token and x.time >= c.time and x.time < c.time + interval '${width}'
          and x.in_session and x.is_trade
        order by x.time desc limit 1) as "closedAt",
       (select x.time from tick_data x
        where x.instrument_token = t.token and x.time >= c.time and x.time < c.time + interval '${width}'
          and x.in_session and x.open_interest is not null
        order by x.time desc limit 1) as "interestAt"
from w
cross join unnest($1::bigint[]) t (token)
left join lateral (
  select ${CANDLE}, case when bucket + interval '${width}' > tickscope_now() then false else complete end as complete
  from ${view} where instrument_token = t.token and bucket >= $2 order by bucket desc limit 2
) c on true
order by t.token, c.time desc`;

/** The candles of one bucket, judged. $1 tokens, $2 bucket. */
const judged = (view: string) => `
select c.instrument_token as token, c.bucket as time, c.open, c.high, c.low, c.close, c.volume,
       c.open_interest as "openInterest", c.trades, c.vwap, c.source, c.complete
from ${view} c where c.instrument_token = any($1::bigint[]) and c.bucket = $2`;

export const BARS_NOW: Readonly<Record<CandleInterval, string>> = {
  '1m': now('candles_1m', '1 minute'),
  '5m': now('candles_5m', '5 minutes'),
  '15m': now('candles_15m', '15 minutes'),
  '1h': now('candles_1h', '1 hour'),
  '1d': now('candles_1d', '24 hours'),
};

export const BARS_OF_BUCKET: Readonly<Record<CandleInterval, string>> = {
  '1m': judged('candles_1m'),
  '5m': judged('candles_5m'),
  '15m': judged('candles_15m'),
  '1h': judged('candles_1h'),
  '1d': judged('candles_1d'),
};
