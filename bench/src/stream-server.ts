import type { AddressInfo } from 'node:net';
import { createApi } from '@tickscope/ingest/dist/src/api/server.js';
import { systemClock } from '@tickscope/ingest/dist/src/clock.js';
import { openDatabase } from '@tickscope/ingest/dist/src/db/database.js';
import type { DatabaseKind } from '@tickscope/ingest/dist/src/db/kind.js';
import { KiteFeed } from '@tickscope/ingest/dist/src/feed/kite/feed.js';
import type { InstrumentRegistry } from '@tickscope/ingest/dist/src/instruments/registry.js';
import { createMetrics } from '@tickscope/ingest/dist/src/metrics.js';
import { alwaysOpen } from '@tickscope/ingest/dist/src/simulator/calendars.js';
import { createPipeline, type Pipeline } from '@tickscope/ingest/dist/src/write/pipeline.js';
import { type WebSocket, WebSocketServer } from 'ws';
import { serveParent, tellParent } from './child.js';
import { quiet } from './databases.js';
import { benchInstruments } from './frames.js';
import { BENCH_BROKER, settle } from './world.js';

/*
 * The streaming side, a process of its own: feed, pipeline and either the API with its stream or, with
 * BENCH_FANOUT=naive, a plain `ws` server that makes a message of every key for every client. Messages: `start` ->
 * `listening`; `go` connects the feed, then `committed` after every commit; `report` -> `served`.
 */

interface Start {
  readonly url: string;
  readonly databaseUrl: string;
  readonly kind: DatabaseKind;
  readonly tokens: readonly number[];
}

async function start({ url, databaseUrl, kind, tokens }: Start) {
  const db = await openDatabase({ url: databaseUrl, log: quiet, kind });
  const calendar = alwaysOpen();
  const { registry } = await settle(db, benchInstruments(tokens.length, 1), calendar);
  if (kind === 'postgres') {
    await db.pool.query(
      `select ensure_day_partition(t, ist_date(now())) from unnest(array['tick_data', 'depth_books']) t`,
    );
  }
  const metrics = createMetrics();
  const clock = systemClock;
  const pipeline = createPipeline({
    db,
    registry,
    calendar,
    broker: BENCH_BROKER,
    clock,
    log: quiet,
    metrics,
  });
  await pipeline.start();
  const naive = process.env['BENCH_FANOUT'] === 'naive';
  const listening = naive ? await naiveServer(pipeline, registry) : await ours();
  const feed = new KiteFeed({
    url,
    apiKey: 'bench',
    accessToken: 'bench',
    sink: pipeline.sink,
    clock,
    log: quiet,
    inSession: () => true,
  });
  let received = 0;
  pipeline.onCommit((commit) => {
    received += commit.ticks;
    const { duplicates, dropped } = pipeline.stats();
    if (dropped > 0) {
      tellParent({ type: 'failed', message: `${dropped} ticks were dropped: the run is not valid.` });
    } else tellParent({ type: 'committed', packets: received + duplicates, at: commit.committedAt });
  });
  tellParent({ type: 'listening', url: listening.url });
  return {
    go: () => {
      feed.setInstruments(tokens);
      feed.start();
    },
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
      feed.stop();
      await listening.stop();
      await pipeline.stop();
      await db.close();
    },
  };

  async function ours() {
    const refuse = () => Promise.reject(new Error('not part of this bench'));
    const api = await createApi({
      config: { host: '127.0.0.1', port: 0, corsOrigins: [] },
      services: {
        origin: 'simulator:1',
        version: 'bench',
        broker: BENCH_BROKER,
        db,
        candles: { candles: refuse, candlesBatch: refuse },
        commits: pipeline,
        instruments: registry,
        instrumentSync: { sync: refuse },
        subscriptions: { capacity: 0, current: () => [], subscribe: refuse, unsubscribe: refuse },
        session: { login: refuse },
        repairs: { retry: refuse },
        feeds: () => [],
        marketOpen: () => true,
        seeding: () => null,
        warnings: () => [],
        clock,
        metrics,
        log: quiet,
      },
    });
    return { url: await api.start(), stop: () => api.stop() };
  }
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
      running = await start(message as unknown as Start);
    },
    go: () => running!.go(),
    report: async () => tellParent({ type: 'served', ...(await running!.report()) }),
  });
  process.once('SIGTERM', () => {
    Promise.resolve(running?.stop()).finally(() => process.exit(0));
  });
}
main();
