import { at, type RunQuery } from './query.js';

const MINUTE_MS = 60_000;

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

/** The regime of each value, by the thresholds in settings. */
export async function regimesOf(run: RunQuery, values: readonly number[]): Promise<string[]> {
  const rows = await run<{ regime: string }>(
    `select vix_regime(v.value) as regime
     from unnest($1::double precision[]) with ordinality v (value, n) order by v.n`,
    [values],
  );
  return rows.map(({ regime }) => regime);
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

/** What `regimes` tells, of minutes that are not stored: each stretch ends where the next begins. */
export function stretches(minutes: readonly VixRow[]): RegimeRow[] {
  const found: RegimeRow[] = [];
  for (const { time, value, regime } of minutes) {
    const last = found.at(-1);
    if (last) last.to = time;
    if (last?.regime === regime) {
      last.average = (last.average * last.minutes + value) / (last.minutes + 1);
      last.minutes++;
      last.low = Math.min(last.low, value);
      last.high = Math.max(last.high, value);
    } else found.push({ from: time, to: time, regime, minutes: 1, average: value, low: value, high: value });
  }
  const last = found.at(-1);
  if (last) last.to = minutes.at(-1)!.time + MINUTE_MS;
  return found;
}

/** Stretches of one volatility regime, oldest first, as the SQL function tells them. */
export function regimes(run: RunQuery, range: { from: number; to: number }): Promise<RegimeRow[]> {
  return run<RegimeRow>(
    `select from_time as "from", to_time as "to", regime, minutes, average, low, high
     from volatility_regime($1, $2)`,
    [at(range.from), at(range.to)],
  );
}
