import { describe, expect, test } from 'vitest';
import { SkewEstimate } from '../../src/batch/skew.js';
import { listening } from './listening.js';
import { at, INFY, NIFTY, packet } from './market.js';

const OPEN = at('10:00');
const MINUTE_MS = 60_000;

/** A session as a machine whose clock is `offMs` ahead hears it, from `from` to `to` seconds after OPEN. */
function heardBy(offMs: number, to: number) {
  const heard = listening({ start: OPEN + offMs });
  heard.connect(OPEN + offMs, [NIFTY, INFY]);
  for (let n = 0; n < to; n++) {
    const sent = OPEN + n * 1_000;
    heard.hear(
      sent + 150 + offMs,
      packet({ token: NIFTY, ltp: 2_500_000 + n, sent }),
      packet({ token: INFY, volume: 1_000 + n, traded: sent }),
    );
  }
  return heard;
}

describe.each([
  ['five minutes slow', -5 * MINUTE_MS],
  ['an hour slow', -60 * MINUTE_MS],
  ['five minutes fast', 5 * MINUTE_MS],
  ['three seconds slow', -3_000],
])('a machine whose clock is %s', (_name, offMs) => {
  test('takes ticks within seconds, at the exchange’s time, and claims nothing that it did not hear', async () => {
    const { take, pipeline, metrics } = heardBy(offMs, 60);
    const { ticks, truth } = take(OPEN + 60_000 + offMs);
    const infy = ticks.filter(({ token, source }) => token === INFY && source === 't');
    expect(infy.length).toBeGreaterThan(45);
    expect(infy.at(-1)!.time).toBe(OPEN + 59_000);
    expect(pipeline.coverage('kite-1').skew.ms).toBeCloseTo(offMs + 150, -2);
    const claimed = [...truth.coverage.values()].filter(({ from, to }) => to > from);
    for (const { from, to } of claimed) {
      expect(from).toBeGreaterThanOrEqual(OPEN);
      expect(to).toBeLessThanOrEqual(OPEN + 59_000);
    }
    const { values } = await metrics.registry.getSingleMetric('tickscope_clock_skew_seconds')!.get();
    expect(values[0]!.value).toBeCloseTo((offMs + 150) / 1000, 1);
    // A fast clock began its row in what is still to come, and claims nothing before.
    expect(claimed).toHaveLength(offMs > 0 ? 0 : 1);
    if (offMs <= 0) {
      expect(claimed[0]!.from).toBeLessThan(OPEN + 12_000);
      expect(claimed[0]!.to).toBeGreaterThan(OPEN + 50_000);
    }
  });
});

describe('the measured skew', () => {
  test('does not follow single packets of the future, however many there are beside good ones', () => {
    const skew = new SkewEstimate();
    for (let n = 0; n < 100; n++) {
      const now = OPEN + n * 1_000;
      expect(skew.sample(now + 100, now)).toBe(false);
      expect(skew.refused(now + 110, now + 20 * MINUTE_MS)).toBe(false);
    }
    expect(skew.ms).toBe(100);
  });

  test('does not follow states that are old, whose time stands still', () => {
    const skew = new SkewEstimate();
    for (let n = 0; n < 100; n++) skew.sample(OPEN + n * 1_000, OPEN - 10 * MINUTE_MS);
    expect(skew.known).toBe(false);
  });

  test('comes back when the clock is set right', () => {
    const skew = new SkewEstimate();
    for (let n = 0; n < 20; n++) skew.sample(OPEN + n * 1_000 - 20 * MINUTE_MS, OPEN + n * 1_000);
    expect(skew.ms).toBe(-20 * MINUTE_MS);
    for (let n = 20; n < 40; n++) skew.sample(OPEN + n * 1_000 + 80, OPEN + n * 1_000);
    expect(skew.ms).toBe(80);
  });
});
