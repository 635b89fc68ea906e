import { describe, expect, test } from 'vitest';
import { InstrumentSlots } from '../../src/batch/instrument-slots.js';
import { heard, LEAST_SILENCE_MS, silentMs, usualSilenceMs } from '../../src/batch/rhythm.js';
import { TradingDays } from '../../src/batch/trading-day.js';
import { at, calendar, INFY, instruments } from './market.js';

/** Numbers in [0, 1), the same ones for the same seed (mulberry32). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

function oneInstrument() {
  const known = instruments();
  const slots = new InstrumentSlots(known, new TradingDays(calendar, known));
  return { slots, slot: slots.find(INFY, at('09:00')) };
}

const OPEN = at('09:15');
const CLOSE = at('15:30');
/** Three times as busy at the open and the close as at noon, as markets are. */
const busy = (ms: number) => 1 + 2 * Math.abs((ms - OPEN) / (CLOSE - OPEN) - 0.5) * 2;

describe('the rhythm of an instrument', () => {
  test('raises no alarm on a day of instruments of any liquidity, bursts and quiet hours included', () => {
    const random = numbers(20261118);
    let alarms = 0;
    let packets = 0;
    for (const meanMs of [250, 1_000, 5_000, 20_000, 60_000, 180_000, 600_000, 1_800_000]) {
      for (let i = 0; i < 15; i++) {
        const { slots, slot } = oneInstrument();
        let now = OPEN;
        while (now < CLOSE) {
          packets++;
          if (silentMs(slots, slot, now, now) > usualSilenceMs(slots, slot)) alarms++;
          heard(slots, slot, now, now, 1);
          // One packet in ten begins a burst: the book of an option moves with its underlying.
          for (let burst = random() < 0.1 ? 20 : 0; burst > 0; burst--) heard(slots, slot, now, now, 1);
          now += (-Math.log(1 - random()) * meanMs) / busy(now);
        }
      }
    }
    expect(packets).toBeGreaterThan(1_000_000);
    expect(alarms).toBe(0);
  }, 180_000);

  test.each([
    ['NIFTY 50', 1_000, 30_000],
    ['a share', 5_000, 180_000],
    ['a sleepy strike', 60_000, 1_500_000],
  ])('notices that %s is silent within its own measure, and not before', (_name, meanMs, latestMs) => {
    const random = numbers(7);
    const { slots, slot } = oneInstrument();
    let now = OPEN;
    let longest = 0;
    while (now < at('12:00')) {
      heard(slots, slot, now, now, 1);
      const next = now - Math.log(1 - random()) * meanMs;
      longest = Math.max(longest, next - now);
      now = next;
    }
    const limit = usualSilenceMs(slots, slot);
    expect(limit).toBeGreaterThanOrEqual(LEAST_SILENCE_MS);
    expect(limit).toBeGreaterThan(longest);
    expect(limit).toBeLessThanOrEqual(latestMs);
  });

  test('of a strike that ticks in bursts is that of its quiet, however many packets a burst has', () => {
    const random = numbers(11);
    const { slots, slot } = oneInstrument();
    let now = OPEN;
    let alarms = 0;
    while (now < CLOSE) {
      if (silentMs(slots, slot, now, now) > usualSilenceMs(slots, slot)) alarms++;
      heard(slots, slot, now, now, 1);
      now += random() < 0.02 ? 60_000 + random() * 120_000 : 1_500;
    }
    expect(alarms).toBe(0);
    expect(usualSilenceMs(slots, slot)).toBeLessThan(10 * 60_000);
  });

  test('is not known before there is enough of it, and then nobody is stale', () => {
    const { slots, slot } = oneInstrument();
    for (let i = 0; i < 15; i++) heard(slots, slot, OPEN + i * 30_000, OPEN + i * 30_000, 1);
    expect(usualSilenceMs(slots, slot)).toBe(Number.POSITIVE_INFINITY);
    const { slots: fast, slot: one } = oneInstrument();
    for (let i = 0; i < 2000; i++) heard(fast, one, OPEN + i * 100, OPEN + i * 100, 1);
    expect(usualSilenceMs(fast, one)).toBe(Number.POSITIVE_INFINITY);
  });

  test('takes neither the night nor a hole for an interval', () => {
    const { slots, slot } = oneInstrument();
    const tick = (ms: number, epoch: number) => heard(slots, slot, ms, ms, epoch);
    for (let ms = at('15:00'); ms < CLOSE; ms += 1_000) tick(ms, 1);
    for (let i = 0; i < 100; i++) tick(at('09:15', '2026-11-19') + i * 1_000, 1);
    expect(slots.longestMs[slot]).toBe(1_000);
    // Two minutes without a connection, then ticking again.
    for (let i = 0; i < 100; i++) tick(at('09:20', '2026-11-19') + i * 1_000, 2);
    expect(slots.longestMs[slot]).toBe(1_000);
    expect(slots.usualMs[slot]).toBeCloseTo(1_000, 6);
  });

  test('is silent in session only, and not for longer than the session has lasted', () => {
    const { slots, slot } = oneInstrument();
    heard(slots, slot, at('15:29'), at('15:29'), 1);
    expect(silentMs(slots, slot, at('18:00'), at('18:00'))).toBe(0);
    const next = at('09:16', '2026-11-19');
    expect(silentMs(slots, slot, next, next)).toBe(60_000);
  });
});
