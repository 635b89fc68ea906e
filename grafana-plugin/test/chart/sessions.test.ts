// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { sessionBreaks } from '../../src/chart/sessions';
import { tickLabel, tickWeight } from '../../src/chart/time-axis';
import { Zone } from '../../src/chart/zone';
import { MINUTE, OPEN } from './frames';

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const IST = new Zone('Asia/Kolkata');
const slots = (times: number[]) => times.map((time) => ({ time, bar: null, compared: [] }));
const span = (from: number, to: number, step: number) =>
  Array.from({ length: Math.floor((to - from) / step) }, (_, i) => from + i * step);

describe('session breaks', () => {
  test('an NSE week breaks each morning, and at the weekend by a week', () => {
    const days = [0, 3, 4].flatMap((day) => span(OPEN + day * DAY, OPEN + day * DAY + 6 * HOUR, 15 * MINUTE));
    expect(sessionBreaks(slots(days), 15 * MINUTE, IST)).toEqual([
      { index: 24, level: 'week' },
      { index: 48, level: 'day' },
    ]);
  });

  test('a market that never closes breaks at midnight of the zone', () => {
    const always = span(OPEN, OPEN + 2 * DAY, HOUR);
    const breaks = sessionBreaks(slots(always), HOUR, IST);
    expect(breaks.map(({ index }) => IST.wall(always[index]!).getUTCHours())).toEqual([0, 0]);
  });

  test('New York seen from Mumbai does not break at midnight, in the middle of its session', () => {
    const newYork = Date.UTC(2026, 10, 16, 14, 30);
    const days = [0, 1, 2, 3].flatMap((day) =>
      span(newYork + day * DAY, newYork + day * DAY + 6.5 * HOUR, 30 * MINUTE),
    );
    expect(sessionBreaks(slots(days), 30 * MINUTE, IST).map(({ index }) => index)).toEqual([13, 26, 39]);
  });

  test('an option that did not trade for an hour has no break there', () => {
    expect(sessionBreaks(slots([OPEN, OPEN + HOUR, OPEN + 2 * HOUR]), MINUTE, IST)).toEqual([]);
  });

  test('daily candles break at the turn of a month and of a year', () => {
    const days = span(Date.UTC(2025, 10, 28), Date.UTC(2026, 1, 3), DAY);
    const levels = sessionBreaks(slots(days), DAY, new Zone('utc')).map(({ level }) => level);
    expect(levels).toEqual(['month', 'year', 'month']);
  });
});

describe('the time axis in the zone of the dashboard', () => {
  test('days turn at midnight in Kolkata, not at 05:30', () => {
    expect(tickWeight(Date.UTC(2026, 10, 20, 23, 59), Date.UTC(2026, 10, 21, 0, 0), IST)).toBeLessThan(50);
    expect(tickWeight(Date.UTC(2026, 10, 20, 18, 29), Date.UTC(2026, 10, 20, 18, 30), IST)).toBe(50);
  });

  test('labels are of the zone', () => {
    expect(tickLabel(OPEN, 3, IST)).toBe('09:15');
    expect(tickLabel(OPEN, 3, new Zone('utc'))).toBe('03:45');
    expect(tickLabel(Date.UTC(2026, 10, 20, 20), 2, IST)).toMatch(/^21 Nov/);
  });

  test('an hour after the clocks were put back is an hour later', () => {
    const zone = new Zone('Europe/Berlin');
    const before = Date.UTC(2026, 9, 25, 0, 30);
    expect([zone.offsetMs(before), zone.offsetMs(before + HOUR)]).toEqual([2 * HOUR, HOUR]);
  });
});
