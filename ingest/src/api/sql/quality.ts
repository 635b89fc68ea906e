import type { RunQuery } from './query.js';

export interface QualityRow {
  token: number;
  symbol: string;
  exchange: string;
  tradingDate: string;
  completeness: number | null;
  accuracy: number | null;
  source: string | null;
  anomalyFlags: unknown;
  quality: string | null;
  minutesCompared: number;
  minutesDiffering: number;
  minutesMissing: number;
  minutesExtra: number;
  minutesReplaced: number;
  minutesHealed: number;
  dayCandle: boolean;
  comparedAt: number | null;
}

const QUALITY = `
select m.instrument_token as token, i.symbol, i.exchange, m.trading_date as "tradingDate", m.completeness, m.accuracy,
       m.source, m.anomaly_flags as "anomalyFlags", m.quality, m.minutes_compared as "minutesCompared",
       m.minutes_differing as "minutesDiffering", m.minutes_missing as "minutesMissing",
       m.minutes_extra as "minutesExtra", m.minutes_replaced as "minutesReplaced", m.minutes_healed as "minutesHealed",
       m.day_candle as "dayCandle", m.compared_at as "comparedAt"
from data_quality_metrics m join instruments i on i.token = m.instrument_token
where m.trading_date >= $1 and m.trading_date < $2 and ($3::bigint[] is null or m.instrument_token = any($3))
order by m.trading_date desc, i.exchange, i.symbol limit $4`;

/** The end-of-day comparison's findings for `[from, to)` (IST dates), newest day first. */
export function quality(
  run: RunQuery,
  from: string,
  to: string,
  tokens: readonly number[] | null,
  limit: number,
): Promise<QualityRow[]> {
  return run<QualityRow>(QUALITY, [from, to, tokens, limit]);
}

export interface QualityDayRow {
  date: string;
  status: string;
  instruments: number;
  compared: number;
  startedAt: number | null;
  finishedAt: number | null;
  message: string | null;
}

const DAYS = `
select trading_date as date, status, instruments, compared, started_at as "startedAt", finished_at as "finishedAt", message
from quality_days where trading_date >= $1 and trading_date < $2 order by trading_date desc`;

/** How far the comparison of each day is, newest first. */
export function qualityDays(run: RunQuery, from: string, to: string): Promise<QualityDayRow[]> {
  return run<QualityDayRow>(DAYS, [from, to]);
}

export interface CorrectionRow {
  token: number;
  symbol: string;
  exchange: string;
  time: number;
  foundAt: number;
  fields: string[];
  open: number | null;
  high: number | null;
  low: number | null;
  close: number | null;
  volume: number | null;
  source: string | null;
  brokerOpen: number;
  brokerHigh: number;
  brokerLow: number;
  brokerClose: number;
  brokerVolume: number | null;
}

const CORRECTIONS = `
select c.instrument_token as token, i.symbol, i.exchange, c.bucket as time, c.found_at as "foundAt", c.fields,
       c.open, c.high, c.low, c.close, c.volume, c.source, c.broker_open as "brokerOpen", c.broker_high as "brokerHigh",
       c.broker_low as "brokerLow", c.broker_close as "brokerClose", c.broker_volume as "brokerVolume"
from candle_corrections c join instruments i on i.token = c.instrument_token
where c.bucket >= ist_midnight($1) and c.bucket < ist_midnight($2)
  and ($3::bigint[] is null or c.instrument_token = any($3))
order by c.bucket, i.exchange, i.symbol limit $4`;

/** Minutes that were replaced on the IST dates `[from, to)`, oldest first. */
export function corrections(
  run: RunQuery,
  from: string,
  to: string,
  tokens: readonly number[] | null,
  limit: number,
): Promise<CorrectionRow[]> {
  return run<CorrectionRow>(CORRECTIONS, [from, to, tokens, limit]);
}
