import { expect, test } from 'vitest';
import { frameCosts, type TraceEvent } from '../../bench/frame-costs';

const event = (name: string, ts: number, dur?: number, more: Partial<TraceEvent> = {}): TraceEvent => ({
  name,
  ph: 'X',
  pid: 1,
  tid: 1,
  ts,
  ...(dur === undefined ? {} : { dur }),
  ...more,
});
const frame = (ts: number) => event('AnimationFrame', ts, undefined, { ph: 'b' });

test('a frame costs its scripts, their garbage and its layout, each once, and what others took not at all', () => {
  const costs = frameCosts(
    [
      frame(0),
      event('FireAnimationFrame', 1_000, 4_000, { tdur: 3_000 }),
      event('FunctionCall', 1_500, 2_000, { tdur: 1_500 }),
      event('V8.GCScavenger', 6_000, 1_000),
      event('Layout', 8_000, 500),
      event('Paint', 9_000, 700),
      event('FunctionCall', 2_000, 9_000, { tid: 2 }),
      frame(16_000),
      event('FireAnimationFrame', 17_000, 2_000),
      frame(33_000),
    ],
    0,
    50_000,
  );
  expect(costs).toEqual([
    { scriptAndLayout: 4.5, wall: 5.5, paint: 0.7 },
    { scriptAndLayout: 2, wall: 2, paint: 0 },
  ]);
});

test('a frame that drew nothing does not make the others look cheap', () => {
  const events = [
    frame(0),
    event('EventDispatch', 100, 50),
    frame(16_000),
    event('FireAnimationFrame', 17_000, 9_000),
    frame(33_000),
  ];
  expect(frameCosts(events, 0, 50_000).map((cost) => cost.wall)).toEqual([9]);
});

test('only what happened between the marks counts, and a trace without frames is refused', () => {
  const events = [frame(0), event('FireAnimationFrame', 10, 5_000), frame(16_000), frame(33_000)];
  expect(frameCosts(events, 16_000, 50_000)).toEqual([]);
  expect(() => frameCosts([event('Layout', 0, 1)], 0, 10)).toThrow(/no frames/);
});
