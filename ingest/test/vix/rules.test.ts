import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MINUTE_MS, type VixMinute, type VixRow } from '../../src/vix/minute.js';
import { VixRules } from '../../src/vix/rules.js';
import { VIX_DEFAULTS, type VixSettings } from '../../src/vix/settings.js';

const START = Date.parse('2026-11-20T09:15:00+05:30');

/** A minute a value, one right after the other; null is a minute that is missing. */
function series(values: ReadonlyArray<number | null>, start = START): VixMinute[] {
  return values.flatMap((close, i) =>
    close === null ? [] : [{ time: start + i * MINUTE_MS, open: close, high: close, low: close, close }],
  );
}
function run(
  minutes: readonly VixMinute[],
  settings: VixSettings = VIX_DEFAULTS,
  rules = new VixRules(settings),
) {
  return minutes.map((minute) => rules.step(minute));
}
const rowsOf = (values: ReadonlyArray<number | null>, settings?: VixSettings) =>
  run(series(values), settings).map(({ row }) => row);
const repeat = (value: number, times: number) => Array.from({ length: times }, () => value);
/** The mean of one minute, so that a test can script it. */
const direct: VixSettings = { ...VIX_DEFAULTS, meanMinutes: 1 };
const regimes = (values: ReadonlyArray<number | null>, settings = direct) =>
  rowsOf(values, settings).map(({ regime }) => regime);

describe('trend and push', () => {
  it('pushes the first value and then what is more than 0.5 % from the last pushed, however slowly it got there', () => {
    const derived = run(series([20, 20.05, 20.1, 20.11, 20.15, 20.22, 20.15, 20.11]));
    expect(derived.map(({ pushed }) => pushed)).toEqual([true, false, false, true, false, true, false, true]);
    expect(derived.map(({ row }) => row.published)).toEqual([20, 20, 20, 20.11, 20.11, 20.22, 20.22, 20.11]);
  });

  it('is UP or DOWN when a value is more than 1 % from the last published one, else STABLE', () => {
    const trends = rowsOf([20, 20.2, 20.45, 20.46, 20.2, 20.19]).map(({ trend }) => trend);
    // 20.2 is exactly 1 % from 20; it is published (1 % > 0.5 %), 20.45 is 1.24 % from it; 20.2 is 1.22 % below 20.45.
    expect(trends).toEqual(['STABLE', 'STABLE', 'UP', 'STABLE', 'DOWN', 'STABLE']);
  });

  it('compares with the last published value over a night', () => {
    const evening = series([20, 20.05]);
    const morning = series([20.15, 20.5], START + 18 * 60 * MINUTE_MS);
    const rows = run([...evening, ...morning]).map(({ row }) => row);
    expect(rows.map(({ trend }) => trend)).toEqual(['STABLE', 'STABLE', 'STABLE', 'UP']);
    expect(rows[2]!.change).toBe(0.1);
  });

  it('takes its thresholds from the settings', () => {
    const derived = run(series([20, 20.3, 20.9]), { ...VIX_DEFAULTS, trendPercent: 2, pushPercent: 2 });
    expect(derived.map(({ row, pushed }) => [row.trend, pushed])).toEqual([
      ['STABLE', true],
      ['STABLE', false],
      ['UP', true],
    ]);
  });
});

describe('regime', () => {
  it('begins where the first mean stands: LOW below 15, NORMAL below 25, HIGH below 35, EXTREME above', () => {
    for (const [value, regime] of [
      [14.99, 'LOW'],
      [15, 'NORMAL'],
      [24.99, 'NORMAL'],
      [25, 'HIGH'],
      [34.99, 'HIGH'],
      [35, 'EXTREME'],
    ] as const) {
      expect(regimes([value])).toEqual([regime]);
    }
  });

  it('changes when the mean was past a threshold by 2 % in three minutes one after the other', () => {
    expect(regimes([24, 25.5, 25.5, 25.5, 25.5])).toEqual(['NORMAL', 'NORMAL', 'NORMAL', 'HIGH', 'HIGH']);
    expect(regimes([24, 25.49, 25.49, 25.49, 25.49])).toEqual(repeat(0, 5).map(() => 'NORMAL'));
    expect(regimes([24, 25.5, 25.5, 25.4, 25.5, 25.5, 25.5]).at(-2)).toBe('NORMAL');
    expect(regimes([24, 25.5, 25.5, 25.4, 25.5, 25.5, 25.5]).at(-1)).toBe('HIGH');
    expect(regimes([26, 24.6, 24.6, 24.6, 24.5, 24.5, 24.5])).toEqual([
      ...repeat(0, 6).map(() => 'HIGH'),
      'NORMAL',
    ]);
  });

  it('counts a missing minute as none', () => {
    expect(regimes([24, 26, 26, null, 26, 26, 26]).map((regime) => regime === 'HIGH')).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  it('crosses two thresholds at once when it leaps, and one first when it is past one only', () => {
    expect(regimes([14, 30, 30, 30])).toEqual(['LOW', 'LOW', 'LOW', 'HIGH']);
    expect(regimes([14, 25.2, 25.2, 25.2])).toEqual(['LOW', 'LOW', 'LOW', 'NORMAL']);
    expect(regimes([40, 10, 10, 10])).toEqual(['EXTREME', 'EXTREME', 'EXTREME', 'LOW']);
  });

  it('follows the mean of the last 20 minutes by the clock, not the value', () => {
    const values = [...repeat(20, 20), ...repeat(40, 25)];
    const rows = rowsOf(values);
    expect(rows[20]!.mean).toBe(21);
    expect(rows[29]!.mean).toBe(30);
    // The mean passes 25.5 with the sixth 40 (26) and has been past it in three minutes with the eighth.
    expect(rows.findIndex(({ regime }) => regime === 'HIGH')).toBe(27);
    expect(rows.findIndex(({ regime }) => regime === 'EXTREME')).toBe(20 + 16 - 1 + 2);
    const afterNight = run(
      [...series(repeat(20, 20)), ...series([30], START + 18 * 60 * MINUTE_MS)],
      VIX_DEFAULTS,
    );
    expect(afterNight.at(-1)!.row.mean).toBe(30);
  });
});

const value = fc.integer({ min: 800, max: 6_000 }).map((hundredths) => hundredths / 100);
const minute = fc.oneof({ weight: 9, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) });
const LEVEL = { LOW: 0, NORMAL: 1, HIGH: 2, EXTREME: 3 };

describe('whatever the index does', () => {
  it('holds a regime as long as the mean stays within the margin of the threshold', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(15, 25, 35),
        fc.array(fc.double({ min: -0.0199, max: 0.0199, noNaN: true }), { minLength: 1, maxLength: 200 }),
        (threshold, distances) => {
          const seen = regimes(distances.map((distance) => threshold * (1 + distance)));
          expect(new Set(seen).size).toBe(1);
        },
      ),
    );
  });

  it('changes the regime only after three minutes past a threshold that lies between old and new, and turns back no sooner', () => {
    fc.assert(
      fc.property(fc.array(minute, { minLength: 1, maxLength: 150 }), (values) => {
        const rows = rowsOf(values, { ...VIX_DEFAULTS, meanMinutes: 3 });
        let changed = { at: Number.NEGATIVE_INFINITY, up: false };
        rows.forEach((row, i) => {
          const before = rows[i - 1];
          if (!before || before.regime === row.regime) return;
          const last = rows.slice(i - 2, i + 1);
          expect(last).toHaveLength(3);
          expect(row.time - last[0]!.time).toBe(2 * MINUTE_MS);
          const up = LEVEL[row.regime] > LEVEL[before.regime];
          const crossed = [15, 25, 35][up ? LEVEL[row.regime] - 1 : LEVEL[row.regime]]!;
          for (const { mean } of last) {
            if (up) expect(mean).toBeGreaterThanOrEqual(crossed * 1.02 - 1e-9);
            else expect(mean).toBeLessThanOrEqual(crossed * 0.98 + 1e-9);
          }
          if (up !== changed.up) expect(i - changed.at).toBeGreaterThanOrEqual(3);
          changed = { at: i, up };
        });
      }),
    );
  });

  it('goes on after a restart at any minute as if there had been none', () => {
    fc.assert(
      fc.property(
        fc.array(minute, { minLength: 2, maxLength: 120 }),
        fc.nat(),
        fc.integer({ min: 1, max: 20 }),
        fc.integer({ min: 1, max: 6 }),
        (values, cut, meanMinutes, holdMinutes) => {
          const settings = { ...VIX_DEFAULTS, meanMinutes, holdMinutes };
          const minutes = series(values);
          const whole = run(minutes, settings);
          const at = cut % (minutes.length + 1);
          const next = minutes[at]?.time ?? 0;
          const stored: VixRow[] = whole.slice(0, at).map(({ row }) => row);
          const recent = stored.filter(({ time }) => time >= next - VixRules.memoryMs(settings));
          const rules = new VixRules(settings, recent.length > 0 ? recent : stored.slice(-1));
          expect(run(minutes.slice(at), settings, rules)).toEqual(whole.slice(at));
        },
      ),
      { numRuns: 500 },
    );
  });
});
