import { KiteBroker } from '@tickscope/ingest/dist/src/broker/kite.js';
import { createCandleService } from '@tickscope/ingest/dist/src/candles/candle-service.js';
import { systemClock } from '@tickscope/ingest/dist/src/clock.js';
import type { Database } from '@tickscope/ingest/dist/src/db/database.js';
import { isIndexToken } from '@tickscope/ingest/dist/src/instruments/instrument.js';
import { createMetrics } from '@tickscope/ingest/dist/src/metrics.js';
import { alwaysOpen } from '@tickscope/ingest/dist/src/simulator/calendars.js';
import { SimulatedExchange } from '@tickscope/ingest/dist/src/simulator/exchange.js';
import { Child } from './child.js';
import { quiet as log, onEachServer, type Server } from './databases.js';
import { environmentNumber, rounded } from './environment.js';
import { type Hole, playHole, recentHole } from './hole.js';
import { CpuMeter, cpuSeconds } from './proc.js';
import type { BenchResult } from './result.js';
import { settle, type World } from './world.js';

const ASKED_BY_THE_ISSUE = 500;
const PER_SECOND = 3;
const SEED = 1;
/** How many are listed for each that has traded in the hole: sleepy strikes have not. */
const LISTED_PER_TRADED = 4;
const MARGIN_MS = 60_000;

interface Counts {
  readonly requests: number;
  readonly refused: number;
  readonly mostInWindow: number;
}

/**
 * Many instruments with the same ten-minute hole, all asked for at once, against a broker that allows three requests
 * a second: the limiter's bound against the time it took. And the same hole in which nothing traded: no request.
 */
export async function healBench(): Promise<BenchResult[]> {
  const wanted = environmentNumber('BENCH_INSTRUMENTS', 100);
  const hole = recentHole(Date.now());
  const instruments = Math.min(9000, Math.max(200, wanted * LISTED_PER_TRADED));
  const exchange = SimulatedExchange.simulate({
    calendar: alwaysOpen(),
    seed: SEED,
    instruments,
    now: Date.now(),
  });
  const tokens = tradedIn(exchange, hole).slice(0, wanted);
  const carried = [...exchange.instruments.map((i) => i.token).filter(isIndexToken), ...tokens];
  return onEachServer(async (server) => {
    const child = new Child('exchange');
    try {
      const order = { instruments, seed: SEED, historicalPerSecond: PER_SECOND };
      const { url } = await child.ask<{ url: string }>({ type: 'start', ...order }, 'open');
      const results: BenchResult[] = [];
      for (const quiet of [true, false]) {
        const db = await server.create();
        const world = await settle(db, exchange.instruments, alwaysOpen());
        await playHole(db, world, exchange, carried, hole, quiet);
        results.push(await heal(server, db, world, child, url, tokens, hole, quiet));
        await server.drop(db);
      }
      return results;
    } finally {
      await child.stop();
    }
  });
}

/** Tokens that have another cumulative volume after the hole than before it. */
function tradedIn(exchange: SimulatedExchange, hole: Hole): number[] {
  return exchange.instruments
    .map(({ token }) => token)
    .filter((token) => !isIndexToken(token))
    .filter((token) => exchange.packetAt(token, hole.from).volume < exchange.packetAt(token, hole.to).volume);
}

async function heal(
  server: Server,
  db: Database,
  world: World,
  exchange: Child,
  url: string,
  tokens: readonly number[],
  hole: Hole,
  quiet: boolean,
): Promise<BenchResult> {
  const clock = systemClock;
  const broker = new KiteBroker({ apiKey: 'bench', accessToken: 'bench', root: url, clock, log });
  const service = createCandleService({
    db,
    broker,
    calendar: alwaysOpen(),
    sessions: world.sessions,
    clock,
    log,
    metrics: createMetrics(),
    config: { settleSeconds: 120, healAsMinutesDays: 7, daySettleMinutes: 0 },
  });
  const before = await requestsAt(url);
  const meter = new CpuMeter({
    candles: () => cpuSeconds(process.pid),
    exchange: exchange.cpu,
    postgres: server.cpu,
  });
  const began = performance.now();
  const answers = await Promise.all(
    tokens.map((token) =>
      service.candles({
        instrument: world.registry.byToken(token)!,
        interval: '1m',
        from: hole.from - MARGIN_MS,
        to: hole.to + MARGIN_MS,
        waitMs: 600_000,
      }),
    ),
  );
  const seconds = (performance.now() - began) / 1000;
  const cpu = meter.used();
  const after = await requestsAt(url);
  await broker.close();
  await service.stop();
  const requests = after.requests - before.requests;
  const shared = {
    bench: 'heal',
    database: server.label,
    instruments: tokens.length,
    ...(tokens.length < ASKED_BY_THE_ISSUE
      ? { note: `the issue asks for ${ASKED_BY_THE_ISSUE}: BENCH_INSTRUMENTS=${ASKED_BY_THE_ISSUE}` }
      : {}),
    gapsLeft: answers.reduce((sum, answer) => sum + answer.gaps.length, 0),
    warnings: [...new Set(answers.flatMap((answer) => answer.warnings))].slice(0, 3),
    candlesFetched: answers.reduce((sum, answer) => sum + answer.backfilled, 0),
    requests,
    cpuSeconds: cpu,
  };
  if (quiet) {
    return {
      ...shared,
      variant: `${server.kind}, nothing traded`,
      value: requests,
      unit: 'requests',
      expect: '0',
      seconds: rounded(seconds),
    };
  }
  // Three at once, then three more after each second: the earliest at which the last request may arrive.
  const bound = Math.floor((requests - 1) / PER_SECOND);
  return {
    ...shared,
    variant: `${server.kind}, traded`,
    value: rounded(seconds),
    unit: 's until all are healed',
    peer: `the bound of ${PER_SECOND} requests a second`,
    peerValue: bound,
    ratio: rounded(bound / seconds, 3),
    expect: '>= 0.95, refused = 0, most in a second <= 3',
    refused: after.refused - before.refused,
    mostInOneSecond: after.mostInWindow,
  };
}

/** As the exchange counted them: arrivals, refusals, and the most within its window. */
async function requestsAt(url: string): Promise<Counts> {
  const answer = (await (await fetch(`${url}/simulator/sent`)).json()) as {
    requests: { historical?: Counts };
  };
  return answer.requests.historical ?? { requests: 0, refused: 0, mostInWindow: 0 };
}
