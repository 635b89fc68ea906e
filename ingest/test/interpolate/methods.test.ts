import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { baseConfidence, interpolate, type TickHole, zeroFill } from '../../src/interpolate/methods.js';

const CALM = { regime: 'NORMAL', toSessionEdgeMs: 3 * 3_600_000 } as const;
const hole = (lengthMs: number, changed: Partial<TickHole> = {}): TickHole => ({
  from: 1_000,
  to: 1_000 + lengthMs,
  before: { at: 1_000, price: 100, volume: 5_000 },
  after: { at: 1_000 + lengthMs, price: 104, volume: 5_400 },
  minute: { vwap: 99.9, volume: 6_000, low: 99.8, high: 100.1 },
  tickSize: 0.05,
  ...changed,
});

describe('a hole of', () => {
  test('less than half a second lies on the line between its edges, its volume shared out', () => {
    expect(interpolate(hole(400), CALM)).toEqual([
      { time: 1_100, price: 101, volume: 100, method: 'linear', confidence: 0.84 },
      { time: 1_200, price: 102, volume: 100, method: 'linear', confidence: 0.84 },
      { time: 1_300, price: 103, volume: 100, method: 'linear', confidence: 0.84 },
    ]);
  });

  test('up to two seconds keeps the last price and claims no volume', () => {
    expect(interpolate(hole(500), CALM).map(({ method }) => method)).toEqual([]);
    expect(interpolate(hole(1_400), CALM)).toEqual([
      { time: 1_500, price: 100, volume: 0, method: 'last_known', confidence: 0.58 },
      { time: 2_000, price: 100, volume: 0, method: 'last_known', confidence: 0.58 },
    ]);
    expect(interpolate(hole(2_000), CALM)[0]!.method).toBe('last_known');
  });

  test('up to two seconds takes the last minute’s average price and volume while prices move much', () => {
    const rows = interpolate(hole(1_400), { ...CALM, regime: 'HIGH' });
    expect(rows).toEqual([
      { time: 1_500, price: 99.9, volume: 50, method: 'vwap', confidence: 0.493 },
      { time: 2_000, price: 99.9, volume: 50, method: 'vwap', confidence: 0.493 },
    ]);
    const wild = hole(1_400, { minute: { vwap: 99.9, volume: 6_000, low: 99.4, high: 100 } });
    expect(interpolate(wild, CALM)[0]).toMatchObject({ method: 'vwap', confidence: 0.493 });
  });

  test('more than two seconds is marked missing and claims nothing; zero fill is for those who ask', () => {
    expect(interpolate(hole(2_001), CALM)).toEqual([
      { time: 1_000, price: null, volume: null, method: 'missing', confidence: 0 },
    ]);
    const zero = zeroFill({ from: 0, to: 2_000, lastPrice: 100, isIndex: false }, 1);
    expect(zero.map(({ time, price, volume }) => [time, price, volume])).toEqual([
      [500, 100, 0],
      [1_000, 100, 0],
      [1_500, 100, 0],
    ]);
    expect(zero[0]).toMatchObject({ method: 'zero', confidence: 0.4 });
    expect(zeroFill({ from: 0, to: 2_000, lastPrice: 1, isIndex: true }, 1)[0]!.volume).toBeNull();
  });

  test('more than five seconds is the broker’s to fill', () => {
    expect(interpolate(hole(5_000), CALM)).toHaveLength(1);
    expect(interpolate(hole(5_001), CALM)).toEqual([]);
    expect(interpolate(hole(0), CALM)).toEqual([]);
  });
});

test('an index has no volume and no average price by volume', () => {
  const index: Partial<TickHole> = {
    before: { at: 1_000, price: 100, volume: null },
    after: { at: 2_000, price: 101, volume: null },
    minute: { vwap: null, volume: null, low: 90, high: 100 },
  };
  expect(interpolate(hole(300, index), CALM)[0]).toMatchObject({ method: 'linear', volume: null });
  expect(interpolate(hole(1_400, index), CALM)[0]).toMatchObject({ method: 'last_known', volume: null });
});

test('a guess is trusted less in a wild market and at the edges of a session', () => {
  const trust = (regime: 'NORMAL' | 'HIGH' | 'EXTREME' | null, toSessionEdgeMs = CALM.toSessionEdgeMs) =>
    interpolate(hole(300), { regime, toSessionEdgeMs })[0]!.confidence;
  expect([trust('NORMAL'), trust(null), trust('HIGH'), trust('EXTREME')]).toEqual([
    0.88, 0.836, 0.748, 0.616,
  ]);
  expect(trust('NORMAL', 60_000)).toBe(0.792);
});

test('the base of each method stays in its range, and falls with the length of the hole', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5_000 }), fc.integer({ min: 1, max: 5_000 }), (a, b) => {
      const [short, long] = a < b ? [a, b] : [b, a];
      for (const [method, low, high] of [
        ['linear', 0.8, 1],
        ['last_known', 0.5, 0.7],
        ['vwap', 0.5, 0.7],
        ['zero', 0.2, 0.4],
        ['missing', 0, 0],
      ] as const) {
        const [first, second] = [baseConfidence(method, short), baseConfidence(method, long)];
        expect(first).toBeGreaterThanOrEqual(second);
        expect(first).toBeLessThanOrEqual(high);
        expect(second).toBeGreaterThanOrEqual(low);
      }
    }),
  );
});
