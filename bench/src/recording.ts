import { systemClock } from '@tickscope/ingest/dist/src/clock.js';
import { type Database, openDatabase } from '@tickscope/ingest/dist/src/db/database.js';
import type { DatabaseKind } from '@tickscope/ingest/dist/src/db/kind.js';
import { KiteFeed } from '@tickscope/ingest/dist/src/feed/kite/feed.js';
import type { InstrumentRegistry } from '@tickscope/ingest/dist/src/instruments/registry.js';
import type { Metrics } from '@tickscope/ingest/dist/src/metrics.js';
import { alwaysOpen } from '@tickscope/ingest/dist/src/simulator/calendars.js';
import { createPipeline, type Pipeline } from '@tickscope/ingest/dist/src/write/pipeline.js';
import { tellParent } from './child.js';
import { quiet } from './databases.js';
import { benchInstruments } from './frames.js';
import { BENCH_BROKER, settle } from './world.js';

/** What a process that records is started with: the simulator's socket, and a database that is its own. */
export interface RecordingStart {
  readonly url: string;
  readonly databaseUrl: string;
  readonly kind: DatabaseKind;
  readonly tokens: readonly number[];
}

/** From the broker's socket to the database, as `serve` composes it, with the settings that it has by default. */
export interface Recording {
  readonly db: Database;
  readonly registry: InstrumentRegistry;
  readonly pipeline: Pipeline;
  /** Connects and subscribes. */
  go(): void;
  stop(): Promise<void>;
}

/** Tells the parent `committed` after every commit, and `failed` once a tick was dropped. */
export async function record(
  { url, databaseUrl, kind, tokens }: RecordingStart,
  metrics: Metrics,
): Promise<Recording> {
  const db = await openDatabase({ url: databaseUrl, log: quiet, kind });
  const calendar = alwaysOpen();
  const { registry } = await settle(db, benchInstruments(tokens.length, 1), calendar);
  if (kind === 'postgres') {
    await db.pool.query(
      `select ensure_day_partition(t, ist_date(now())) from unnest(array['tick_data', 'depth_books']) t`,
    );
  }
  const pipeline = createPipeline({
    db,
    registry,
    calendar,
    broker: BENCH_BROKER,
    clock: systemClock,
    log: quiet,
    metrics,
  });
  let received = 0;
  pipeline.onCommit((commit) => {
    received += commit.ticks;
    const { duplicates, dropped } = pipeline.stats();
    if (dropped > 0) {
      tellParent({ type: 'failed', message: `${dropped} ticks were dropped: the run is not valid.` });
    } else tellParent({ type: 'committed', packets: received + duplicates, at: commit.committedAt });
  });
  await pipeline.start();
  const feed = new KiteFeed({
    url,
    apiKey: 'bench',
    accessToken: 'bench',
    sink: pipeline.sink,
    clock: systemClock,
    log: quiet,
    inSession: () => true,
  });
  return {
    db,
    registry,
    pipeline,
    go: () => {
      feed.setInstruments(tokens);
      feed.start();
    },
    stop: async () => {
      feed.stop();
      await pipeline.stop();
      await db.close();
    },
  };
}
