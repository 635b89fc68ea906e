import { at, type RunQuery } from './query.js';

/** A row of the gap ledger. Epoch milliseconds. */
export interface RepairRow {
  id: number;
  kind: string;
  token: number | null;
  feed: string | null;
  from: number;
  to: number | null;
  seconds: number | null;
  parts: number;
  cause: string;
  status: string;
  attempts: number;
  lastAttemptAt: number | null;
  recoveredAt: number | null;
  source: string | null;
  instruments: number;
  instrumentsLeft: number;
  instrumentsEmpty: number;
  instrumentsFailed: number;
  message: string | null;
}

const COLUMNS = `g.id, g.kind, g.instrument_token as token, nullif(g.feed, '') as feed, g.gap_start as "from", g.gap_end as "to",
       extract(epoch from g.duration)::float8 as seconds, g.parts, g.cause, g.status, g.attempts,
       g.last_attempt_at as "lastAttemptAt", g.recovered_at as "recoveredAt", g.source, g.instruments,
       g.instruments_left as "instrumentsLeft", g.instruments_empty as "instrumentsEmpty",
       g.instruments_failed as "instrumentsFailed", g.message`;

const REPAIRS = `
select ${COLUMNS}
from data_gaps g
where g.gap_start < $2 and coalesce(g.gap_end, 'infinity') > $1
  and ($3::bigint[] is null or g.instrument_token = any ($3)
    or g.kind = 'connection' and exists (select from feed_assignments a
      where a.token = any ($3) and a.feed = g.feed and a.assigned_at < coalesce(g.gap_end, 'infinity')
        and a.released_at > g.gap_start)
    or g.kind <> 'connection' and exists (select from data_gap_instruments c
      where c.gap_id = g.id and c.instrument_token = any ($3)))
order by g.gap_start desc, g.id desc limit $4`;

/** What the ledger knows of a range, newest first; of these instruments where some are named. */
export function repairs(
  run: RunQuery,
  tokens: readonly number[] | null,
  range: { from: number; to: number },
  limit: number,
): Promise<RepairRow[]> {
  return run<RepairRow>(REPAIRS, [at(range.from), at(range.to), tokens, limit]);
}

const REPAIR = `select ${COLUMNS} from data_gaps g where g.id = $1`;

/** One row; undefined when there is none. */
export async function repair(run: RunQuery, id: number): Promise<RepairRow | undefined> {
  return (await run<RepairRow>(REPAIR, [id]))[0];
}

export interface LackingRow {
  token: number;
  symbol: string;
  exchange: string;
  status: string;
  attempts: number;
  nextAttemptAt: number | null;
  message: string | null;
  missingSeconds: number;
}

const LACKING = `
select c.instrument_token as token, i.symbol, i.exchange, c.status, c.attempts, c.message,
       case when c.status = 'PENDING' and isfinite(c.next_attempt_at) then c.next_attempt_at end as "nextAttemptAt",
       (select coalesce(sum(extract(epoch from upper(m) - lower(m))), 0) from unnest(c.missing) m)::float8 as "missingSeconds"
from data_gap_instruments c join instruments i on i.token = c.instrument_token
where c.gap_id = $1
order by i.exchange, i.symbol limit $2`;

/** The instruments that still lack something in a row. */
export function lacking(run: RunQuery, id: number, limit: number): Promise<LackingRow[]> {
  return run<LackingRow>(LACKING, [id, limit]);
}
