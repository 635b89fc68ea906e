import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { FeedMode } from '../../../src/feed/feed.js';
import { partition, type Share, TooManyInstruments } from '../../../src/feed/kite/partition.js';

const limits = { connections: 3, perConnection: 6, canaries: [1, 2] };
const wanted = (tokens: Iterable<number>) => new Map([...tokens].map((t) => [t, 'full' as FeedMode]));

describe('partition', () => {
  it('keeps every instrument on its connection while others come and go, within the limits', () => {
    const set = fc.uniqueArray(fc.integer({ min: 1, max: 40 }), { maxLength: 14 });
    fc.assert(
      fc.property(fc.array(set, { minLength: 1, maxLength: 8 }), (sets) => {
        let shares: Share[] = [];
        for (const tokens of sets) {
          const asked = tokens.filter((t) => !limits.canaries.includes(t)).length;
          if (asked > 12) {
            expect(() => partition(wanted(tokens), shares, limits)).toThrow(TooManyInstruments);
            continue;
          }
          const next = partition(wanted(tokens), shares, limits);
          expect(next.flatMap((share) => [...share.keys()]).sort()).toEqual([...tokens].sort());
          expect(next.length).toBeLessThanOrEqual(3);
          for (const [slot, share] of next.entries()) {
            expect(new Set([...share.keys(), ...limits.canaries]).size).toBeLessThanOrEqual(6);
            for (const token of shares[slot]?.keys() ?? []) {
              if (tokens.includes(token)) expect(share.has(token)).toBe(true);
            }
          }
          shares = next;
        }
      }),
      { numRuns: 300 },
    );
  });

  it('opens no more connections than it needs', () => {
    expect(partition(wanted([1, 2, 3, 4, 5, 6]), [], limits).length).toBe(1);
    expect(partition(wanted([3, 4, 5, 6, 7]), [], limits).length).toBe(2);
  });

  it('takes the new mode of an instrument that stays', () => {
    const before = partition(wanted([3]), [], limits);
    expect(partition(new Map([[3, 'ltp']]), before, limits)).toEqual([new Map([[3, 'ltp']])]);
  });

  it('says in a sentence how many fit', () => {
    const tokens = Array.from({ length: 8995 }, (_, i) => i + 10);
    expect(() => partition(wanted(tokens), [], { ...limits, perConnection: 3000 })).toThrow(
      '8995 instruments were asked for, but 3 connections of 3000 instruments carry 8994 beside the canaries',
    );
  });
});
