import { at, type RunQuery } from './query.js';

export interface VixRow {
  time: number;
  value: number;
  change: number | null;
  open: number | null;
  high: number | null;
  low: number | null;
  close: number | null;
  trend: string | null;
  regime: string | null;
}

const VIX = `
select * from (
  select time, value, change, open, high, low, close, trend, regime
  from vix_data where time >= $1 and time < $2 order by time desc limit $3
) newest order by time`;

/** INDIA VIX a minute, oldest first; empty until the volatility engine fills it. */
export function vix(run: RunQuery, range: { from: number; to: number }, limit: number): Promise<VixRow[]> {
  return run<VixRow>(VIX, [at(range.from), at(range.to), limit]);
}

export interface RegimeRow {
  from: number;
  to: number;
  regime: string | null;
  minutes: number;
  average: number;
  low: number;
  high: number;
}

/** Stretches of one volatility regime, oldest first, as the SQL function tells them. */
export function regimes(run: RunQuery, range: { from: number; to: number }): Promise<RegimeRow[]> {
  return run<RegimeRow>(
    `select from_time as "from", to_time as "to", regime, minutes, average, low, high
     from volatility_regime($1, $2)`,
    [at(range.from), at(range.to)],
  );
}
