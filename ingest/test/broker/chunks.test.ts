import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { chunkRange } from '../../src/broker/chunks.js';

describe('chunkRange', () => {
  it('covers the range exactly, in order, with pieces of at most the given length', () => {
    const ms = fc.integer({ min: 0, max: 10 ** 6 });
    fc.assert(
      fc.property(ms, ms, fc.integer({ min: 1000, max: 10 ** 6 }), (from, length, max) => {
        const pieces = chunkRange(from, from + length, max);
        expect(pieces.length).toBe(Math.ceil(length / max));
        let at = from;
        for (const piece of pieces) {
          expect(piece.from).toBe(at);
          expect(piece.to - piece.from).toBeGreaterThan(0);
          expect(piece.to - piece.from).toBeLessThanOrEqual(max);
          at = piece.to;
        }
        expect(at).toBe(from + length);
      }),
    );
  });

  it('gives nothing for an empty or swapped range and refuses a length that never gets there', () => {
    expect(chunkRange(5, 5, 1)).toEqual([]);
    expect(chunkRange(6, 5, 1)).toEqual([]);
    expect(() => chunkRange(0, 1, 0)).toThrow(RangeError);
    expect(() => chunkRange(0, 1, Number.NaN)).toThrow(RangeError);
  });
});
