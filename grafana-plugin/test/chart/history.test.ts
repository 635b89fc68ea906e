// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { CandleSeries } from '../../src/chart/bar';
import { History } from '../../src/chart/history';
import { readFrames } from '../../src/chart/read-frames';
import { frame, MINUTE, OPEN } from './frames';

function series(minutes: number[], close = 1, gaps: object[] = [], interval = '1m'): CandleSeries {
  const same = minutes.map(() => close);
  const times = minutes.map((minute) => OPEN + minute * MINUTE);
  const meta = { custom: { tickscope: { instrument: 'NSE:INFY', interval, gaps } } };
  return readFrames([frame({ time: times, open: same, high: same, low: same, close: same }, { meta })])[0]!
    .series;
}
const span = (from: number, to: number) => ({ from: OPEN + from * MINUTE, to: OPEN + to * MINUTE });
const seen = (history: History) => history.series?.bars.map((bar) => [(bar.time - OPEN) / MINUTE, bar.close]);

describe('what is kept of a series', () => {
  test('a range that moves on with the clock keeps what fell out at its left', () => {
    const history = new History();
    history.take(series([0, 1, 2], 1), span(0, 3));
    history.take(series([1, 2, 3], 2), span(1, 4));
    expect(seen(history)).toEqual([
      [0, 1],
      [1, 2],
      [2, 2],
      [3, 2],
    ]);
  });

  test('a range elsewhere begins anew', () => {
    const history = new History();
    history.take(series([0, 1]), span(0, 2));
    history.take(series([500, 501]), span(500, 502));
    expect(seen(history)?.[0]).toEqual([500, 1]);
  });

  test('older candles come before the others, newer answers win where both have one', () => {
    const history = new History();
    history.take(series([10, 11], 2), span(10, 12));
    expect(history.prepend(series([8, 9, 10], 1), span(8, 10))).toBe(true);
    expect(seen(history)).toEqual([
      [8, 1],
      [9, 1],
      [10, 2],
      [11, 2],
    ]);
    expect(history.from).toBe(OPEN + 8 * MINUTE);
  });

  test('older candles of another width or instrument are refused', () => {
    const history = new History();
    history.take(series([10, 11]), span(10, 12));
    expect(history.prepend(series([0, 5], 1, [], '5m'), span(0, 10))).toBe(false);
    expect(history.prepend({ ...series([8, 9]), key: 'other' }, span(8, 10))).toBe(false);
  });

  test('a hole that crosses the seam stays one hole, and one that has been healed goes', () => {
    const gap = (from: number, to: number) => ({ ...span(from, to), reason: 'disconnect' });
    const history = new History();
    history.take(series([10, 13], 1, [gap(11, 13)]), span(10, 14));
    history.prepend(series([5], 1, [gap(8, 10)]), span(5, 10));
    expect(history.series?.gaps).toEqual([gap(8, 10), gap(11, 13)]);
    history.take(series([10, 11, 12, 13], 1), span(10, 14));
    expect(history.series?.gaps).toEqual([gap(8, 10)]);
  });
});
