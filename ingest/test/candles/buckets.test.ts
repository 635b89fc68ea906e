import { describe, expect, it } from 'vitest';
import {
  bucketCeiling,
  bucketStart,
  checkPossibleBuckets,
  MAX_POSSIBLE_BUCKETS,
  possibleBuckets,
  roundOut,
  TooManyCandles,
} from '../../src/candles/buckets.js';
import { ist } from './market.js';

const session = (from: string, to: string) => ({ from: ist(from), to: ist(to) });

describe('buckets', () => {
  it('are counted from 09:15 IST on any day', () => {
    expect(bucketStart('1h', ist('2026-11-20 10:14'))).toBe(ist('2026-11-20 09:15'));
    expect(bucketStart('15m', ist('2026-11-20 10:14'))).toBe(ist('2026-11-20 10:00'));
    expect(bucketStart('5m', ist('2026-11-20 10:14'))).toBe(ist('2026-11-20 10:10'));
    expect(bucketStart('1h', ist('2021-11-04 18:20'))).toBe(ist('2021-11-04 18:15'));
    expect(bucketStart('1d', ist('2026-11-20 00:10'))).toBe(ist('2026-11-20 00:00'));
    expect(bucketCeiling('1h', ist('2026-11-20 10:15'))).toBe(ist('2026-11-20 10:15'));
    expect(roundOut('1d', session('2026-11-20 09:15', '2026-11-20 15:30'))).toEqual(
      session('2026-11-20 00:00', '2026-11-21 00:00'),
    );
  });

  it('that hold session time are possible, each once', () => {
    const sessions = [
      session('2024-03-02 09:15', '2024-03-02 10:00'),
      session('2024-03-02 11:30', '2024-03-02 12:30'),
    ];
    const day = { from: ist('2024-03-02 00:00'), to: ist('2024-03-03 00:00') };
    const hours = [...possibleBuckets('1h', sessions, day.from, day.to)];
    expect(hours).toEqual(['09:15', '11:15', '12:15'].map((time) => ist(`2024-03-02 ${time}`)));
    expect([...possibleBuckets('1m', sessions, day.from, day.to)]).toHaveLength(105);
    expect([...possibleBuckets('1d', sessions, day.from, day.to)]).toEqual([day.from]);
    expect([
      ...possibleBuckets('1m', sessions, ist('2024-03-02 09:58'), ist('2024-03-02 11:31')),
    ]).toHaveLength(3);
  });

  it('beyond the maximum are refused, at the maximum not', () => {
    const minutes = (count: number) => [
      { from: ist('2026-01-01 00:00'), to: ist('2026-01-01 00:00') + count * 60_000 },
    ];
    const far = ist('2027-01-01 00:00');
    expect(() => checkPossibleBuckets('1m', minutes(MAX_POSSIBLE_BUCKETS), 0, far)).not.toThrow();
    expect(() => checkPossibleBuckets('1m', minutes(MAX_POSSIBLE_BUCKETS + 1), 0, far)).toThrow(
      TooManyCandles,
    );
  });
});
