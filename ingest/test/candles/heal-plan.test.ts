import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bucketStart, INTERVAL_MS, roundOut } from '../../src/candles/buckets.js';
import { type HealTimes, planFetches } from '../../src/candles/heal-plan.js';
import { duration, intersect, subtract, union } from '../../src/candles/span.js';
import { ist } from './market.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const OPEN = ist('2026-11-20 09:15');
const CLOSE = ist('2026-11-20 15:30');
const sessions = [{ from: OPEN, to: CLOSE }];
const times = (now: number): HealTimes => ({
  now,
  settleMs: 120_000,
  daySettleMs: 0,
  healAsMinutesMs: 7 * 24 * HOUR,
});

describe('the plan to heal', () => {
  it('asks for exactly the settled buckets that the holes touch, in requests within the range', () => {
    const hole = fc
      .tuple(fc.integer({ min: 0, max: 6 * HOUR }), fc.integer({ min: 1, max: HOUR }))
      .map(([from, length]) => ({
        from: OPEN + from,
        to: Math.min(OPEN + from + length, CLOSE),
        reason: 'disconnect',
      }));
    fc.assert(
      fc.property(
        fc.array(hole, { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 0, max: 8 * HOUR }),
        (holes, rangeMinutes, elapsed) => {
          const now = OPEN + elapsed;
          const range = rangeMinutes * MINUTE;
          const fetches = planFetches('1m', holes, { sessions }, times(now), () => range);
          const asked = union(fetches.flatMap((fetch) => fetch.spans));
          const settled = bucketStart('1m', now - 120_000);
          const wanted = intersect(union(holes.map((h) => roundOut('1m', h))), [{ from: 0, to: settled }]);
          expect(asked).toEqual(wanted);
          expect(duration(fetches.flatMap((fetch) => fetch.spans))).toBe(duration(asked));
          for (const fetch of fetches) {
            expect(fetch.to - fetch.from).toBeLessThanOrEqual(range);
            expect(subtract(fetch.spans, [fetch])).toEqual([]);
          }
        },
      ),
    );
  });

  it('splits a wide hole at the age from which minutes are no longer asked for', () => {
    const now = CLOSE + 24 * HOUR;
    const gaps = [{ from: now - 10 * 24 * HOUR, to: now - 24 * HOUR, reason: 'not_subscribed' }];
    const fetches = planFetches('1h', gaps, { sessions }, times(now), () => 60 * 24 * HOUR);
    const edge = bucketStart('1h', now - 7 * 24 * HOUR);
    expect(fetches.map(({ interval, from, to }) => [interval, from, to])).toEqual([
      ['1h', bucketStart('1h', gaps[0]!.from), edge],
      ['1m', edge, gaps[0]!.to],
    ]);
  });

  it('takes the clipped last hour as over when its session is', () => {
    const gaps = [{ from: ist('2026-10-01 15:15'), to: ist('2026-10-01 15:30'), reason: 'stall' }];
    const hours = { sessions: [{ from: ist('2026-10-01 09:15'), to: ist('2026-10-01 15:30') }] };
    const old = (now: string) =>
      planFetches('1h', gaps, hours, { ...times(ist(now)), healAsMinutesMs: -HOUR }, () => 24 * HOUR);
    expect(old('2026-10-01 15:31')).toEqual([]);
    expect(old('2026-10-01 15:32').map(({ interval, to }) => [interval, to])).toEqual([
      ['1h', ist('2026-10-01 15:15') + INTERVAL_MS['1h']],
    ]);
  });

  it('leaves alone what has expired and what failed a moment ago', () => {
    const gaps = ['expired', 'broker_unavailable'].map((reason) => ({ from: OPEN, to: CLOSE, reason }));
    expect(planFetches('1m', gaps, { sessions }, times(CLOSE + HOUR), () => 24 * HOUR)).toEqual([]);
  });
});
