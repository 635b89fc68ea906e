import type { Database } from '@tickscope/ingest/dist/src/db/database.js';
import { Child } from './child.js';
import { copyIn, copyOut } from './copy.js';
import { onEachServer, type Server } from './databases.js';
import { environmentNumber, median, rounded } from './environment.js';
import { REALISTIC_MIX } from './frames.js';
import { CpuMeter, cpuSeconds } from './proc.js';
import type { Figures as StageFigures } from './receiver.js';
import type { BenchResult } from './result.js';
import { FrameSource, runStream, type StreamRun } from './stream-run.js';

/** What may be sent and not committed: two flushes and more, well below the pipeline's bounded queue of 200,000. */
const WINDOW_PACKETS = 60_000;

interface Figures {
  ours: number[];
  copy: number[];
  naive: number[];
  cpu: Record<string, Record<string, number>>;
  /** Of the last round of ours: seconds in each stage, all flushes together. */
  stages: Record<string, number>;
  flushes: number;
  rows: { ticks: number; books: number };
}

/**
 * Frames pushed through a WebSocket as fast as they go: ticks committed a second, against raw COPY BINARY of exactly
 * the same rows, and against the official client with multi-row INSERT. All three take turns, medians count.
 */
export async function ingestBench(): Promise<BenchResult[]> {
  const packets = environmentNumber('BENCH_PACKETS', 300_000);
  const rounds = environmentNumber('BENCH_ROUNDS', 3);
  const source = await FrameSource.start({
    instruments: environmentNumber('BENCH_INSTRUMENTS', 3000),
    packets,
    packetsPerFrame: 250,
    mix: REALISTIC_MIX,
    seed: 1,
  });
  try {
    return await onEachServer((server) => measure(server, source, rounds));
  } finally {
    await source.stop();
  }
}

async function measure(server: Server, source: FrameSource, rounds: number): Promise<BenchResult[]> {
  const { packets } = source.ready;
  // The peer is several times slower: fewer packets give its rate as well.
  const naivePackets = Math.ceil(packets / 5 / 250) * 250;
  const figures: Figures = {
    ours: [],
    copy: [],
    naive: [],
    cpu: {},
    stages: {},
    flushes: 0,
    rows: { ticks: 0, books: 0 },
  };
  for (let round = 0; round < rounds; round++) {
    await onFresh(server, async (db) => {
      const ours = await receive('receiver', source, db, packets, server, (stages) => {
        figures.flushes = stages.flushes;
        figures.stages = Object.fromEntries(
          Object.entries(stages.stages).map(([name, { sumSeconds }]) => [name, sumSeconds]),
        );
      });
      figures.ours.push(ours.packets / ours.seconds);
      figures.cpu['ours'] = ours.cpu;
      await copySameRows(server, db, figures);
    });
    await onFresh(server, async (db) => {
      const naive = await receive('naive', source, db, naivePackets, server);
      figures.naive.push(naive.packets / naive.seconds);
      figures.cpu['naive'] = naive.cpu;
    });
  }
  return results(server, packets, rounds, figures);
}

async function receive(
  script: 'receiver' | 'naive',
  source: FrameSource,
  db: Database,
  packets: number,
  server: Server,
  report?: (figures: StageFigures) => void,
): Promise<StreamRun> {
  const receiver = new Child(script);
  const order = { perSecond: 0, window: WINDOW_PACKETS, packets };
  const onStreaming = () => receiver.send({ type: 'measure' });
  try {
    const run = await runStream(source, receiver, db, order, server.cpu, onStreaming);
    if (report) report(await receiver.ask<StageFigures>({ type: 'report' }, 'figures'));
    return run;
  } finally {
    await receiver.stop();
  }
}

async function copySameRows(server: Server, from: Database, figures: Figures): Promise<void> {
  const tables = await copyOut(from, ['tick_data', 'depth_books']);
  await onFresh(server, async (db) => {
    await db.pool.query(PARTITIONS[db.kind]);
    const meter = new CpuMeter({ copy: () => cpuSeconds(process.pid), postgres: server.cpu });
    const seconds = await copyIn(db, tables);
    figures.cpu['copy'] = meter.used();
    figures.rows = { ticks: tables[0]!.rows, books: tables[1]!.rows };
    figures.copy.push(figures.rows.ticks / seconds);
  });
}

/** What the pipeline finds ready when ticks come: today's partition. A hypertable makes its chunks by itself. */
const PARTITIONS = {
  postgres: `select ensure_day_partition(t, ist_date(now())) from unnest(array['tick_data', 'depth_books']) t`,
  timescale: 'select 1',
};

async function onFresh(server: Server, work: (db: Database) => Promise<void>): Promise<void> {
  const db = await server.create();
  try {
    await work(db);
  } finally {
    await server.drop(db);
  }
}

function results(server: Server, packets: number, rounds: number, figures: Figures): BenchResult[] {
  const ours = median(figures.ours);
  const shared = {
    bench: 'ingest',
    value: Math.round(ours),
    unit: 'committed ticks/s',
    database: server.label,
    packets,
    rounds,
    runs: figures.ours.map(Math.round),
  };
  const copy = median(figures.copy);
  const naive = median(figures.naive);
  return [
    {
      ...shared,
      variant: `${server.kind}, against COPY`,
      peer: 'COPY BINARY of the same tick and depth rows, prepared beforehand, one transaction',
      peerValue: Math.round(copy),
      peerRuns: figures.copy.map(Math.round),
      ...paired(figures.ours, figures.copy),
      expect: '>= 0.6',
      flushes: figures.flushes,
      stageSeconds: figures.stages,
      tickRows: figures.rows.ticks,
      depthRows: figures.rows.books,
      cpuSeconds: flat(figures.cpu, ['ours', 'copy']),
    },
    {
      ...shared,
      variant: `${server.kind}, against the naive peer`,
      peer: 'official KiteTicker + INSERT of 1000 rows through pg, ticks only',
      peerValue: Math.round(naive),
      peerRuns: figures.naive.map(Math.round),
      ...paired(figures.ours, figures.naive),
      expect: '>= 4',
      cpuSeconds: flat(figures.cpu, ['ours', 'naive']),
    },
  ];
}

/** Neighbours in time share what else the machine did: the median of the rounds' ratios, not the ratio of medians. */
function paired(ours: number[], peer: number[]): { ratio: number; ratioOfEachRound: number[] } {
  const ratios = ours.map((rate, i) => rounded(rate / peer[i]!));
  return { ratio: rounded(median(ratios)), ratioOfEachRound: ratios };
}

/** CPU of the last round of each, as `ours.postgres`. */
function flat(cpu: Figures['cpu'], of: string[]): Record<string, number> {
  return Object.fromEntries(
    of.flatMap((name) => Object.entries(cpu[name] ?? {}).map(([process, s]) => [`${name}.${process}`, s])),
  );
}
