// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { Bar } from '../../src/chart/bar';
import { heikinAshi } from '../../src/chart/heikin-ashi';
import { percentFrom, percentText } from '../../src/chart/layers/compared';
import { studyOf } from '../../src/chart/studies/studies';
import type { StudySettings } from '../../src/chart/studies/study';
import { StudyValues } from '../../src/chart/studies/study-values';
import { MINUTE, OPEN } from './frames';

const bar = (i: number, close: number, more: Partial<Bar> = {}): Bar => ({
  time: OPEN + i * MINUTE,
  open: close,
  high: close + 1,
  low: close - 1,
  close,
  volume: 10,
  openInterest: null,
  vwap: null,
  source: null,
  complete: null,
  extras: [],
  ...more,
});
const slotsOf = (bars: (Bar | null)[]) =>
  bars.map((each, i) => ({ time: OPEN + i * MINUTE, bar: each, compared: [] }));
const noBreaks = (index: number): boolean => index === 0;

function run(settings: StudySettings, bars: (Bar | null)[], opens = noBreaks) {
  const values = new StudyValues(studyOf(settings)!);
  values.follow(slotsOf(bars), 0, opens);
  return bars.map((_, i) => values.at(i));
}
const prices = (closes: number[]) => closes.map((close, i) => bar(i, close));

/** Wilder's own example of the RSI (New Concepts in Technical Trading Systems), as StockCharts' school prints it. */
const WILDER = [
  44.3389, 44.0902, 44.1497, 43.6124, 44.3278, 44.8264, 45.0955, 45.4245, 45.8433, 46.0826, 45.8931, 46.0328,
  45.614, 46.282, 46.282, 46.0028, 46.0328, 46.4116, 46.2222,
];
const WILDER_RSI = [70.53, 66.32, 66.55, 69.41, 66.36];

describe('indicators', () => {
  test('SMA and EMA begin after a full period', () => {
    expect(run({ type: 'sma', period: 3 }, prices([1, 2, 3, 4])).map((values) => values?.[0])).toEqual([
      null,
      null,
      2,
      3,
    ]);
    const ema = run({ type: 'ema', period: 3 }, prices([2, 4, 6, 8])).map((values) => values?.[0]);
    expect(ema.slice(0, 2)).toEqual([null, null]);
    expect(ema[2]).toBeCloseTo(4.5);
    expect(ema[3]).toBeCloseTo(6.25);
  });

  test('RSI gives Wilder’s published values', () => {
    const rsi = run({ type: 'rsi', period: 14 }, prices(WILDER)).map((values) => values?.[0]);
    WILDER_RSI.forEach((value, i) => {
      expect(rsi[14 + i]).toBeCloseTo(value, 1);
    });
    expect(rsi[13]).toBeNull();
  });

  test('Bollinger bands lie two population deviations around the mean', () => {
    const last = run({ type: 'bollinger', period: 4 }, prices([2, 4, 4, 6])).pop();
    const deviation = Math.sqrt(2);
    expect(last?.[1]).toBe(4);
    expect(last?.[0]).toBeCloseTo(4 - 2 * deviation);
    expect(last?.[2]).toBeCloseTo(4 + 2 * deviation);
  });

  test('MACD is the difference of its averages, and its histogram of line and signal', () => {
    const rising = Array.from({ length: 60 }, (_, i) => 100 + i);
    const last = run({ type: 'macd' }, prices(rising)).pop();
    expect(last?.[0]).toBeCloseTo(7, 0);
    expect((last?.[0] ?? 0) - (last?.[1] ?? 0)).toBeCloseTo(last?.[2] ?? Number.NaN);
  });

  test('supertrend is below a rising price and above a falling one', () => {
    const up = Array.from({ length: 30 }, (_, i) => 100 + i * 2);
    const down = Array.from({ length: 30 }, (_, i) => 160 - i * 4);
    const all = [...up, ...down];
    const values = run({ type: 'supertrend', period: 10, multiplier: 3 }, prices(all));
    expect(values[29]?.[1]).toBe(1);
    expect(values[29]?.[0]).toBeLessThan(all[29]!);
    expect(values[59]?.[1]).toBe(-1);
    expect(values[59]?.[0]).toBeGreaterThan(all[59]!);
  });

  test('VWAP begins anew with each session and uses the bars’ own VWAP where there is one', () => {
    const bars = [
      bar(0, 10, { volume: 1 }),
      bar(1, 20, { volume: 3 }),
      bar(2, 40, { volume: 5 }),
      bar(3, 99, { vwap: 60, volume: 5 }),
    ];
    const values = run({ type: 'vwap' }, bars, (index) => index === 0 || index === 2).map(
      (each) => each?.[0],
    );
    expect(values).toEqual([10, 17.5, 40, 50]);
  });

  test('a VWAP bar without volume repeats the last, also when volume comes while it is in progress', () => {
    const values = new StudyValues(studyOf({ type: 'vwap' })!);
    const [a, quiet] = [bar(0, 10, { volume: 1 }), bar(1, 20, { volume: 0 })];
    values.follow(slotsOf([a, quiet]), 0, noBreaks);
    expect(values.at(1)).toEqual([10]);
    values.follow(slotsOf([a, { ...quiet, volume: 1 }]), 1, noBreaks);
    expect(values.at(1)).toEqual([15]);
    values.follow(slotsOf([a, { ...quiet, volume: 3 }]), 1, noBreaks);
    expect(values.at(1)).toEqual([17.5]);
  });

  test.each(['vwap', 'sma', 'ema', 'bollinger', 'rsi', 'macd', 'supertrend'] as const)(
    'a candle in progress gives %s the same as one computation of all bars',
    (type) => {
      const closes = Array.from({ length: 80 }, (_, i) => 100 + 10 * Math.sin(i / 5) + (i % 3));
      const live = new StudyValues(studyOf({ type })!);
      live.follow(slotsOf(prices(closes.slice(0, 60))), 0, noBreaks);
      for (let i = 60; i < 80; i++) {
        const until = closes.slice(0, i);
        live.follow(slotsOf([...prices(until), bar(i, 50)]), i, noBreaks);
        live.follow(slotsOf([...prices(until), bar(i, 150)]), i, noBreaks);
        live.follow(slotsOf([...prices(until), bar(i, closes[i]!)]), i, noBreaks);
      }
      const whole = run({ type }, prices(closes));
      for (let i = 0; i < 80; i++) {
        (whole[i] ?? []).forEach((value, k) => {
          if (value === null) expect(live.at(i)?.[k]).toBeNull();
          else expect(live.at(i)?.[k]).toBeCloseTo(value, 8);
        });
      }
    },
  );

  test('an empty place in a hole has no value, and a session that opens in it opens with the next bar', () => {
    const values = run(
      { type: 'vwap' },
      [bar(0, 10), null, bar(2, 40)],
      (index) => index === 0 || index === 1,
    );
    expect(values.map((each) => each?.[0] ?? null)).toEqual([10, null, 40]);
  });

  test('settings out of bounds fall back to the usual, and an unknown type is left out', () => {
    expect(studyOf({ type: 'sma', period: -3 })?.title).toBe('SMA 20');
    expect(studyOf({ type: 'macd', fast: 30, slow: 10 })?.title).toBe('MACD 30, 31, 9');
    expect(studyOf({ type: 'ichimoku' } as unknown as StudySettings)).toBeUndefined();
  });
});

describe('Heikin-Ashi', () => {
  test('opens in the middle of the candle before and closes at the mean of its own prices', () => {
    const first = heikinAshi({ ...bar(0, 0), open: 10, high: 14, low: 8, close: 12 }, null);
    expect(first).toEqual({ open: 11, close: 11, high: 14, low: 8 });
    const second = heikinAshi({ ...bar(1, 0), open: 12, high: 13, low: 11.5, close: 12.5 }, first);
    expect(second).toEqual({ open: 11, close: 12.25, high: 13, low: 11 });
  });
});

describe('comparison in per cent', () => {
  test('counts from the first value seen', () => {
    expect(percentFrom(200, 250)).toBe(25);
    expect(percentFrom(null, 250)).toBeNull();
    expect(percentFrom(0, 250)).toBeNull();
    expect([percentText(1.234), percentText(-0.4), percentText(0)]).toEqual(['+1.23%', '−0.40%', '0.00%']);
  });
});
