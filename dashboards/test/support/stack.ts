import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Database } from '../../../ingest/src/db/database.js';
import { emptyFolder, freePort, Tickscope } from '../../../ingest/test/e2e/process.js';
import { BackEnd } from './back-end.js';
import { Prometheus } from './prometheus.js';

/** Seconds; minutes where other tests take the processor. */
const READY_WITHIN_MS = 120_000;
/** Enough for every stock, its future and two chains of options, and few enough to be seeded in seconds. */
const INSTRUMENTS = '400';
/** History is read in the background of the first start. */
const SEEDED_WITHIN_MS = 120_000;
const RAISED_MINUTES = 40;
const DROP = { kind: 'drop', seconds: 3 };

/** A running ingest on the simulator, what Grafana would ask, and a login that is a `tickscope_reader`. */
export interface Stack {
  readonly api: string;
  readonly reader: pg.Pool;
  /** Undefined where the program is not installed; with CI=true that is a failure. */
  readonly prometheus: Prometheus | undefined;
  readonly backEnd: BackEnd | undefined;
  readonly marketOpen: boolean;
  /** Cuts the feed for a moment. Holes are repaired soon after their minute: whoever asks for one makes a fresh one. */
  drop(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts everything on an empty database, and leaves holes in what was heard. */
export async function startStack(db: Database): Promise<Stack> {
  const [hasGo, hasPrometheus] = [isThere('go', 'version'), isThere('prometheus', '--version')];
  const folder = await emptyFolder();
  const port = await freePort();
  const api = `http://127.0.0.1:${port}`;
  const serve = async () => {
    const service = new Tickscope(['serve'], folder.path, {
      DATABASE_URL: db.url,
      TICKSCOPE_PORT: String(port),
      SIMULATOR_INSTRUMENTS: INSTRUMENTS,
    });
    await service.ready(`${api}/health/ready`, READY_WITHIN_MS);
    return service;
  };
  const first = await serve();
  try {
    await takeAgain(api);
    await raiseVolatility(db);
  } finally {
    first.child.kill('SIGTERM');
    await first.exit;
  }
  await addOldTick(db);
  const [service, backEnd, prometheus] = await Promise.all([
    serve(),
    hasGo ? BackEnd.start(folder.path, api) : undefined,
    hasPrometheus ? Prometheus.start(folder.path, await freePort(), `127.0.0.1:${port}`) : undefined,
  ]);
  await addJudgedDay(db);

  const login = `dashboards_${randomBytes(6).toString('hex')}`;
  await db.pool.query(`create role ${login} login password '${login}' in role tickscope_reader`);
  const url = new URL(db.url);
  url.username = login;
  url.password = login;
  const reader = new pg.Pool({ connectionString: url.toString(), max: 4 });
  const { marketOpen } = (await (await fetch(`${api}/api/status`)).json()) as { marketOpen: boolean };

  return {
    api,
    reader,
    prometheus,
    backEnd,
    marketOpen,
    drop: () => drop(service),
    async stop() {
      service.child.kill('SIGTERM');
      await Promise.all([backEnd?.stop(), prometheus?.stop(), reader.end(), service.exit]);
      await db.pool.query(`drop role ${login}`);
      await folder.remove();
    },
  };
}

async function drop(service: Tickscope): Promise<void> {
  const simulator = /simulator at (http:\/\/127\.0\.0\.1:\d+)/.exec(service.output)?.[1];
  await fetch(`${simulator}/simulator/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(DROP),
  });
}

/** Whether a program answers. With CI=true that it does not is a failure and not a reason to skip. */
function isThere(program: string, question: string): boolean {
  try {
    execFileSync(program, [question], { stdio: 'ignore' });
    return true;
  } catch {
    if (process.env['CI'] === 'true') throw new Error(`${program} is not on the PATH`);
    console.warn(`${program} is not on the PATH: the dashboards' queries are NOT all tested.`);
    return false;
  }
}

/** Gives an instrument back and takes it again: a hole of one instrument, which is repaired when its minute is over. */
async function takeAgain(api: string): Promise<void> {
  for (const method of ['POST', 'DELETE', 'POST']) {
    for (let tries = 1; ; tries++) {
      const response = await fetch(`${api}/api/subscriptions`, {
        method,
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ instruments: ['NSE:INFY'] }),
      });
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      if (response.ok) break;
      // A database that has no processor to itself may be late.
      const refused = `${method} /api/subscriptions answers ${response.status}: ${await response.text()}`;
      if (response.status !== 503 || tries === 10) throw new Error(refused);
    }
  }
}

/**
 * What a quiet morning does not bring by itself: India VIX far above its regime for a while some hours ago. The minutes
 * of history are raised and not what the engine derives from them, so that it finds spike and change of regime itself.
 */
async function raiseVolatility(db: Database): Promise<void> {
  for (const deadline = Date.now() + SEEDED_WITHIN_MS; ; ) {
    const { rowCount } = await db.pool.query(
      `with raised as (
         select c.instrument_token, c.interval, c.bucket from broker_candles c
         join instruments i on i.token = c.instrument_token
         where i.symbol = 'INDIA VIX' and c.interval = '1m' and c.bucket < now() - interval '4 hours'
         order by c.bucket desc limit ${RAISED_MINUTES}
       )
       update broker_candles c set open = 42, high = 42.5, low = 41.5, close = 42 from raised r
       where (c.instrument_token, c.interval, c.bucket) = (r.instrument_token, r.interval, r.bucket)`,
    );
    if (rowCount === RAISED_MINUTES) return;
    if (Date.now() > deadline) throw new Error(`only ${rowCount} minutes of India VIX are seeded`);
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
}

/** A tick of two hours ago: of what is younger than two minutes nothing is materialized, so that no lag is known. */
async function addOldTick(db: Database): Promise<void> {
  await db.pool.query(
    `insert into tick_data (time, seq, instrument_token, ltp, high, low, is_trade, in_session, time_source, broker, received_at)
     select time - interval '2 hours', seq, instrument_token, ltp, high, low, true, true, time_source, broker,
            received_at - interval '2 hours'
     from tick_data limit 1`,
  );
}

/** The findings of an end-of-day comparison, which comes hours after a close. */
async function addJudgedDay(db: Database): Promise<void> {
  await db.pool.query(
    `insert into data_quality_metrics (instrument_token, trading_date, completeness, accuracy, source, quality)
     select token, ist_date(now()) - 1, 0.998, 0.995, 'broker', 'excellent' from instruments
     where segment = 'NSE' limit 5
     on conflict do nothing`,
  );
}
