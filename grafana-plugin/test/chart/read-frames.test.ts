// @vitest-environment node
import { describe, expect, test } from 'vitest';
import { missingFields } from '../../src/chart/ohlc-fields';
import { readFrames } from '../../src/chart/read-frames';
import { closes, frame, MINUTE, OPEN } from './frames';

const OHLC = { open: [1, 2], high: [3, 4], low: [0.5, 1], close: [2, 3] };

describe('frames read as candles', () => {
  test('numbers of a frame that is no candles go beside the first candles by time', () => {
    const future = frame({ time: [OPEN + MINUTE, OPEN + 2 * MINUTE], volume: [7, 8] }, { refId: 'B' });
    const [main, other] = readFrames([closes([100, 101]), future]);
    expect(other).toBeUndefined();
    expect(main?.series.extras).toEqual(['volume']);
    expect(main?.series.bars.map((bar) => bar.extras)).toEqual([[null], [7]]);
    expect(main?.fields.extras.map(({ name }) => name)).toEqual(['volume']);
  });

  test('our own frame gives bars, gaps, interval and origin', () => {
    const gap = { from: OPEN + MINUTE, to: OPEN + 2 * MINUTE, reason: 'stall' };
    const meta = { instrument: 'NSE:INFY', interval: '5m', origin: 'simulator:1', gaps: [gap] };
    const more = {
      volume: [10, null],
      source: ['ticks', 'broker'],
      complete: [true, false],
      trades: [4, null],
    };
    const series = readFrames([closes([100, 101], more, meta)])[0]?.series;
    expect(series).toMatchObject({
      intervalMs: 5 * MINUTE,
      origin: 'simulator:1',
      gaps: [gap],
      honest: true,
      extras: ['trades'],
    });
    expect(series?.bars[1]).toMatchObject({
      volume: null,
      source: 'broker',
      complete: false,
      extras: [null],
    });
    expect(series?.bars[0]).toMatchObject({
      time: OPEN,
      close: 100,
      volume: 10,
      complete: true,
      extras: [4],
    });
  });

  test.each([
    ['milliseconds', [OPEN, OPEN + MINUTE]],
    ['seconds', [OPEN / 1000, OPEN / 1000 + 60]],
    ['dates', [new Date(OPEN), new Date(OPEN + MINUTE)]],
    ['ISO 8601', [new Date(OPEN).toISOString(), new Date(OPEN + MINUTE).toISOString()]],
    ['digits as text', [String(OPEN), String(OPEN + MINUTE)]],
  ])('time comes as %s', (_, time) => {
    const bars = readFrames([frame({ time: time as unknown[], ...OHLC })])[0]?.series.bars;
    expect(bars?.map((bar) => bar.time)).toEqual([OPEN, OPEN + MINUTE]);
  });

  test('names are taken in any case, text numbers as numbers, and a text time column without a type', () => {
    const csv = frame({
      Date: ['2026-11-20', '2026-11-21'],
      OPEN: ['1', '2'],
      High: [3, 4],
      low: [0.5, 1],
      CLOSE: [2, 3],
      Volume: ['7', ''],
    });
    const bars = readFrames([csv])[0]?.series.bars;
    expect(bars).toHaveLength(2);
    expect(bars?.[0]).toMatchObject({ open: 1, high: 3, low: 0.5, close: 2, volume: 7 });
    expect(bars?.[1]?.volume).toBeNull();
  });

  test('a vector of Grafana 9 reads like an array', () => {
    const vectors = frame({ time: [OPEN, OPEN + MINUTE], ...OHLC });
    const fields = vectors.fields.map((field) => {
      const array = field.values as unknown[];
      return { ...field, values: { length: array.length, get: (i: number) => array[i] } };
    });
    expect(readFrames([{ ...vectors, fields }])[0]?.series.bars.map((bar) => bar.close)).toEqual([2, 3]);
  });

  test('of rows with one time the last one wins, rows out of order are put in order', () => {
    const streamed = frame({
      time: [OPEN + MINUTE, OPEN, OPEN + MINUTE],
      open: [1, 1, 1],
      high: [2, 2, 9],
      low: [1, 1, 1],
      close: [2, 1, 8],
    });
    const bars = readFrames([streamed])[0]?.series.bars;
    expect(bars?.map(({ time, close }) => [time, close])).toEqual([
      [OPEN, 1],
      [OPEN + MINUTE, 8],
    ]);
  });

  test('rows without a price are left out, not drawn as zero', () => {
    const holes = frame({
      time: [OPEN, OPEN + MINUTE],
      open: [1, null],
      high: [2, null],
      low: [1, null],
      close: [2, null],
    });
    expect(readFrames([holes])[0]?.series.bars).toHaveLength(1);
  });

  test('a long frame gives a series for each name in its text column', () => {
    const long = frame({
      time: [OPEN, OPEN, OPEN + MINUTE, OPEN + MINUTE],
      symbol: ['A', 'B', 'A', 'B'],
      open: [1, 10, 2, 20],
      high: [1, 10, 2, 20],
      low: [1, 10, 2, 20],
      close: [1, 10, 2, 20],
    });
    const series = readFrames([long]).map((each) => each.series);
    expect(series.map(({ name, bars }) => [name, bars.map((bar) => bar.close)])).toEqual([
      ['A', [1, 2]],
      ['B', [10, 20]],
    ]);
  });

  test('frames without candles are left out and say what they lack', () => {
    const prices = frame({ time: [OPEN], price: [1] });
    expect(readFrames([prices])).toEqual([]);
    expect(missingFields(prices)).toEqual(['open', 'high', 'low', 'close']);
    expect(missingFields(frame({ open: [1], high: [1], low: [1], close: [1] }))).toEqual(['time']);
  });

  test('frames of one query and no name of their own keep different keys', () => {
    const keys = readFrames([closes([1, 2]), closes([3, 4])]).map((each) => each.series.key);
    expect(new Set(keys).size).toBe(2);
  });
});
