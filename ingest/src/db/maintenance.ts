import type pg from 'pg';
import type { Logger } from 'pino';
import type { Clock } from '../clock.js';
import type { Retention } from '../config/retention.js';
import type { Metrics } from '../metrics.js';
import { readWatermarks, rollForward } from './aggregates.js';
import type { Database } from './database.js';
import { refreshLate, refreshLateDays } from './late.js';
import { makePartitionsAhead } from './partitions.js';
import { applyCompression, dropExpired } from './retention.js';
import { readSizes } from './sizes.js';
import { compressAged, type FailedPolicy, readFailedPolicies, refreshForward } from './stand-in.js';

const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** Wide rows that wait longer are looked at hourly only. */
const FRESH_MERGES_DAYS = 3;

export interface MaintenanceOptions {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly retention: Retention;
}

/** The one worker that keeps a database in shape. */
export interface Maintenance {
  /** The first pass is over: partitions are made and the aggregates have caught up. */
  readonly caughtUp: Promise<void>;
  /** Does everything that is due now, once. For tests and for the CLI. */
  pass(): Promise<void>;
  /** Ends after the duty at hand, which is given a second and is done again at the next start. Safe to call twice. */
  stop(): Promise<void>;
}

interface Duty {
  readonly name: string;
  readonly everyMs: number;
  /** `client` is the worker's own connection, `now` epoch milliseconds. */
  run(client: pg.Client, now: number): Promise<void>;
  due: number;
}

/**
 * Makes partitions and catches the aggregates up, then goes on by itself: late ticks every 3 s (days
 * every 3 min), on plain PostgreSQL the rollups, pending merges, retention, sizes and lags. One duty at a time on one
 * connection, so that no two refreshes meet; a duty that fails is logged and tried again when it is next due.
 */
export function startMaintenance(options: MaintenanceOptions): Maintenance {
  const { db, clock, log, metrics } = options;
  const duties = dutiesOf(options);
  let client: pg.Client | undefined;
  let stopped = false;
  let working: Promise<void> = Promise.resolve();

  const connection = async (): Promise<pg.Client> => {
    if (client) return client;
    const fresh = await db.connect('tickscope maintenance');
    const forget = () => {
      if (client === fresh) client = undefined;
    };
    fresh.on('end', forget);
    fresh.on('error', forget);
    client = fresh;
    return fresh;
  };
  const doDue = async (): Promise<void> => {
    for (const duty of duties) {
      const now = clock.now();
      if (stopped || now < duty.due) continue;
      duty.due = now + duty.everyMs;
      try {
        await duty.run(await connection(), now);
        metrics.dbUp.set(1);
      } catch (error) {
        if (stopped) return;
        if (!client) metrics.dbUp.set(0);
        duty.due = now + Math.min(duty.everyMs, MINUTE_MS);
        log.warn({ err: error, duty: duty.name }, `maintenance: ${duty.name} failed, will try again`);
      }
    }
  };
  const pass = () => {
    working = working.then(doDue);
    return working;
  };

  const caughtUp = pass();
  const timer = setInterval(() => void pass(), SECOND_MS);
  return {
    caughtUp,
    pass,
    async stop() {
      stopped = true;
      clearInterval(timer);
      await orCancel(db, working, client);
      const last = client;
      client = undefined;
      await last?.end();
    },
  };
}

/** Each duty is a transaction or can be begun again, so what takes long of it may be cancelled, statement by statement. */
async function orCancel(db: Database, working: Promise<void>, client: pg.Client | undefined): Promise<void> {
  const { processID } = (client ?? {}) as { processID?: number };
  const cancel = setInterval(() => {
    db.pool.query('select pg_cancel_backend($1)', [processID]).catch(() => undefined);
  }, SECOND_MS);
  if (processID === undefined) clearInterval(cancel);
  await working;
  clearInterval(cancel);
}

function dutiesOf({ db, log, metrics, retention }: MaintenanceOptions): Duty[] {
  const { kind } = db;
  let compressed = false;
  /** Policies whose failure is in the log already. */
  const told = new Set<FailedPolicy['work']>();
  const duty = (name: string, everyMs: number, run: Duty['run']): Duty => ({ name, everyMs, run, due: 0 });
  const plain = kind === 'postgres';
  return [
    duty('health', 5 * SECOND_MS, async (client) => {
      await client.query('select 1');
    }),
    ...(plain
      ? [
          duty('partitions', HOUR_MS, async (client, now) => {
            const made = await makePartitionsAhead(client, now);
            if (made > 0) log.debug({ made }, 'made daily partitions');
          }),
          duty('rollups', 15 * SECOND_MS, rollForward),
        ]
      : [
          // What was written before the database stopped may lie beyond the policies' look back.
          duty('catch up', Number.POSITIVE_INFINITY, refreshForward),
          duty('stand in for failed policies', MINUTE_MS, async (client, now) => {
            const failed = await readFailedPolicies(client);
            for (const { work, failures, message } of failed) {
              if (!told.has(work)) {
                log.warn(
                  { work, failures, message },
                  'a policy of TimescaleDB fails: doing its work from here',
                );
              }
              told.add(work);
              if (work === 'refresh') await refreshForward(client, now);
              else await compressAged(client, retention, now);
            }
            for (const work of told) if (!failed.some((policy) => policy.work === work)) told.delete(work);
          }),
        ]),
    duty('late ticks', 3 * SECOND_MS, async (client) => {
      const cleared = await refreshLate(client, kind);
      if (cleared > 0) log.debug({ cleared }, 'refreshed late ranges');
    }),
    duty('late days', 3 * MINUTE_MS, (client) => refreshLateDays(client, kind)),
    // Before what may take a minute after a first start, when days of history wait for their merge.
    duty('lag', 15 * SECOND_MS, async (client, now) => {
      for (const [view, watermark] of await readWatermarks(client)) {
        // Nothing is materialized yet: TimescaleDB says 4714 BC then, plain PostgreSQL -infinity.
        if (watermark > 0) metrics.aggregateLag.set({ view }, (now - watermark) / SECOND_MS);
      }
    }),
    duty('sizes', 5 * MINUTE_MS, async (client) => {
      for (const { relation, bytes } of await readSizes(client, kind))
        metrics.dbBytes.set({ relation }, bytes);
    }),
    duty('fresh merges', 30 * SECOND_MS, async (client) => {
      await client.query(`select store_merged_candles(null, now() - make_interval(days => $1), 'infinity')`, [
        FRESH_MERGES_DAYS,
      ]);
    }),
    duty('old merges', HOUR_MS, async (client) => {
      await client.query(`select store_merged_candles(null, '-infinity', 'infinity')`);
    }),
    duty('retention', HOUR_MS, async (client, now) => {
      if (!compressed) await applyCompression(client, kind, retention);
      compressed = true;
      const dropped = await dropExpired(client, kind, retention, now);
      if (dropped.length > 0) log.info({ dropped }, 'dropped what is past its age');
    }),
  ];
}
