import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BrokerCandle } from '../../src/broker/broker.js';
import {
  type BothSides,
  compareDay,
  gradeOf,
  type RecordedMinute,
  sharesOf,
} from '../../src/quality/comparison.js';
import { adjusted, asTraded, factorsOf } from '../../src/quality/scale.js';
import { addDays, istMidnight } from '../../src/sessions/ist.js';

const MINUTE = 60_000;
const OPEN = istMidnight('2026-11-20') + 9.25 * 60 * MINUTE;
const TOLERANCE = { tickSize: 0.05, volumeShare: 0 };

/** What becomes of a minute: the exchange's candle, and how it was recorded. */
const FATES = ['same', 'wrong', 'missing', 'extra', 'quiet', 'gap', 'healed', 'healed wrong'] as const;
type Fate = (typeof FATES)[number];

const candle = (index: number, price: number): BrokerCandle => ({
  time: OPEN + index * MINUTE,
  open: price,
  high: price + 2,
  low: price - 1,
  close: price + 1,
  volume: 100,
  openInterest: null,
});
const recorded = (of: BrokerCandle, source: string): RecordedMinute => ({
  ...of,
  trades: source === 'ticks' ? 4 : null,
  vwap: null,
  source,
});

function dayOf(fates: ReadonlyArray<{ fate: Fate; paise: number; off: number }>): BothSides {
  const ours: RecordedMinute[] = [];
  const theirs: BrokerCandle[] = [];
  const gaps: Array<{ from: number; to: number }> = [];
  for (const [i, { fate, paise, off }] of fates.entries()) {
    const truth = candle(i, paise / 20);
    const wrong = { ...truth, close: truth.close + off / 20 };
    if (fate !== 'quiet' && fate !== 'extra') theirs.push(truth);
    if (fate === 'same' || fate === 'extra') ours.push(recorded(truth, 'ticks'));
    if (fate === 'wrong') ours.push(recorded(wrong, 'ticks'));
    if (fate === 'healed') ours.push(recorded(truth, 'broker'));
    if (fate === 'healed wrong') ours.push(recorded(wrong, 'broker'));
    if (fate === 'gap') gaps.push({ from: truth.time, to: truth.time + MINUTE });
  }
  const sessions = [{ from: OPEN, to: OPEN + fates.length * MINUTE }];
  return { sessions, gaps, ours, theirs, replaced: new Map(), refused: [] };
}

const minutes = fc.array(
  fc.record({
    fate: fc.constantFrom(...FATES),
    paise: fc.integer({ min: 2_000, max: 40_000 }),
    off: fc.integer({ min: 1, max: 40 }),
  }),
  { minLength: 1, maxLength: 120 },
);

describe('a comparison', () => {
  it('counts each minute as what became of it, and replaces exactly what is not the broker’s', () => {
    fc.assert(
      fc.property(minutes, (fates) => {
        const both = dayOf(fates);
        const found = compareDay(both, TOLERANCE);
        const count = (...which: Fate[]) => fates.filter(({ fate }) => which.includes(fate)).length;
        expect(found.compared).toBe(count('same', 'wrong'));
        expect(found.differing).toHaveLength(count('wrong'));
        expect(found.missing).toHaveLength(count('missing'));
        expect(found.extra).toHaveLength(count('extra'));
        expect(found.gapMs).toBe(count('gap') * MINUTE);
        expect(found.toReplace).toHaveLength(count('wrong', 'missing', 'healed wrong'));
        const { completeness } = sharesOf({
          ...found,
          differing: found.differing.length,
          missing: found.missing.length,
          extra: found.extra.length,
        });
        expect(completeness).toBeCloseTo(1 - count('gap', 'missing') / fates.length, 9);
      }),
    );
  });

  it('finds nothing to replace a second time, and says the same of what was recorded', () => {
    fc.assert(
      fc.property(minutes, (fates) => {
        const both = dayOf(fates);
        const first = compareDay(both, TOLERANCE);
        const replacing = new Map(first.toReplace.map(({ theirs }) => [theirs.time, theirs]));
        const second = compareDay(
          {
            ...both,
            ours: [
              ...both.ours.filter(({ time }) => !replacing.has(time)),
              ...[...replacing.values()].map((their) => recorded(their, 'broker')),
            ],
            replaced: new Map(first.toReplace.map(({ ours, theirs }) => [theirs.time, ours])),
          },
          TOLERANCE,
        );
        expect(second.toReplace).toEqual([]);
        expect(second.compared).toBe(first.compared);
        expect(second.differing.length).toBe(first.differing.length);
        expect(second.missing.length).toBe(first.missing.length);
      }),
    );
  });

  it('takes prices within half a tick for equal, and volumes within the share allowed', () => {
    const truth = candle(0, 100);
    const day = (ours: Partial<BrokerCandle>) => ({
      ...dayOf([{ fate: 'same', paise: 2_000, off: 1 }]),
      ours: [recorded({ ...truth, ...ours }, 'ticks')],
    });
    const differs = (ours: Partial<BrokerCandle>) =>
      compareDay(day(ours), { tickSize: 0.05, volumeShare: 0.01 }).differing.flatMap(({ fields }) => fields);
    expect(differs({ close: truth.close + 0.02 })).toEqual([]);
    expect(differs({ close: truth.close + 0.05 })).toEqual(['close']);
    expect(differs({ volume: 101 })).toEqual([]);
    expect(differs({ volume: 102 })).toEqual(['volume']);
  });

  it.each([
    [1, 1, 'excellent'],
    [0.995, 1, 'excellent'],
    [1, 0.9949, 'good'],
    [0.95, 0.95, 'good'],
    [0.9499, 1, 'poor'],
    [1, null, 'excellent'],
    [null, null, undefined],
  ])('of completeness %s and accuracy %s is called %s', (completeness, accuracy, grade) => {
    expect(gradeOf({ completeness, accuracy })).toBe(grade);
  });
});

describe('scales', () => {
  const days = fc.integer({ min: 0, max: 60 });
  const changes = fc
    .uniqueArray(
      fc.record({
        exDate: days.map((n) => addDays('2026-10-01', n)),
        priceFactor: fc.constantFrom(0.1, 0.2, 0.5, 2 / 3, 0.97),
        volumeFactor: fc.constantFrom(1, 2, 5, 10),
      }),
      { selector: ({ exDate }) => exDate, maxLength: 4 },
    )
    .map((list) => list.toSorted((a, b) => (a.exDate < b.exDate ? -1 : 1)));

  it('as the broker tells it and back to as traded is the same, but for a paisa’s rounding', () => {
    fc.assert(
      fc.property(changes, days, fc.integer({ min: 10_000, max: 500_000 }), (list, day, paise) => {
        const traded = {
          ...candle(0, paise / 100),
          time: istMidnight(addDays('2026-10-01', day)),
          volume: 1_000,
        };
        const { price, volume } = factorsOf(list, traded.time);
        const told = {
          ...traded,
          open: Math.round(traded.open * price * 100) / 100,
          volume: traded.volume * volume,
        };
        const [back] = asTraded([told], list);
        expect(Math.abs(back!.open - traded.open)).toBeLessThanOrEqual(0.005 / price + 0.005 + 1e-9);
        expect(back!.volume).toBe(traded.volume);
      }),
    );
  });

  it('goes on after an ex-date from the close before it on the new scale, where nothing traded yet', () => {
    const list = [{ exDate: '2026-11-20', priceFactor: 0.5, volumeFactor: 2 }];
    const before = { ...recorded({ ...candle(0, 100), time: OPEN - 86_400_000 }, 'ticks'), complete: true };
    const flat = { ...before, time: OPEN, open: 101, high: 101, low: 101, close: 101, source: 'previous' };
    const [first, second] = adjusted([before, flat], list);
    expect(first!.close).toBe(50.5);
    expect(second).toMatchObject({ open: 50.5, high: 50.5, low: 50.5, close: 50.5 });
  });
});
