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

/** INDIA VIX a minute as the volatility engine stored it, oldest first. */
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

export interface CurrentVixRow {
  time: number;
  value: number;
  trend: string | null;
  regime: string | null;
  mean20: number | null;
  open: number | null;
  high: number | null;
  low: number | null;
  previousClose: number | null;
  /** 0 to 100: how many values of the year (each day's close, and now) are at or below the value of now. */
  percentileYear: number | null;
}

// A year of days as 1d candles have them; the day of the newest minute counts with its value of now.
const CURRENT = `
select v.time, v.value, v.trend, coalesce(v.regime, vix_regime(v.value)) as regime, v.mean_20m as mean20,
       d.open, d.high, d.low, coalesce(d.previous_close, y.previous) as "previousClose",
       (100.0 * (y.below + 1) / (y.days + 1))::double precision as "percentileYear"
from (select * from vix_data order by time desc limit 1) v
left join day_state d on d.instrument_token = $1 and d.trading_date = ist_date(v.time)
cross join lateral (
  select count(*) as days, count(*) filter (where c.close <= v.value) as below,
         (array_agg(c.close order by c.bucket desc))[1] as previous
  from candles_1d c
  where c.instrument_token = $1 and c.bucket >= ist_midnight(ist_date(v.time) - 365) and c.bucket < ist_midnight(ist_date(v.time))
) y`;

/** INDIA VIX by its newest stored minute; undefined before the first. */
export async function currentVix(run: RunQuery, token: number): Promise<CurrentVixRow | undefined> {
  return (await run<CurrentVixRow>(CURRENT, [token]))[0];
}
