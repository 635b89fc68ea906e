import { BrokerError } from '../broker/broker.js';
import type { Config } from '../config/config.js';
import type { Database } from '../db/database.js';
import { schemaState } from '../db/migrate.js';
import { recordedOrigin } from '../db/origin.js';
import { readFailedPolicies } from '../db/stand-in.js';
import { holderOf } from '../db/writer-lock.js';
import type { Calendar } from '../sessions/calendar.js';
import { dateToDayNumber, istDate, istDayNumber } from '../sessions/ist.js';
import { diskSpace } from './disk-space.js';

/** One thing looked at: what was found and, unless it is ok, what to do. */
export type Finding = { readonly what: string; readonly found: string } & (
  | { readonly verdict: 'ok' }
  /** `broken` keeps Tickscope from working, `attention` will, or narrows it. */
  | { readonly verdict: 'attention' | 'broken'; readonly todo: string }
);

const GIBIBYTE = 1024 ** 3;
const LITTLE_DISK_BYTES = 5 * GIBIBYTE;
const NO_DISK_BYTES = GIBIBYTE / 2;
const SKEW_MS = 2_000;
const BAD_SKEW_MS = 30_000;
const LATE_AGGREGATE_MS = 6 * 3_600_000;
const CALENDAR_DAYS = 14;
const HTTP_TIMEOUT_MS = 5_000;

export async function databaseFindings(db: Database, where: string, origin: string): Promise<Finding[]> {
  const { rows } = await db.pool.query<{ version: string; now: Date }>(
    `select current_setting('server_version') as version, clock_timestamp() as now`,
  );
  const { version, now } = rows[0]!;
  const findings: Finding[] = [{ what: 'database', verdict: 'ok', found: `${where}, server ${version}` }];
  const skew = Math.abs(now.getTime() - Date.now());
  findings.push(skewFinding('database clock', skew));
  const schema = await schemaFinding(db);
  findings.push(schema);
  if (schema.verdict !== 'ok') return findings;
  findings.push(originFinding(await recordedOrigin(db), origin), await writerFinding(db));
  findings.push(...(await aggregateFindings(db)));
  return findings;
}

async function schemaFinding(db: Database): Promise<Finding> {
  const what = 'schema';
  const { missing, unknown } = await schemaState(db);
  if (unknown.length > 0) {
    return {
      what,
      verdict: 'broken',
      found: `made by a newer Tickscope, which added ${unknown.join(', ')}`,
      todo: 'start that version or a later one',
    };
  }
  if (missing.length > 0) {
    return {
      what,
      verdict: 'attention',
      found: `${missing.length} steps behind`,
      todo: 'take a backup, then run `tickscope migrate`, or start: it migrates by itself',
    };
  }
  return { what, verdict: 'ok', found: 'up to date' };
}

async function writerFinding(db: Database): Promise<Finding> {
  const holder = await holderOf(db);
  const found = holder
    ? `process ${holder.pid} on ${holder.host} writes, since ${holder.since}`
    : 'nobody writes now';
  return { what: 'writer', verdict: 'ok', found };
}

function originFinding(recorded: string | undefined, wanted: string): Finding {
  if (recorded === undefined) return { what: 'origin', verdict: 'ok', found: 'not used yet' };
  if (recorded === wanted) return { what: 'origin', verdict: 'ok', found: recorded };
  return {
    what: 'origin',
    verdict: 'broken',
    found: `the database holds ${recorded}, the configuration brings ${wanted}`,
    todo: 'set DATABASE_URL to another database, or the broker and seed that made this one',
  };
}

/** Watermarks that stand still while ticks come, and on TimescaleDB jobs whose last run failed. */
async function aggregateFindings(db: Database): Promise<Finding[]> {
  const { rows } = await db.pool.query<{ view: string; late: boolean }>(
    // A view without a whole bucket yet has no watermark; until then its age is the database's.
    `select view, greatest(watermark, (select min(first_seen) from instruments))
               < (select max(time) from quotes_latest) - $1 * interval '1 millisecond'
             - case when view like '%1d' then interval '2 days' else interval '0' end as late
     from aggregate_watermarks where exists (select from quotes_latest)`,
    [LATE_AGGREGATE_MS],
  );
  const late = rows.filter((row) => row.late).map((row) => row.view);
  const findings: Finding[] = [
    late.length === 0
      ? { what: 'aggregates', verdict: 'ok', found: rows.length === 0 ? 'no ticks yet' : 'up to date' }
      : {
          what: 'aggregates',
          verdict: 'attention',
          found: `behind: ${late.join(', ')}`,
          todo: 'keep the service running, or run `tickscope aggregates refresh`',
        },
  ];
  if (db.kind === 'timescale') findings.push(await jobsFinding(db));
  return findings;
}

async function jobsFinding(db: Database): Promise<Finding> {
  const failed = await readFailedPolicies(db.pool);
  if (failed.length === 0) return { what: 'jobs', verdict: 'ok', found: 'none failed' };
  return {
    what: 'jobs',
    verdict: 'attention',
    found: failed
      .map(({ work, failures, message }) => `${work} failed ${failures} times: ${message}`)
      .join('; '),
    todo: 'keep the service running, which does their work meanwhile; timescaledb_information.job_errors says more',
  };
}

export function calendarFinding(calendar: Calendar, now: number): Finding {
  const days = dateToDayNumber(calendar.completeTo) - istDayNumber(now);
  const found = `${calendar.exchange} until ${calendar.completeTo}, today is ${istDate(now)}`;
  if (days > CALENDAR_DAYS) return { what: 'calendar', verdict: 'ok', found };
  return {
    what: 'calendar',
    verdict: 'attention',
    found: `${found}: ${Math.max(0, days)} days left`,
    todo: 'update Tickscope; later holidays are guessed by the usual week',
  };
}

export async function diskFinding(folder: string): Promise<Finding> {
  const { free } = await diskSpace(folder);
  const found = `${(free / GIBIBYTE).toFixed(1)} GiB free at ${folder}`;
  if (free >= LITTLE_DISK_BYTES) return { what: 'disk', verdict: 'ok', found };
  return {
    what: 'disk',
    verdict: free < NO_DISK_BYTES ? 'broken' : 'attention',
    found,
    todo: 'free space, or shorten RETENTION_TICKS_DAYS',
  };
}

/** Whether the broker lets us in. @param profile asks who is logged in. */
export async function brokerFinding(
  config: Config,
  profile: () => Promise<{ userId: string }>,
): Promise<Finding> {
  try {
    const { userId } = await profile();
    return { what: 'broker', verdict: 'ok', found: `${config.broker}, logged in as ${userId}` };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    const login =
      !(error instanceof BrokerError) || error.kind === 'login_needed' || error.kind === 'no_permission';
    return {
      what: 'broker',
      verdict: 'broken',
      found,
      todo: login ? 'run `tickscope login`, and check KITE_API_KEY' : 'try again; is the network there?',
    };
  }
}

/** Our clock against a server's `Date` header, which counts whole seconds. */
export async function clockFinding(url: string): Promise<Finding> {
  try {
    const response = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(HTTP_TIMEOUT_MS) });
    const date = Date.parse(response.headers.get('date') ?? '');
    if (Number.isNaN(date))
      return { what: 'clock', verdict: 'ok', found: 'the broker does not tell the time' };
    return skewFinding('clock', Math.max(0, Math.abs(date + 500 - Date.now()) - 500));
  } catch {
    return {
      what: 'clock',
      verdict: 'attention',
      found: `${url} does not answer, so the clock was not compared`,
      todo: 'check the network',
    };
  }
}

function skewFinding(what: string, skewMs: number): Finding {
  const found = `${(skewMs / 1000).toFixed(1)} s apart`;
  if (skewMs < SKEW_MS) return { what, verdict: 'ok', found };
  return {
    what,
    verdict: skewMs < BAD_SKEW_MS ? 'attention' : 'broken',
    found,
    todo: 'let the system clock be set by NTP',
  };
}

export async function grafanaFinding(url: string): Promise<Finding> {
  try {
    const response = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(HTTP_TIMEOUT_MS) });
    if (response.ok) return { what: 'grafana', verdict: 'ok', found: `answers at ${url}` };
    return {
      what: 'grafana',
      verdict: 'broken',
      found: `${url} answers ${response.status}`,
      todo: 'see Grafana’s log, and that GRAFANA_URL is its address',
    };
  } catch {
    return {
      what: 'grafana',
      verdict: 'broken',
      found: `nothing answers at ${url}`,
      todo: 'start Grafana, or unset GRAFANA_URL',
    };
  }
}
