import { readdirSync } from 'node:fs';
import { environmentNumber, rounded, sleep } from './environment.js';
import { FAULTS } from './faults/catalogue.js';
import { Random } from './faults/random.js';
import { World } from './faults/world.js';
import { cpuSeconds, rssMiB } from './proc.js';
import type { BenchResult } from './result.js';

const TICKS_PER_SECOND = 10_000;
const MINUTES = 5;
const FAULT_EVERY_MS = 20_000;
const SAMPLE_EVERY_MS = 1_000;
/** Heaps and caches fill up at first: what grows after this leaks. */
const WARM_UP_SHARE = 1 / 3;
/** Those that one process lives through, and that are over within the time between two. */
const STRIKES = [
  'feed drop',
  'feed reset',
  'network stall',
  'corrupt frame',
  'duplicates',
  'late ticks',
  'database kill -9',
  'database cut off',
  'database silent',
  'sessions ended',
  'connection limit',
];

interface Sample {
  /** Minutes since the beginning. */
  readonly at: number;
  readonly rss: number;
  readonly handles: number;
  readonly queue: number;
  readonly spoolMiB: number;
}

/** A long time under load with a fault every 20 s: what grows, and what is not given back. */
export async function soakBench(): Promise<BenchResult[]> {
  const minutes = environmentNumber('BENCH_MINUTES', MINUTES);
  const rate = environmentNumber('BENCH_TICKS_PER_SECOND', TICKS_PER_SECOND);
  const seed = environmentNumber('BENCH_SEED', 1);
  const random = new Random(seed);
  const world = await World.create({
    random,
    seed,
    instruments: environmentNumber('BENCH_INSTRUMENTS', 500),
    rate,
    bin: process.env['FAULTS_POSTGRES_BIN'],
    sentLog: false,
    smallDisks: false,
  });
  try {
    const samples: Sample[] = [];
    const began = performance.now();
    const { pid } = world.service;
    const cpu = cpuSeconds(pid);
    let sampling = true;
    const sampler = (async () => {
      while (sampling) {
        samples.push(await sample(world, pid, (performance.now() - began) / 60_000));
        await sleep(SAMPLE_EVERY_MS);
      }
    })();
    const faults = FAULTS.filter(({ name }) => STRIKES.includes(name));
    let strikes = 0;
    // The end is quiet: what is left then was not given back.
    for (let next = 1; (next + 1) * FAULT_EVERY_MS <= minutes * 60_000; next++) {
      await sleep(began + next * FAULT_EVERY_MS - performance.now());
      const fault = random.pick(faults);
      process.stderr.write(`${rounded((performance.now() - began) / 60_000, 1)} min: ${fault.name}\n`);
      await fault.strike(world);
      await world.flowing();
      strikes++;
    }
    await sleep(began + minutes * 60_000 - performance.now());
    sampling = false;
    await sampler;
    const used = cpuSeconds(pid) - cpu;
    const written = await counter(world, 'tickscope_ticks_written_total');
    const shared = {
      bench: 'soak',
      database: world.cluster.kind,
      minutes,
      strikes,
      seed,
      ticksPerSecond: Math.round(written / (minutes * 60)),
      cpuSeconds: { service: rounded(used) },
    };
    return [
      figure(shared, 'resident memory', 'MiB', samples, ({ rss }) => rss, 'slope <= 1 MiB/min'),
      figure(shared, 'open handles', 'handles', samples, ({ handles }) => handles, 'no slope'),
      figure(shared, 'ticks that wait', 'ticks', samples, ({ queue }) => queue, 'no slope'),
      figure(shared, 'spool', 'MiB', samples, ({ spoolMiB }) => spoolMiB, 'no slope'),
    ];
  } finally {
    await world.remove(false);
  }
}

async function sample(world: World, pid: number, at: number): Promise<Sample> {
  const text = await metrics(world).catch(() => '');
  return {
    at,
    rss: rssMiB(pid),
    handles: readdirSync(`/proc/${pid}/fd`).length,
    queue: metricIn(text, 'tickscope_queue_ticks'),
    spoolMiB: metricIn(text, 'tickscope_spool_bytes') / 2 ** 20,
  };
}

function figure(
  shared: Record<string, unknown>,
  variant: string,
  unit: string,
  samples: readonly Sample[],
  of: (sample: Sample) => number,
  expect: string,
): BenchResult {
  const warm = samples.filter(
    (_, i) => i >= samples.length * WARM_UP_SHARE && Number.isFinite(of(samples[i]!)),
  );
  const values = warm.map(of);
  return {
    ...shared,
    bench: 'soak',
    variant,
    value: rounded(
      slope(
        warm.map(({ at }) => at),
        values,
      ),
    ),
    unit: `${unit}/min`,
    expect,
    samples: values.length,
    first: rounded(values[0] ?? Number.NaN),
    last: rounded(values.at(-1) ?? Number.NaN),
    most: rounded(Math.max(...values)),
  };
}

/** Of the line through the points with the least squares. */
function slope(x: readonly number[], y: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [mx, my] = [mean(x), mean(y)];
  const over = x.reduce((sum, value, i) => sum + (value - mx) * (y[i]! - my), 0);
  return over / x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
}

async function metrics(world: World): Promise<string> {
  const response = await fetch(world.url('/metrics'), { signal: AbortSignal.timeout(5_000) });
  return response.text();
}

async function counter(world: World, name: string): Promise<number> {
  return metricIn(await metrics(world), name);
}

function metricIn(text: string, name: string): number {
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1] ?? Number.NaN);
}
