import { createMetrics, type Metrics } from '@tickscope/ingest/dist/src/metrics.js';
import { Histogram, Registry } from 'prom-client';
import { serveParent, tellParent } from './child.js';
import { type Recording, type RecordingStart, record } from './recording.js';

/*
 * Our side of the stream benches, a process of its own: the feed's connection and the pipeline as `serve` composes
 * them, with the settings that `serve` has by default. Its histograms have finer buckets, so that quantiles mean
 * something. Messages: `start`, then `committed` after every commit; `measure` begins the figures anew, `report` ->
 * `figures`.
 */

export interface Figures {
  /** Receipt to committed, of every tick, in milliseconds. */
  readonly tickToCommit: Quantiles;
  /** Of every flush: the time it spent in each stage, in milliseconds. */
  readonly stages: Record<string, Quantiles>;
  readonly flushes: number;
}

export interface Quantiles {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  /** Of all observations together, in seconds. */
  readonly sumSeconds: number;
}

/** Upper bounds in seconds: each an eighth above the one before, from 50 us to 5 s. */
const FINE = Array.from({ length: 98 }, (_, i) => 0.00005 * 1.125 ** i);

const MEASURED_STAGES = ['decode', 'classify', 'depth', 'encode', 'insert', 'state', 'commit'];

class StreamReceiver {
  private constructor(
    readonly recording: Recording,
    readonly metrics: Metrics,
  ) {}

  static async start(options: RecordingStart): Promise<StreamReceiver> {
    const metrics = fineMetrics();
    const recording = await record(options, metrics);
    recording.go();
    return new StreamReceiver(recording, metrics);
  }

  measure(): void {
    this.metrics.tickToCommit.reset();
    this.metrics.stageSeconds.reset();
  }

  async figures(): Promise<Figures> {
    const stages: Record<string, Quantiles> = {};
    for (const stage of MEASURED_STAGES) stages[stage] = await quantiles(this.metrics.stageSeconds, stage);
    const insert = (await this.metrics.stageSeconds.get()).values;
    const flushes = insert.find(
      (value) => value.metricName?.endsWith('_count') && value.labels['stage'] === 'insert',
    );
    return {
      tickToCommit: await quantiles(this.metrics.tickToCommit),
      stages,
      flushes: flushes?.value ?? 0,
    };
  }

  stop(): Promise<void> {
    return this.recording.stop();
  }
}

function fineMetrics(): Metrics {
  const registers = [new Registry()];
  const fine = (name: string) => new Histogram({ name, help: name, buckets: FINE, registers });
  const byStage = new Histogram({
    name: 'stage_seconds',
    help: 'stage',
    labelNames: ['stage'],
    buckets: FINE,
    registers,
  });
  return { ...createMetrics(), tickToCommit: fine('tick_to_commit_seconds'), stageSeconds: byStage as never };
}

/** Quantiles in milliseconds by linear interpolation within the bucket. */
async function quantiles(histogram: Pick<Histogram, 'get'>, stage?: string): Promise<Quantiles> {
  const { values } = await histogram.get();
  const mine = values.filter((value) => stage === undefined || value.labels['stage'] === stage);
  const cells = mine
    .filter((value) => value.metricName?.endsWith('_bucket') && value.labels['le'] !== '+Inf')
    .map((value) => ({ bound: Number(value.labels['le']), below: value.value }))
    .sort((a, b) => a.bound - b.bound);
  const figure = (ending: string) => mine.find((value) => value.metricName?.endsWith(ending))?.value ?? 0;
  const total = figure('_count');
  const at = (q: number) => {
    const i = cells.findIndex((cell) => cell.below >= q * total);
    if (i < 0) return Number.POSITIVE_INFINITY;
    const [low, below] = i === 0 ? [0, 0] : [cells[i - 1]!.bound, cells[i - 1]!.below];
    const share = (q * total - below) / Math.max(1, cells[i]!.below - below);
    return Math.round((low + share * (cells[i]!.bound - low)) * 1e5) / 100;
  };
  return {
    p50: at(0.5),
    p95: at(0.95),
    p99: at(0.99),
    sumSeconds: Math.round(figure('_sum') * 1000) / 1000,
  };
}

function main(): void {
  let receiver: StreamReceiver | undefined;
  serveParent({
    start: async (message) => {
      receiver = await StreamReceiver.start(message as unknown as RecordingStart);
    },
    measure: () => receiver!.measure(),
    report: async () => tellParent({ type: 'figures', ...(await receiver!.figures()) }),
  });
  process.once('SIGTERM', () => {
    Promise.resolve(receiver?.stop()).finally(() => process.exit(0));
  });
}
main();
