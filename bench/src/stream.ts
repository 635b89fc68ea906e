import { Child } from './child.js';
import { onEachServer, type Server } from './databases.js';
import { environmentNumber, rounded, sleep } from './environment.js';
import { CpuMeter } from './proc.js';
import type { BenchResult } from './result.js';
import type { Heard } from './stream-listeners.js';
import { FrameSource, runStream } from './stream-run.js';

const PACKETS_PER_FRAME = 44;
/** From the snapshots to the stream. */
const SETTLE_MS = 2_000;

interface Served {
  readonly sent: number;
  readonly conflated: number;
  readonly dropped: number;
}

/**
 * A steady feed and many listeners: from committed to received, against a plain server that makes every message for
 * every client.
 */
export async function streamBench(): Promise<BenchResult[]> {
  const seconds = environmentNumber('BENCH_SECONDS', 20);
  const perSecond = environmentNumber('BENCH_TICKS_PER_SECOND', 10_000);
  const source = await FrameSource.start({
    instruments: environmentNumber('BENCH_INSTRUMENTS', 3000),
    packets: Math.ceil((seconds * perSecond) / PACKETS_PER_FRAME) * PACKETS_PER_FRAME,
    packetsPerFrame: PACKETS_PER_FRAME,
    mix: { trades: 1, tradesMovingBook: 0, depth: 0 },
    seed: 1,
  });
  try {
    return await onEachServer(async (server) => [await measure(server, source, perSecond)]);
  } finally {
    await source.stop();
  }
}

async function measure(server: Server, source: FrameSource, perSecond: number): Promise<BenchResult> {
  const clients = environmentNumber('BENCH_CLIENTS', 1000);
  const each = environmentNumber('BENCH_EACH', 10);
  const ours = await listen(server, source, perSecond, clients, each, 'ours');
  const naive = await listen(server, source, perSecond, clients, each, 'naive');
  const rate = (heard: Heard) => Math.round(heard.messages / heard.seconds);
  return {
    bench: 'stream',
    variant: server.kind,
    value: ours.heard.all.p95,
    unit: 'ms from committed to received, p95',
    expect: 'p95 <= 50',
    peer: 'a plain ws server: JSON.stringify and send for every key and client',
    peerValue: naive.heard.all.p95,
    ratio: rounded(ours.heard.all.p95 / naive.heard.all.p95, 3),
    database: server.label,
    clients,
    instrumentsOfEach: each,
    ticksPerSecond: perSecond,
    seconds: rounded(ours.heard.seconds, 1),
    tick: ours.heard.tick,
    bar: ours.heard.bar,
    messagesPerSecond: rate(ours.heard),
    mebibytesPerSecond: rounded(ours.heard.bytes / ours.heard.seconds / 2 ** 20, 1),
    closed: ours.heard.closed,
    conflated: ours.served?.conflated,
    senderLateMs: ours.lateMs,
    peerFigures: { ...naive.heard.all, messagesPerSecond: rate(naive.heard), senderLateMs: naive.lateMs },
    cpuSeconds: ours.cpu,
    peerCpuSeconds: naive.cpu,
  };
}

async function listen(
  server: Server,
  source: FrameSource,
  perSecond: number,
  clients: number,
  each: number,
  fanOut: 'ours' | 'naive',
) {
  const db = await server.create();
  const streaming = new Child('stream-server', { env: { BENCH_FANOUT: fanOut } });
  const listeners = new Child('stream-listeners');
  try {
    const { tokens, packets } = source.ready;
    // Before the feed: it would take a long silence for a halt.
    const listened = streaming.next<{ url: string }>('listening').then(async ({ url }) => {
      await listeners.ask({ type: 'connect', url, clients, each, tokens }, 'connected');
      streaming.send({ type: 'go' });
    });
    listened.catch(() => undefined); // told below
    let meter: CpuMeter | undefined;
    const run = await runStream(
      source,
      streaming,
      db,
      { perSecond, window: packets, packets },
      server.cpu,
      async () => {
        await listened;
        await sleep(SETTLE_MS);
        listeners.send({ type: 'measure' });
        meter = new CpuMeter({ listeners: listeners.cpu });
      },
    );
    const heard = await listeners.ask<Heard>({ type: 'report' }, 'heard');
    const cpu: Record<string, number> = { ...run.cpu, ...meter?.used() };
    const served = fanOut === 'ours' ? await streaming.ask<Served>({ type: 'report' }, 'served') : undefined;
    return { heard, served, cpu, lateMs: run.sent.lateMs };
  } finally {
    await listeners.stop();
    await streaming.stop();
    await server.drop(db);
  }
}
