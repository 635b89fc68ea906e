export const VIX_REGIMES = ['LOW', 'NORMAL', 'HIGH', 'EXTREME'] as const;
export type VixRegime = (typeof VIX_REGIMES)[number];
export type VixTrend = 'UP' | 'DOWN' | 'STABLE';

/** A stored minute of India VIX. `time` is its beginning in epoch milliseconds. */
export interface VixMinute {
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
}

/** A row of `vix_data`: the minute and what the rules say about it. */
export interface VixRow extends VixMinute {
  /** The close. */
  readonly value: number;
  /** Against the row before, in points; null for the first. */
  readonly change: number | null;
  readonly trend: VixTrend;
  readonly regime: VixRegime;
  /** Of the values of the last minutes, this one included. */
  readonly mean: number;
  /** The value last pushed, up to and with this row. */
  readonly published: number;
}

export const MINUTE_MS = 60_000;
