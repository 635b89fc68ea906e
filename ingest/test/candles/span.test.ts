import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { duration, intersect, overlaps, type Span, subtract, union } from '../../src/candles/span.js';

const END = 60;
const spans = fc
  .array(fc.tuple(fc.integer({ min: 0, max: END }), fc.integer({ min: 0, max: END })), { maxLength: 8 })
  .map((pairs) => pairs.map(([a, b]): Span => ({ from: Math.min(a, b), to: Math.max(a, b) })));

/** The milliseconds that are in `list`, one by one. */
const points = (list: readonly Span[]) =>
  Array.from({ length: END }, (_, t) => t).filter((t) => list.some((s) => t >= s.from && t < s.to));

describe('spans', () => {
  it('unite, intersect and subtract as sets of instants do', () => {
    fc.assert(
      fc.property(spans, spans, (a, b) => {
        const [ua, ub] = [union(a), union(b)];
        const inB = new Set(points(b));
        expect(points(ua)).toEqual(points(a));
        expect(points(intersect(ua, ub))).toEqual(points(a).filter((t) => inB.has(t)));
        expect(points(subtract(ua, ub))).toEqual(points(a).filter((t) => !inB.has(t)));
        expect(duration(ua)).toBe(points(a).length);
        expect(overlaps(ua, 20, 30)).toBe(points(a).some((t) => t >= 20 && t < 30));
      }),
    );
  });

  it('neither overlap nor touch after union', () => {
    fc.assert(
      fc.property(spans, (a) => {
        const united = union(a);
        for (let i = 1; i < united.length; i++) expect(united[i]!.from).toBeGreaterThan(united[i - 1]!.to);
      }),
    );
  });
});
