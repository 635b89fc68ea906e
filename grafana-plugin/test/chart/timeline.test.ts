// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { readFrames } from '../../src/chart/read-frames';
import { firstDifference, layOut, MOST_SLOTS_A_HOLE } from '../../src/chart/timeline';
import { closes, frame, MINUTE, OPEN } from './frames';

const read = (...frames: Parameters<typeof readFrames>[0]) => readFrames(frames).map(({ series }) => series);
const main = (prices: number[], gaps: object[] = []) =>
  read(closes(prices, {}, { interval: '1m', gaps }))[0]!;

describe('bars on an axis that counts bars', () => {
  test('a night has no place on it', () => {
    const nights = read(
      frame({
        time: [OPEN, OPEN + MINUTE, OPEN + 86_400_000],
        open: [1, 1, 1],
        high: [1, 1, 1],
        low: [1, 1, 1],
        close: [1, 2, 3],
      }),
    )[0]!;
    expect(layOut(nights, []).slots).toHaveLength(3);
  });

  test('a hole without bars gets a place for each bucket that it touches', () => {
    const gap = { from: OPEN + 10 * MINUTE + 20_000, to: OPEN + 13 * MINUTE + 5_000, reason: 'disconnect' };
    const { slots, holes } = layOut(main([1, 2, 3], [gap]), []);
    expect(slots.map(({ time }) => (time - OPEN) / MINUTE)).toEqual([0, 1, 2, 10, 11, 12, 13]);
    expect(holes).toEqual([{ gap, first: 3, last: 6 }]);
    expect(slots[4]?.bar).toBeNull();
  });

  test('a hole within a bar adds no place and lies on that bar', () => {
    const gap = { from: OPEN + MINUTE + 5_000, to: OPEN + MINUTE + 9_000, reason: 'stall' };
    const { slots, holes } = layOut(main([1, 2, 3], [gap]), []);
    expect(slots).toHaveLength(3);
    expect(holes).toEqual([{ gap, first: 1, last: 1 }]);
  });

  test('a hole of a month is drawn shorter, with both of its ends', () => {
    const gap = { from: OPEN + 10 * MINUTE, to: OPEN + 40_000 * MINUTE, reason: 'not_subscribed' };
    const { slots, holes } = layOut(main([1, 2, 3], [gap]), []);
    expect(holes[0]!.last - holes[0]!.first + 1).toBe(MOST_SLOTS_A_HOLE);
    expect(slots[slots.length - 1]?.time).toBe(gap.to - MINUTE);
  });

  test('an answer with a hole and no candle still shows the hole', () => {
    const gap = { from: OPEN, to: OPEN + 3 * MINUTE, reason: 'pending' };
    expect(layOut(main([], [gap]), []).slots.map((slot) => slot.bar)).toEqual([null, null, null]);
  });

  test('compared instruments share the axis and keep their own empty places', () => {
    const [a, b] = [main([1, 2, 3]), main([10, 20, 30, 40])];
    const { slots } = layOut({ ...a, bars: a.bars.slice(1) }, [b]);
    expect(slots.map((slot) => [slot.bar?.close ?? null, slot.compared[0]])).toEqual([
      [null, 10],
      [2, 20],
      [3, 30],
      [null, 40],
    ]);
  });

  test('a live update differs in the last place alone', () => {
    const before = layOut(main([1, 2, 3]), []).slots;
    expect(firstDifference(before, layOut(main([1, 2, 4]), []).slots)).toBe(2);
    expect(firstDifference(before, layOut(main([1, 2, 3, 3]), []).slots)).toBe(3);
    expect(firstDifference(before, layOut(main([1, 2, 3]), []).slots)).toBe(3);
    expect(firstDifference(before, layOut(main([1, 5, 3]), []).slots)).toBe(1);
  });
});
