import type { InstrumentSlots } from './instrument-slots.js';

/*
 * How often each instrument usually ticks, so that silence is judged by its own measure: NIFTY 50 is silent after half a
 * minute, a strike that ticks every five minutes is not.
 *
 * Two numbers an instrument, kept in the slots' columns. The mean between two packets decays by the packet: it follows
 * the day. The longest interval decays by time, halving in about LONGEST_LASTS_MS: a burst of packets, after which a
 * quiet strike falls back into its quiet, does not wipe it out; and packets within BURST_MS are one. Only intervals within
 * one session and without a hole count.
 */

const BURST_MS = 1_000;
/** Weight of the newest interval in the mean. */
const MEAN_WEIGHT = 1 / 16;
const LONGEST_LASTS_MS = 45 * 60_000;

/** Nobody is stale before so long. */
export const LEAST_SILENCE_MS = 30_000;
/** Of exponential intervals one in three million is longer. */
const TIMES_THE_MEAN = 15;
const TIMES_THE_LONGEST = 3;
/** A rhythm is known after so many intervals ... */
const KNOWN_INTERVALS = 20;
/** ... that fill so much session time. */
const KNOWN_MS = 5 * 60_000;

/** Takes a packet of `slot`, received at `at` (our clock), into account. `moment` is the same instant in exchange time. */
export function heard(slots: InstrumentSlots, slot: number, at: number, moment: number, epoch: number): void {
  const before = slots.heardAt[slot]!;
  const interval = at - before;
  const sinceOpen = moment - slots.stretchSince(slot, moment);
  if (slots.heardEpoch[slot] !== epoch) {
    slots.heardEpoch[slot] = epoch;
    slots.heardAt[slot] = at;
    return;
  }
  if (interval >= 0 && interval < BURST_MS) return;
  slots.heardAt[slot] = at;
  if (!(interval >= 0) || interval > sinceOpen || !slots.isOpen(slot, moment)) return;
  const known = slots.intervals[slot]!;
  const weight = Math.max(MEAN_WEIGHT, 1 / (known + 1));
  slots.usualMs[slot] = slots.usualMs[slot]! + (interval - slots.usualMs[slot]!) * weight;
  const lasting = slots.longestMs[slot]! * Math.max(0, 1 - (interval * Math.LN2) / LONGEST_LASTS_MS);
  slots.longestMs[slot] = Math.max(interval, lasting);
  slots.intervals[slot] = known + 1;
  slots.intervalsMs[slot] = slots.intervalsMs[slot]! + interval;
}

/** Silence of `slot` that is still usual, in milliseconds of one session; Infinity while its rhythm is not known. */
export function usualSilenceMs(slots: InstrumentSlots, slot: number): number {
  if (slots.intervals[slot]! < KNOWN_INTERVALS || slots.intervalsMs[slot]! < KNOWN_MS) {
    return Number.POSITIVE_INFINITY;
  }
  return Math.max(
    LEAST_SILENCE_MS,
    TIMES_THE_MEAN * slots.usualMs[slot]!,
    TIMES_THE_LONGEST * slots.longestMs[slot]!,
  );
}

/** How long `slot` has been silent in the session that is on at our instant `at`; 0 outside of sessions. */
export function silentMs(slots: InstrumentSlots, slot: number, at: number, moment: number): number {
  if (!slots.isOpen(slot, moment)) return 0;
  return Math.max(0, Math.min(at - slots.heardAt[slot]!, moment - slots.stretchSince(slot, moment)));
}
