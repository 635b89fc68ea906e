import { type Queryable, timestamp } from '../../candles/sql-clock.js';
import type { VixMinute, VixRow } from '../minute.js';

const at = (column: string) => `(extract(epoch from ${column}) * 1000)::float8`;

const DIFFERENT = `
select ${at('min(c.bucket)')} as time
from candles_1m c
left join vix_data v on v.time = c.bucket
where c.instrument_token = $1 and c.bucket >= $2 and c.bucket < $3
  and (v.mean_20m is null or v.published is null or v.regime is null
       or (v.open, v.high, v.low, v.close, v.value) is distinct from (c.open, c.high, c.low, c.close, c.close))`;

/** The first stored minute of `[from, to)` that has no row, or one that it no longer agrees with; undefined when all do. */
export async function firstDifference(
  db: Queryable,
  token: number,
  from: number,
  to: number,
): Promise<number | undefined> {
  const { rows } = await db.query<{ time: number | null }>(DIFFERENT, [
    token,
    timestamp(from),
    timestamp(to),
  ]);
  return rows[0]?.time ?? undefined;
}

const MINUTES = `
select ${at('bucket')} as time, open, high, low, close
from candles_1m
where instrument_token = $1 and bucket >= $2 and bucket < $3
order by bucket`;

/** The stored minutes of `[from, to)`, oldest first. */
export async function minutes(db: Queryable, token: number, from: number, to: number): Promise<VixMinute[]> {
  return (await db.query<VixMinute & object>(MINUTES, [token, timestamp(from), timestamp(to)])).rows;
}

const COLUMNS = `${at('time')} as time, value, change, open, high, low, close, trend, regime, mean_20m as mean, published`;

/** The rows of `[from, to)` that the rules can go on from, oldest first. */
export async function storedRows(db: Queryable, from: number, to: number): Promise<VixRow[]> {
  const { rows } = await db.query<VixRow & object>(
    `select ${COLUMNS} from vix_data
     where time >= $1 and time < $2 and mean_20m is not null and published is not null and regime is not null
     order by time`,
    [timestamp(from), timestamp(to)],
  );
  return rows;
}

/** The newest row there is. */
export async function newestRow(db: Queryable): Promise<VixRow | undefined> {
  const { rows } = await db.query<VixRow & object>(
    `select ${COLUMNS} from vix_data where mean_20m is not null and published is not null and regime is not null
     order by time desc limit 1`,
  );
  return rows[0];
}

/** The last row before `time` alone: what `published` and `change` go on from over a night. */
export async function rowBefore(db: Queryable, time: number): Promise<VixRow | undefined> {
  const { rows } = await db.query<VixRow & object>(
    `select ${COLUMNS} from vix_data
     where time < $1 and mean_20m is not null and published is not null and regime is not null
     order by time desc limit 1`,
    [timestamp(time)],
  );
  return rows[0];
}

const STORE = `
insert into vix_data as v (time, value, change, open, high, low, close, trend, regime, mean_20m, published)
select to_timestamp(r.ms / 1000), r.value, r.change, r.open, r.high, r.low, r.value, r.trend, r.regime, r.mean, r.published
from unnest($1::float8[], $2::float8[], $3::float8[], $4::float8[], $5::float8[], $6::float8[], $7::text[], $8::text[],
            $9::float8[], $10::float8[]) r (ms, value, change, open, high, low, trend, regime, mean, published)
on conflict (time) do update set
  value = excluded.value, change = excluded.change, open = excluded.open, high = excluded.high, low = excluded.low,
  close = excluded.close, trend = excluded.trend, regime = excluded.regime, mean_20m = excluded.mean_20m,
  published = excluded.published
where (v.value, v.change, v.open, v.high, v.low, v.close, v.trend, v.regime, v.mean_20m, v.published)
  is distinct from (excluded.value, excluded.change, excluded.open, excluded.high, excluded.low, excluded.close,
                    excluded.trend, excluded.regime, excluded.mean_20m, excluded.published)
returning ${at('v.time')} as time, xmax = 0 as inserted`;

/** Stores what differs. @returns the minutes that were written, and whether each is new. */
export async function storeRows(
  db: Queryable,
  rows: readonly VixRow[],
): Promise<Array<{ time: number; inserted: boolean }>> {
  const column = <T extends number | string | null>(of: (row: VixRow) => T) => rows.map(of);
  const result = await db.query<{ time: number; inserted: boolean }>(STORE, [
    column(({ time }) => time),
    column(({ value }) => value),
    column(({ change }) => change),
    column(({ open }) => open),
    column(({ high }) => high),
    column(({ low }) => low),
    column(({ trend }) => trend),
    column(({ regime }) => regime),
    column(({ mean }) => mean),
    column(({ published }) => published),
  ]);
  return result.rows;
}
