import type { CandleInterval } from '../broker/broker.js';
import { bucketStart, INTERVAL_MS } from '../candles/buckets.js';
import type { Candle } from '../candles/candle.js';
import type { CommittedTick } from './tick.js';

/** A candle in the making. */
export interface Forming {
  readonly bucket: number;
  open: number;
  high: number;
  low: number;
  close: number;
  volume: number | null;
  openInterest: number | null;
  /** Null once a minute of the broker is in it; 0 while it does not exist (rule 5: a bucket needs a trade). */
  trades: number | null;
  turnover: number | null;
  /** As stored, until a tick changes it: dividing again could differ in the last digit. */
  vwap: number | null | undefined;
  source: string;
  complete: boolean;
  /** `time` of the tick that made the close, and of the one that made the open interest. */
  closedAt: number;
  interestAt: number;
  /** Least `time` that may still come without being before the open. */
  openedAt: number;
}

/** What the database has of a bucket, with the times of its last trade and of its last tick with open interest. */
export interface StoredBar extends Candle {
  readonly closedAt: number | null;
  readonly interestAt: number | null;
}

/** What a tick did to a bar. */
export interface BarChange {
  /** The bucket that moved; undefined when none did. */
  readonly moved: Forming | undefined;
  /** The start of the bucket when this was its first trade. */
  readonly began: number | undefined;
  /** The bucket that was under way and is not any more. */
  readonly ended: Forming | undefined;
  /** A bucket (its start) that only the database can tell now: the tick came out of order. */
  readonly doubtful: number | undefined;
}

const NOTHING: BarChange = { moved: undefined, began: undefined, ended: undefined, doubtful: undefined };

/**
 * The candles of one instrument and interval around now, kept from committed ticks by the rules of the candle views
 * (rule 5; wide ones with broker minutes in them: rule 17). It begins with what the database has. Not for 1d, which is
 * the day's state.
 */
export class Bar {
  current: Forming | undefined;
  previous: Forming | undefined;

  constructor(readonly interval: CandleInterval) {}

  /** Begins anew from stored candles, oldest first. */
  load(stored: readonly StoredBar[]): void {
    const [last, before] = [stored.at(-1), stored.at(-2)];
    this.current = last && formingOf(last);
    this.previous = before && formingOf(before);
  }

  apply(tick: CommittedTick): BarChange {
    if (!tick.inSession) return NOTHING;
    const bucket = bucketStart(this.interval, tick.time);
    let ended: Forming | undefined;
    if (!this.current || bucket > this.current.bucket) {
      ended = this.current;
      if (ended && exists(ended)) this.previous = ended;
      this.current = begin(bucket);
    }
    const target = bucket === this.current.bucket ? this.current : this.#past(bucket);
    // A broker's candle hides what ticks say, and an older bucket is no longer kept.
    if (!target || (target.source === 'broker' && this.#isOver(target))) {
      return { ...NOTHING, ended, doubtful: bucket };
    }
    const doubtful = tick.isTrade && tick.time < target.openedAt ? bucket : undefined;
    const began = !exists(target);
    add(target, tick);
    if (!exists(target)) return { ...NOTHING, ended, doubtful };
    return { moved: target, began: began ? bucket : undefined, ended, doubtful };
  }

  /** The one kept of that bucket. */
  at(bucket: number): Forming | undefined {
    return this.current?.bucket === bucket ? this.current : this.#past(bucket);
  }

  #past(bucket: number): Forming | undefined {
    return this.previous?.bucket === bucket ? this.previous : undefined;
  }

  /** One minute, or a wide bucket after its time, is the broker's own row; before, it is made of the broker's minutes. */
  #isOver(forming: Forming): boolean {
    return this.interval === '1m' || forming !== this.current;
  }
}

/** Whether the bucket has a candle. */
export function exists(forming: Forming): boolean {
  return forming.trades === null || forming.trades > 0;
}

export function bucketEnd(interval: CandleInterval, bucket: number): number {
  return bucket + INTERVAL_MS[interval];
}

export function candleOf(forming: Forming): Candle {
  const { volume, turnover, trades } = forming;
  const vwap = turnover !== null && volume !== null && volume !== 0 ? turnover / volume : null;
  return {
    time: forming.bucket,
    open: forming.open,
    high: forming.high,
    low: forming.low,
    close: forming.close,
    volume,
    openInterest: forming.openInterest,
    trades,
    vwap: forming.vwap === undefined ? vwap : forming.vwap,
    source: forming.source,
    complete: forming.complete,
  };
}

function begin(bucket: number): Forming {
  return {
    bucket,
    open: Number.NaN,
    high: Number.NEGATIVE_INFINITY,
    low: Number.POSITIVE_INFINITY,
    close: Number.NaN,
    volume: null,
    openInterest: null,
    trades: 0,
    turnover: null,
    vwap: undefined,
    source: 'ticks',
    complete: false,
    closedAt: Number.NEGATIVE_INFINITY,
    interestAt: Number.NEGATIVE_INFINITY,
    openedAt: Number.NEGATIVE_INFINITY,
  };
}

export function formingOf(stored: StoredBar): Forming {
  const { vwap, volume } = stored;
  return {
    bucket: stored.time,
    open: stored.open,
    high: stored.high,
    low: stored.low,
    close: stored.close,
    volume,
    openInterest: stored.openInterest,
    trades: stored.trades,
    turnover: vwap === null || volume === null ? null : vwap * volume,
    vwap,
    source: stored.source,
    complete: stored.complete,
    closedAt: stored.closedAt ?? Number.NEGATIVE_INFINITY,
    interestAt: stored.interestAt ?? Number.NEGATIVE_INFINITY,
    // Which trade opened it is not known: one that comes before the last may be before the first.
    openedAt: stored.closedAt ?? Number.NEGATIVE_INFINITY,
  };
}

function add(forming: Forming, tick: CommittedTick): void {
  if (forming.source === 'broker') forming.source = 'mixed';
  const ticksOnly = forming.source === 'ticks';
  forming.vwap = ticksOnly ? undefined : null;
  if (!ticksOnly) {
    forming.trades = null;
    forming.turnover = null;
  }
  const { volumeDelta, lastPrice, time } = tick;
  if (tick.volume !== null) forming.volume = (forming.volume ?? 0) + (volumeDelta ?? 0);
  if (volumeDelta !== null && ticksOnly) {
    forming.turnover = (forming.turnover ?? 0) + lastPrice * volumeDelta;
  }
  if (tick.openInterest !== null && time >= forming.interestAt) {
    forming.openInterest = tick.openInterest;
    forming.interestAt = time;
  }
  if (!tick.isTrade) return;
  if (forming.trades === 0) {
    forming.open = lastPrice;
    forming.openedAt = time;
  }
  forming.high = Math.max(forming.high, tick.high);
  forming.low = Math.min(forming.low, tick.low);
  if (time >= forming.closedAt) {
    forming.close = lastPrice;
    forming.closedAt = time;
  }
  if (forming.trades !== null) forming.trades++;
}
