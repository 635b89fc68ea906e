/** One measured figure. `ratio` is value / peerValue unless a bench says otherwise; every line of output is one of these. */
export interface BenchResult {
  bench: string;
  /** What was varied: the database, the number of clients, ... */
  variant?: string;
  value: number;
  unit: string;
  /** What `value` was measured against in the same run. */
  peer?: string;
  peerValue?: number;
  ratio?: number;
  /** What the issue asks for, as a sentence: `>= 0.6`. */
  expect?: string;
  /** CPU seconds of each process that took part. */
  cpuSeconds?: Record<string, number>;
  [detail: string]: unknown;
}

export type Bench = () => Promise<BenchResult[]>;

/** Value at quantile `q` (0..1) of an ascending array. */
export function quantile(sorted: readonly number[], q: number): number {
  if (sorted.length === 0) return Number.NaN;
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))]!;
}

/** `p50`, `p95` and `p99` of samples in milliseconds, to the hundredth. */
export function latencies(samplesMs: number[]): { p50: number; p95: number; p99: number } {
  const sorted = [...samplesMs].sort((a, b) => a - b);
  const round = (value: number) => Math.round(value * 100) / 100;
  return {
    p50: round(quantile(sorted, 0.5)),
    p95: round(quantile(sorted, 0.95)),
    p99: round(quantile(sorted, 0.99)),
  };
}
