import type { Clock } from '@tickscope/ingest/dist/src/clock.js';
import type { Database } from '@tickscope/ingest/dist/src/db/database.js';
import { createMetrics } from '@tickscope/ingest/dist/src/metrics.js';
import { alwaysOpen } from '@tickscope/ingest/dist/src/simulator/calendars.js';
import { createPipeline } from '@tickscope/ingest/dist/src/write/pipeline.js';
import { onEachServer, quiet, type Server } from './databases.js';
import { environmentNumber, rounded } from './environment.js';
import { benchInstruments, type EncodedFrame, encodeFrames, REALISTIC_MIX, stamp } from './frames.js';
import { CpuMeter, cpuSeconds } from './proc.js';
import type { BenchResult } from './result.js';
import { BENCH_BROKER, settle } from './world.js';

/** Few instruments with many ticks each, as a day has them: compression works on a thousand rows of one instrument. */
const INSTRUMENTS = 200;
/** One frame a second of the made-up time: each instrument is heard about once a second. */
const PACKETS_PER_FRAME = 200;
const SECONDS_BETWEEN_WAITS = 20;

/** 09:15 to 15:40 IST. */
const SESSION_SECONDS = 23_100;
const UNIVERSES = [500, 3000, 9000];
/** Packets an instrument and second over the session: a chain with its sleepy strikes, and an upper bound (all liquid). */
const RATES = { mixed: 0.3, liquid: 1 };

interface Bytes {
  readonly tick: number;
  readonly book: number;
}

/** Bytes that a tick and a book take with their indexes, as written and, on TimescaleDB, compressed. */
export async function storageBench(): Promise<BenchResult[]> {
  const packets = environmentNumber('BENCH_PACKETS', 240_000);
  const encoded = encodeFrames({
    instruments: INSTRUMENTS,
    packets,
    packetsPerFrame: PACKETS_PER_FRAME,
    mix: REALISTIC_MIX,
    seed: 1,
  });
  return onEachServer(async (server) => {
    const db = await server.create();
    const meter = new CpuMeter({ pipeline: () => cpuSeconds(process.pid), postgres: server.cpu });
    await play(db, encoded);
    const { rows } = await db.pool.query<{ ticks: number; books: number }>(
      'select (select count(*) from tick_data) as ticks, (select count(*) from depth_books) as books',
    );
    const counts = rows[0]!;
    const results = [result(server, 'as written', counts, await sizes(db, counts))];
    if (db.kind === 'timescale') {
      await db.pool.query(`select compress_chunk(c) from show_chunks('tick_data') c`);
      await db.pool.query(`select compress_chunk(c) from show_chunks('depth_books') c`);
      results.push(result(server, 'compressed', counts, await sizes(db, counts), results[0]));
    }
    await server.drop(db);
    return results.map((line) => ({ ...line, cpuSeconds: meter.used() }));
  });
}

function result(
  server: Server,
  state: string,
  counts: { ticks: number; books: number },
  bytes: Bytes,
  raw?: BenchResult,
): BenchResult {
  const booksPerTick = counts.books / counts.ticks;
  const perTick = bytes.tick + booksPerTick * bytes.book;
  const gbPerDay = Object.fromEntries(
    Object.entries(RATES).map(([name, rate]) => [
      `${name}: ${rate} packets/s an instrument`,
      Object.fromEntries(UNIVERSES.map((n) => [n, rounded((n * rate * SESSION_SECONDS * perTick) / 1e9, 2)])),
    ]),
  );
  return {
    bench: 'storage',
    variant: `${server.kind}, ${state}`,
    value: rounded(bytes.tick, 1),
    unit: 'bytes a tick, indexes included',
    ...(raw ? { peer: 'as written', peerValue: raw.value, ratio: rounded(bytes.tick / raw.value, 3) } : {}),
    database: server.label,
    bytesPerBook: rounded(bytes.book, 1),
    booksPerTick: rounded(booksPerTick),
    bytesPerTickWithItsBooks: rounded(perTick, 1),
    ...counts,
    sessionSeconds: SESSION_SECONDS,
    gbPerDay,
  };
}

async function sizes(db: Database, counts: { ticks: number; books: number }): Promise<Bytes> {
  const { rows } = await db.pool.query<{ tick: number; book: number }>(SIZES[db.kind]);
  return { tick: rows[0]!.tick / counts.ticks, book: rows[0]!.book / counts.books };
}

const SIZES: Record<Database['kind'], string> = {
  postgres: `
    select (select sum(pg_total_relation_size(relid)) from pg_partition_tree('tick_data'))::bigint as tick,
           (select sum(pg_total_relation_size(relid)) from pg_partition_tree('depth_books'))::bigint as book`,
  timescale: `select hypertable_size('tick_data') as tick, hypertable_size('depth_books') as book`,
};

/** Plays the frames into the pipeline, one a second of a clock that ends now. */
async function play(
  db: Database,
  encoded: { snapshots: EncodedFrame[]; frames: EncodedFrame[]; tokens: number[] },
): Promise<void> {
  const { snapshots, frames, tokens } = encoded;
  const { registry } = await settle(db, benchInstruments(INSTRUMENTS, 1), alwaysOpen());
  if (db.kind === 'postgres') {
    await db.pool.query(
      `select ensure_day_partition(t, ist_date(now()) - d)
       from unnest(array['tick_data', 'depth_books']) t cross join generate_series(0, 1) d`,
    );
  }
  let now = (Math.floor(Date.now() / 1000) - frames.length - 1) * 1000;
  const clock: Clock = { now: () => now };
  const pipeline = createPipeline({
    db,
    registry,
    calendar: alwaysOpen(),
    broker: BENCH_BROKER,
    clock,
    log: quiet,
    metrics: createMetrics(),
  });
  await pipeline.start();
  const lastTrade = new Uint32Array(tokens.length).fill(now / 1000 - 60);
  const send = (frame: EncodedFrame) => {
    stamp(frame, now / 1000, lastTrade);
    pipeline.sink.frame('kite-1', frame.bytes, now);
  };
  pipeline.sink.connected('kite-1', now, tokens);
  for (const frame of snapshots) send(frame);
  for (const [i, frame] of frames.entries()) {
    now += 1000;
    send(frame);
    if (i % SECONDS_BETWEEN_WAITS === 0) {
      do await new Promise((resolve) => setTimeout(resolve, 1));
      while (pipeline.stats().queueTicks > SECONDS_BETWEEN_WAITS * PACKETS_PER_FRAME);
    }
  }
  const lost = await pipeline.stop();
  const { dropped } = pipeline.stats();
  if (lost + dropped > 0)
    throw new Error(`${lost} ticks were lost, ${dropped} dropped: the sizes mean nothing.`);
}
