// @vitest-environment node
import { describe, expect, test } from 'vitest';
import type { Bar } from '../../src/chart/bar';
import { gapSentence, honestyOf, honestySentences } from '../../src/chart/honesty';
import { candleStyle } from '../../src/chart/layers/candle-style';
import { lengthText } from '../../src/chart/reasons';
import { MINUTE, OPEN } from './frames';
import { PALETTE } from './palette';

const bar = (more: Partial<Bar> = {}): Bar => ({
  time: OPEN,
  open: 1,
  high: 3,
  low: 1,
  close: 2,
  volume: 1,
  openInterest: null,
  vwap: null,
  source: 'ticks',
  complete: true,
  extras: [],
  ...more,
});
const series = { intervalMs: MINUTE };
const LATER = OPEN + 10 * MINUTE;

describe('what is told of a candle', () => {
  test('one whose time is not over is in progress, three seconds of settling included', () => {
    expect(honestyOf(bar({ complete: false }), series, OPEN + 30_000, true).inProgress).toBe(true);
    expect(honestyOf(bar({ complete: false }), series, OPEN + MINUTE + 2_900, false).inProgress).toBe(true);
    expect(honestyOf(bar({ complete: false }), series, OPEN + MINUTE + 3_100, true)).toMatchObject({
      inProgress: false,
      incomplete: true,
    });
  });

  test('a frame that knows nothing of completeness has a last candle in progress and no incomplete ones', () => {
    expect(honestyOf(bar({ complete: null }), series, OPEN + 30_000, true).inProgress).toBe(true);
    expect(honestyOf(bar({ complete: null }), series, LATER, true)).toMatchObject({
      inProgress: false,
      incomplete: false,
    });
  });

  test('healed, mixed, incomplete, in progress, repeated and plain candles look different from each other', () => {
    const looks = [
      honestyOf(bar(), series, LATER, false),
      honestyOf(bar({ source: 'broker' }), series, LATER, false),
      honestyOf(bar({ source: 'mixed' }), series, LATER, false),
      honestyOf(bar({ source: 'previous' }), series, LATER, false),
      honestyOf(bar({ complete: false }), series, LATER, false),
      honestyOf(bar({ complete: false }), series, OPEN + 1, true),
    ].map((honesty) => JSON.stringify(candleStyle(bar(), honesty, PALETTE, false, true)));
    expect(new Set(looks).size).toBe(looks.length);
  });

  test('the broker’s day candle is the official one and heals nothing', () => {
    const day = { intervalMs: 24 * 60 * MINUTE };
    expect(honestyOf(bar({ source: 'broker' }), day, OPEN + 2 * day.intervalMs, false).origin).toBe('plain');
  });

  test('each says why', () => {
    const say = (more: Partial<Bar>, now = LATER) =>
      honestySentences(honestyOf(bar(more), series, now, true), MINUTE, false).join(' ');
    expect(say({})).toBe('');
    expect(say({ source: 'broker' })).toMatch(/broker’s history/);
    expect(say({ source: 'mixed' })).toMatch(/in part/);
    expect(say({ complete: false })).toMatch(/Incomplete/);
    expect(say({ complete: false }, OPEN + 1)).toMatch(/In progress/);
    expect(say({ source: 'previous' })).toMatch(/Nothing traded/);
  });

  test('a hole is told with its span, length, reason and what follows', () => {
    const gap = { from: OPEN, to: OPEN + 125_000, reason: 'disconnect' };
    const text = gapSentence(gap, (ms) => new Date(ms).toISOString().slice(11, 19));
    expect(text).toBe(
      'Hole 03:45:00 – 03:47:05 (2 min 5 s): the connection to the feed was lost. Looking at it heals it: refresh in a moment.',
    );
    expect(gapSentence({ ...gap, reason: 'new_reason' }, String)).toMatch(/: new reason\.$/);
  });

  test.each([
    [400, '400 ms'],
    [4_000, '4 s'],
    [60_000, '1 min'],
    [11_400_000, '3 h 10 min'],
    [172_800_000, '2 days'],
    [90_000_000, '1 day 1 h'],
  ])('%i ms is %s', (ms, text) => expect(lengthText(ms)).toBe(text));
});
