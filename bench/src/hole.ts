import type { Clock } from '@tickscope/ingest/dist/src/clock.js';
import type { Database } from '@tickscope/ingest/dist/src/db/database.js';
import { isIndexToken } from '@tickscope/ingest/dist/src/instruments/instrument.js';
import { createMetrics } from '@tickscope/ingest/dist/src/metrics.js';
import { alwaysOpen } from '@tickscope/ingest/dist/src/simulator/calendars.js';
import type { SimulatedExchange } from '@tickscope/ingest/dist/src/simulator/exchange.js';
import {
  FULL_BYTES,
  frameOf,
  INDEX_FULL_BYTES,
  type PacketFields,
  writeFullPacket,
  writeIndexPacket,
} from '@tickscope/ingest/dist/src/simulator/packet.js';
import { createPipeline } from '@tickscope/ingest/dist/src/write/pipeline.js';
import { quiet } from './databases.js';
import { BENCH_BROKER, type World } from './world.js';

const FEED = 'kite-1';
const MINUTE_MS = 60_000;
const STEP_MS = 5_000;

export interface Hole {
  /** Epoch milliseconds of the disconnect and of the next connection. */
  readonly from: number;
  readonly to: number;
}

/** A hole of ten minutes that ended a while ago, long enough for the broker's minutes to be final. */
export function recentHole(now: number): Hole {
  const to = Math.floor(now / MINUTE_MS) * MINUTE_MS - 8 * MINUTE_MS;
  return { from: to - 10 * MINUTE_MS, to };
}

/**
 * Plays a feed into the real pipeline, on a clock of its own: some minutes of the exchange's packets, a disconnect,
 * and after the hole the snapshots of the next connection, which say what traded meanwhile, or (`quiet`) the same as
 * before.
 */
export async function playHole(
  db: Database,
  world: World,
  exchange: SimulatedExchange,
  tokens: readonly number[],
  hole: Hole,
  quietMarket: boolean,
): Promise<void> {
  let now = hole.from - 5 * MINUTE_MS;
  const clock: Clock = { now: () => now };
  const pipeline = createPipeline({
    db,
    registry: world.registry,
    calendar: alwaysOpen(),
    broker: BENCH_BROKER,
    clock,
    log: quiet,
    metrics: createMetrics(),
  });
  await pipeline.start();
  let sent = 0;
  let written = 0;
  pipeline.onCommit(({ ticks }) => {
    written += ticks;
  });
  /** Before the clock moves on: what is written minutes after its time is late, and says so. */
  const committed = async () => {
    while (written + pipeline.stats().duplicates < sent)
      await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const indices = tokens.filter(isIndexToken);
  const send = (of: readonly number[], stateAt: number) => {
    const second = Math.floor(now / 1000);
    sent += of.length;
    const fields = of.map((token) => ({ ...exchange.packetAt(token, stateAt), exchangeTime: second }));
    pipeline.sink.frame(FEED, frameOf(fields.map(bodyOf)), now);
  };
  const until = async (end: number, stateAt: (at: number) => number) => {
    for (; now < end; now += STEP_MS) {
      send(indices, stateAt(now));
      pipeline.sink.alive(FEED, now);
    }
  };

  pipeline.sink.connected(FEED, now, tokens);
  send(tokens, now);
  await committed();
  now += STEP_MS;
  await until(hole.from - STEP_MS, (at) => at);
  const before = now;
  send(tokens, before);
  pipeline.sink.disconnected(FEED, now, 'disconnect');
  await committed();

  now = hole.to;
  const stateAt = (at: number) => (quietMarket ? before : at);
  pipeline.sink.connected(FEED, now, tokens);
  send(tokens, stateAt(now));
  await committed();
  now += STEP_MS;
  await until(hole.to + 6 * MINUTE_MS, stateAt);
  await pipeline.stop();
}

function bodyOf(fields: PacketFields): Buffer {
  const index = isIndexToken(fields.token);
  const body = Buffer.alloc(index ? INDEX_FULL_BYTES : FULL_BYTES);
  if (index) writeIndexPacket(body, 0, fields);
  else writeFullPacket(body, 0, fields);
  return body;
}
