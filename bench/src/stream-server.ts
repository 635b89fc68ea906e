import type { AddressInfo } from 'node:net';
import { createApi } from '@tickscope/ingest/dist/src/api/server.js';
import { systemClock } from '@tickscope/ingest/dist/src/clock.js';
import type { InstrumentRegistry } from '@tickscope/ingest/dist/src/instruments/registry.js';
import { createMetrics, type Metrics } from '@tickscope/ingest/dist/src/metrics.js';
import type { Pipeline } from '@tickscope/ingest/dist/src/write/pipeline.js';
import { type WebSocket, WebSocketServer } from 'ws';
import { serveParent, tellParent } from './child.js';
import { quiet } from './databases.js';
import { idleServices } from './idle-services.js';
import { type Recording, type RecordingStart, record } from './recording.js';
import { BENCH_BROKER } from './world.js';

/*
 * The streaming side, a process of its own: feed, pipeline and either the API with its stream or, with
 * BENCH_FANOUT=naive, a plain `ws` server that makes a message of every key for every client. Messages: `start` ->
 * `listening`; `go` connects the feed, then `committed` after every commit; `report` -> `served`.
 */

async function start(options: RecordingStart) {
  const metrics = createMetrics();
  const recording = await record(options, metrics);
  const { pipeline, registry } = recording;
  const naive = process.env['BENCH_FANOUT'] === 'naive';
  const listening = naive ? await naiveServer(pipeline, registry) : await ours(recording, metrics);
  tellParent({ type: 'listening', url: listening.url });
  return {
    go: recording.go,
    report: async () => {
      const value = async (metric: { get(): Promise<{ values: Array<{ value: number }> }> }) =>
        (await metric.get()).values.reduce((sum, one) => sum + one.value, 0);
      return {
        sent: await value(metrics.streamMessages),
        conflated: await value(metrics.streamConflated),
        dropped: await value(metrics.streamDropped),
      };
    },
    stop: async () => {
      await listening.stop();
      await recording.stop();
    },
  };
}

async function ours({ db, registry, pipeline }: Recording, metrics: Metrics) {
  const api = await createApi({
    config: { host: '127.0.0.1', port: 0, corsOrigins: [] },
    services: {
      ...idleServices,
      broker: BENCH_BROKER,
      db,
      commits: pipeline,
      instruments: registry,
      marketOpen: () => true,
      clock: systemClock,
      metrics,
      log: quiet,
    },
  });
  return { url: await api.start(), stop: () => api.stop() };
}

/** What one writes first: after a commit, for every instrument that moved, for every client: stringify and send. */
async function naiveServer(pipeline: Pipeline, registry: InstrumentRegistry) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => server.once('listening', resolve));
  const wanted = new Map<number, Set<WebSocket>>();
  const message = (type: string, token: number, committedAt: number | null) => {
    const { exchange, symbol } = registry.byToken(token)!;
    const at = committedAt === null ? null : new Date(committedAt).toISOString();
    const { bids: _bids, asks: _asks, ...data } = pipeline.latest(token) ?? { bids: [], asks: [] };
    return JSON.stringify({ type, symbol: `${exchange}:${symbol}`, token, committedAt: at, data });
  };
  server.on('connection', (socket) => {
    socket.on('error', () => undefined);
    socket.on('message', (text) => {
      const { symbols } = JSON.parse(String(text)) as { symbols: string[] };
      for (const token of symbols.map(Number)) {
        const clients = wanted.get(token) ?? new Set();
        wanted.set(token, clients.add(socket));
        for (const type of ['tick', 'bar']) socket.send(message(type, token, null));
      }
    });
  });
  pipeline.onCommit((commit) => {
    const moved = new Set<number>();
    for (const batch of commit.batches ?? []) {
      for (let row = 0; row < batch.length; row++) {
        if (batch.flags[row]! & 1) moved.add(commit.slots.token[batch.slot[row]!]!);
      }
    }
    for (const token of moved) {
      for (const socket of wanted.get(token) ?? []) {
        for (const type of ['tick', 'bar']) socket.send(message(type, token, commit.committedAt));
      }
    }
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}

function main(): void {
  let running: Awaited<ReturnType<typeof start>> | undefined;
  serveParent({
    start: async (message) => {
      running = await start(message as unknown as RecordingStart);
    },
    go: () => running!.go(),
    report: async () => tellParent({ type: 'served', ...(await running!.report()) }),
  });
  process.once('SIGTERM', () => {
    Promise.resolve(running?.stop()).finally(() => process.exit(0));
  });
}
main();
