import { type Bar, type CandleSeries, type Gap, sameBar } from './bar';

/** A place on the time axis: a bar, or an empty place where a hole or a compared instrument has one. */
export interface Slot {
  /** Epoch milliseconds. */
  time: number;
  bar: Bar | null;
  /** Closes of the compared instruments, in their order; null where one has no bar. */
  compared: readonly (number | null)[];
}

/** A hole by the slots that it touches, both inclusive. */
export interface Hole {
  first: number;
  last: number;
  gap: Gap;
}

export interface Timeline {
  slots: readonly Slot[];
  holes: readonly Hole[];
}

/** A hole without bars gets at most so many empty places: nobody scrolls through a month that was not heard. */
export const MOST_SLOTS_A_HOLE = 60;

/**
 * Places bars, holes and compared bars on one axis that counts bars, not time: closed hours have no place on it.
 * @param main the instrument drawn as candles
 * @param others compared instruments
 */
export function layOut(main: CandleSeries, others: readonly CandleSeries[]): Timeline {
  const nothing = others.map(() => null);
  const byTime = new Map<number, Slot>();
  for (const bar of main.bars) byTime.set(bar.time, { time: bar.time, bar, compared: nothing });
  const mainTimes = main.bars.map((bar) => bar.time);
  const touched = main.gaps.map((gap) => ({ gap, times: touchedTimes(gap, mainTimes, main.intervalMs) }));
  let added = false;
  for (const { times } of touched) {
    for (const time of times) {
      if (byTime.has(time)) continue;
      byTime.set(time, { time, bar: null, compared: nothing });
      added = true;
    }
  }
  others.forEach((other, k) => {
    for (const bar of other.bars) {
      const slot = byTime.get(bar.time) ?? { time: bar.time, bar: null, compared: nothing };
      if (!byTime.has(bar.time)) added = true;
      const compared = [...slot.compared];
      compared[k] = bar.close;
      byTime.set(bar.time, { ...slot, compared });
    }
  });
  const slots = [...byTime.values()];
  if (added) slots.sort((a, b) => a.time - b.time);
  const holes = touched.flatMap(({ gap, times }): Hole[] => {
    const [from, to] = [times[0], times[times.length - 1]];
    if (from === undefined || to === undefined) return [];
    return [{ gap, first: slotAtOrAfter(slots, from), last: slotAtOrBefore(slots, to) }];
  });
  return { slots, holes: holes.filter((hole) => hole.last >= hole.first) };
}

/** Starts of the buckets that a hole touches, those that have bars and those that have none. */
function touchedTimes(gap: Gap, times: readonly number[], intervalMs: number): number[] {
  if (intervalMs <= 0) return [gap.from];
  const before = lowerBound(times, gap.from + 1) - 1;
  const anchor = times[before] ?? times[0] ?? gap.from;
  const first = anchor + Math.floor((gap.from - anchor) / intervalMs) * intervalMs;
  const count = Math.max(1, Math.ceil((gap.to - first) / intervalMs));
  const kept = Math.min(count, MOST_SLOTS_A_HOLE);
  const head = Array.from({ length: kept - 1 }, (_, i) => first + i * intervalMs);
  return [...head, first + (count - 1) * intervalMs];
}

/** Index of the first entry at or after `value`; the length when there is none. */
export function lowerBound(sorted: ArrayLike<number>, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the first slot at or after that instant; the length when there is none. */
export function slotAtOrAfter(slots: readonly Slot[], ms: number): number {
  let [low, high] = [0, slots.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((slots[middle] as Slot).time < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the last slot at or before that instant; -1 when there is none. */
export function slotAtOrBefore(slots: readonly Slot[], ms: number): number {
  const after = slotAtOrAfter(slots, ms);
  return slots[after]?.time === ms ? after : after - 1;
}

/** Index of the first slot that differs; the shorter length when one begins with the other. */
export function firstDifference(before: readonly Slot[], after: readonly Slot[]): number {
  const common = Math.min(before.length, after.length);
  for (let i = 0; i < common; i++) {
    const [a, b] = [before[i] as Slot, after[i] as Slot];
    if (
      a.time !== b.time ||
      !sameBar(a.bar, b.bar) ||
      !a.compared.every((value, k) => value === b.compared[k])
    ) {
      return i;
    }
  }
  return common;
}
