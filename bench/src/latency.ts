import { Child } from './child.js';
import { onEachServer, type Server } from './databases.js';
import { environmentNumber, rounded } from './environment.js';
import type { Figures } from './receiver.js';
import type { BenchResult } from './result.js';
import { FrameSource, runStream } from './stream-run.js';

const TICKS_PER_SECOND = 10_000;
const DEPTH_MOVES_PER_SECOND = 1_000;
const PACKETS_PER_FRAME = 44;
const RSS_EVERY_MS = 250;

/**
 * A steady stream for a while: trades that leave the book as it is, and packets that move the book alone. How long
 * from receipt to committed, where the time goes, what CPU and memory it takes.
 */
export async function latencyBench(): Promise<BenchResult[]> {
  const seconds = environmentNumber('BENCH_SECONDS', 60);
  const perSecond = environmentNumber('BENCH_TICKS_PER_SECOND', TICKS_PER_SECOND);
  const depth = (perSecond / TICKS_PER_SECOND) * DEPTH_MOVES_PER_SECOND;
  const trades = perSecond / (perSecond + depth);
  const source = await FrameSource.start({
    instruments: environmentNumber('BENCH_INSTRUMENTS', 3000),
    packets: Math.ceil((seconds * (perSecond + depth)) / PACKETS_PER_FRAME) * PACKETS_PER_FRAME,
    packetsPerFrame: PACKETS_PER_FRAME,
    mix: { trades, tradesMovingBook: 0, depth: 1 - trades },
    seed: 1,
  });
  try {
    return await onEachServer(async (server) => [await measure(server, source, perSecond, depth, seconds)]);
  } finally {
    await source.stop();
  }
}

async function measure(
  server: Server,
  source: FrameSource,
  perSecond: number,
  depthPerSecond: number,
  seconds: number,
): Promise<BenchResult> {
  const db = await server.create();
  const receiver = new Child('receiver');
  const rss: number[] = [];
  let sampling: NodeJS.Timeout | undefined;
  try {
    const { packets } = source.ready;
    const order = { perSecond: perSecond + depthPerSecond, window: packets, packets };
    const run = await runStream(source, receiver, db, order, server.cpu, () => {
      receiver.send({ type: 'measure' });
      sampling = setInterval(() => rss.push(receiver.rss()), RSS_EVERY_MS);
    });
    clearInterval(sampling);
    const figures = await receiver.ask<Figures>({ type: 'report' }, 'figures');
    const { p50, p95, p99 } = figures.tickToCommit;
    return {
      bench: 'latency',
      variant: server.kind,
      value: p95,
      unit: 'ms from receipt to committed, p95',
      expect: 'p95 <= 100, p99 <= 250, rss <= 300 MiB and flat, classify < 1, depth < 2, insert < 50',
      database: server.label,
      p50,
      p95,
      p99,
      ticksPerSecond: perSecond,
      depthMovesPerSecond: depthPerSecond,
      seconds,
      flushes: figures.flushes,
      stagesMsPerFlush: figures.stages,
      senderLateMs: run.sent.lateMs,
      rssMiB: { start: rss[0], end: rss.at(-1), max: Math.max(...rss), slopePerMinute: slopePerMinute(rss) },
      cpuSeconds: run.cpu,
    };
  } finally {
    clearInterval(sampling);
    await receiver.stop();
    await server.drop(db);
  }
}

/** MiB a minute that the second half of the samples grows by (least squares): 0 when memory is flat. */
function slopePerMinute(samples: readonly number[]): number {
  const half = samples.slice(samples.length >> 1);
  const middle = (half.length - 1) / 2;
  const mean = half.reduce((sum, value) => sum + value, 0) / half.length;
  let up = 0;
  let down = 0;
  for (const [i, value] of half.entries()) {
    up += (i - middle) * (value - mean);
    down += (i - middle) ** 2;
  }
  return rounded(((up / down) * 60_000) / RSS_EVERY_MS, 1);
}
