import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { Database } from '../../../ingest/src/db/database.js';
import { emptyFolder, freePort, Tickscope } from '../../../ingest/test/e2e/process.js';
import { BackEnd, goIsThere } from './back-end.js';
import { Prometheus, prometheusIsThere } from './prometheus.js';

const READY_WITHIN_MS = 60_000;
/** Enough for every stock, its future and two chains of options, and few enough to be seeded in seconds. */
const INSTRUMENTS = '400';

/** A running ingest on the simulator, what Grafana would ask, and a login that is a `tickscope_reader`. */
export interface Stack {
  readonly api: string;
  readonly reader: pg.Client;
  /** Undefined where the program is not installed; with CI set that is a failure. */
  readonly prometheus: Prometheus | undefined;
  readonly backEnd: BackEnd | undefined;
  readonly marketOpen: boolean;
  stop(): Promise<void>;
}

/** Starts everything on an empty database, and leaves a hole in what was heard by starting ingest twice. */
export async function startStack(db: Database): Promise<Stack> {
  for (const [program, there] of [
    ['prometheus', prometheusIsThere()],
    ['go', goIsThere()],
  ] as const) {
    if (there) continue;
    if (process.env['CI']) throw new Error(`${program} is not on the PATH`);
    console.warn(`${program} is not on the PATH: the dashboards' queries are NOT all tested.`);
  }
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
  let service = await serve();
  const backEnd = goIsThere() ? BackEnd.start(folder.path, api) : undefined;
  service.child.kill('SIGTERM');
  await service.exit;
  service = await serve();
  const prometheus = prometheusIsThere()
    ? await Prometheus.start(folder.path, await freePort(), `127.0.0.1:${port}`)
    : undefined;

  const login = `dashboards_${randomBytes(6).toString('hex')}`;
  await db.pool.query(`create role ${login} login password '${login}' in role tickscope_reader`);
  const url = new URL(db.url);
  url.username = login;
  url.password = login;
  const reader = new pg.Client({ connectionString: url.toString() });
  await reader.connect();
  const { marketOpen } = (await (await fetch(`${api}/api/status`)).json()) as { marketOpen: boolean };

  return {
    api,
    reader,
    prometheus,
    backEnd,
    marketOpen,
    async stop() {
      await backEnd?.stop();
      await prometheus?.stop();
      await reader.end();
      service.child.kill('SIGTERM');
      await service.exit;
      await db.pool.query(`drop role ${login}`);
      await folder.remove();
    },
  };
}

/**
 * What a quiet morning does not bring by itself: a spike of India VIX with its change of regime, and a judged day.
 * Waits for the engine's own minutes first, because it writes those that are not there.
 */
export async function addRareEvents(db: Database): Promise<void> {
  for (let tries = 0; ; tries++) {
    const { rowCount } = await db.pool.query(
      `update vix_data set value = 27, regime = 'HIGH'
       where time >= date_trunc('minute', now()) - interval '40 minutes'
         and time < date_trunc('minute', now()) - interval '30 minutes'`,
    );
    if ((rowCount ?? 0) > 0) break;
    if (tries > 60) throw new Error('the volatility engine has no minutes of the last hour');
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
  await db.pool.query(
    `insert into data_quality_metrics (instrument_token, trading_date, completeness, accuracy, source, quality)
     select token, ist_date(now()) - 1, 0.998, 0.995, 'broker', 'A' from instruments where segment = 'NSE' limit 5
     on conflict do nothing`,
  );
}
