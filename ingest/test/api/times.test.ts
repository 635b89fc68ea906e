import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { iso, isoSeries, parseInstant } from '../../src/api/times.js';

describe('times', () => {
  it('writes a series exactly as single instants', () => {
    const instant = fc.integer({ min: Date.UTC(1994, 0), max: Date.UTC(2100, 0) });
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            instant,
            instant.map((ms) => ms - (ms % 60_000)),
          ),
        ),
        (times) => {
          const write = isoSeries();
          expect(times.map(write)).toEqual(times.map(iso));
        },
      ),
    );
  });

  it('reads back every instant it writes, in UTC, in IST and as a number', () => {
    fc.assert(
      fc.property(fc.integer({ min: Date.UTC(1994, 0, 2), max: Date.UTC(2099, 0) }), (ms) => {
        expect(parseInstant('from', iso(ms), 'start')).toBe(ms);
        expect(parseInstant('from', String(ms), 'end')).toBe(ms);
        const ist = `${iso(ms + 19_800_000).slice(0, -1)}+05:30`;
        expect(parseInstant('from', ist, 'start')).toBe(ms);
        expect(parseInstant('from', ist.replace('+', ' '), 'start')).toBe(ms);
      }),
    );
  });

  it('takes a date as the IST day: from its midnight, up to the next', () => {
    expect(iso(parseInstant('from', '2026-11-20', 'start'))).toBe('2026-11-19T18:30:00.000Z');
    expect(iso(parseInstant('to', '2026-11-20', 'end'))).toBe('2026-11-20T18:30:00.000Z');
    expect(iso(parseInstant('to', '2024-02-29', 'end'))).toBe('2024-02-29T18:30:00.000Z');
  });

  it.each([
    '',
    'now',
    '2026-13-01',
    '2026-02-29',
    '2026-11-20T25:00:00Z',
    '-5',
    '1e12',
    '2026-11-20T09:15',
    '1763600000',
  ])('refuses %j and names the field', (text) => {
    expect(() => parseInstant('from', text, 'start')).toThrow(/^from /);
  });
});
