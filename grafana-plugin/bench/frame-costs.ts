/** An event of Chromium's trace; times in microseconds. */
export interface TraceEvent {
  name: string;
  /** `X` has a duration, `B` and `E` are its two ends, `M` is about the trace itself. */
  ph: string;
  pid: number;
  tid: number;
  ts: number;
  dur?: number;
  /** What of `dur` the thread ran on a processor. */
  tdur?: number;
  args?: { name?: string };
}

/** What a frame cost its main thread, in milliseconds. */
export interface FrameCost {
  /** Processor time of scripts, their garbage, style and layout. */
  scriptAndLayout: number;
  /** The same by the clock on the wall, with the waiting for a processor that others had. */
  wall: number;
  /** Processor time of the recording of paint besides. */
  paint: number;
}

const SCRIPT_AND_LAYOUT = new Set([
  'EvaluateScript',
  'EventDispatch',
  'FireAnimationFrame',
  'FunctionCall',
  'HitTest',
  'Layout',
  'MajorGC',
  'MinorGC',
  'PrePaint',
  'RunMicrotasks',
  'TimerFire',
  'UpdateLayoutTree',
  'UpdateLayerTree',
]);
const PAINT = new Set(['Paint', 'Layerize', 'Commit']);
/** A frame of the main thread begins, as Chromium calls it since 2024, and before. */
const isFrame = ({ name, ph }: TraceEvent) =>
  (name === 'AnimationFrame' && ph === 'b') || name === 'BeginMainThreadFrame';
const isCollection = (name: string) => name.startsWith('V8.GC');

/**
 * Frames between `from` and `to` (trace time, microseconds) of the page's main thread, with what each cost. Frames in
 * which the page drew nothing, because the hand had not moved, are left out: they would make the others look cheap.
 */
export function frameCosts(events: readonly TraceEvent[], from: number, to: number): FrameCost[] {
  const thread = mainThread(events);
  const own = events.filter(
    (event) => `${event.pid}/${event.tid}` === thread && event.ts >= from && event.ts < to,
  );
  const starts = own
    .filter(isFrame)
    .map(({ ts }) => ts)
    .sort((a, b) => a - b);
  const cost = (counts: (name: string) => boolean, duration: (event: TraceEvent) => number) =>
    millisecondsWithin(
      starts,
      own.filter((event) => event.ph === 'X' && counts(event.name)),
      duration,
    );
  const counted = (name: string) => SCRIPT_AND_LAYOUT.has(name) || isCollection(name);
  const busy = cost(counted, processor);
  const wall = cost(counted, clock);
  const paint = cost((name) => PAINT.has(name), processor);
  const drew = cost((name) => name === 'FireAnimationFrame', clock);
  // The last one has no end.
  return starts
    .slice(0, -1)
    .flatMap((_, i) =>
      (drew[i] as number) > 0
        ? [{ scriptAndLayout: busy[i] as number, wall: wall[i] as number, paint: paint[i] as number }]
        : [],
    );
}

/** The renderer's main thread with the most frames: the page's. */
function mainThread(events: readonly TraceEvent[]): string {
  const frames = new Map<string, number>();
  for (const event of events) {
    const thread = `${event.pid}/${event.tid}`;
    if (isFrame(event)) frames.set(thread, (frames.get(thread) ?? 0) + 1);
  }
  const [most] = [...frames].sort(([, a], [, b]) => b - a);
  if (!most) throw new Error('The trace has no frames.');
  return most[0];
}

const clock = ({ dur = 0 }: TraceEvent) => dur;
const processor = ({ dur = 0, tdur }: TraceEvent) => tdur ?? dur;

/** Milliseconds of each frame that the events fill; an event within another is in that one's already. */
function millisecondsWithin(
  starts: readonly number[],
  events: readonly TraceEvent[],
  duration: (event: TraceEvent) => number,
): number[] {
  const totals = starts.map(() => 0);
  const sorted = [...events].sort((a, b) => a.ts - b.ts || (b.dur ?? 0) - (a.dur ?? 0));
  let [frame, done] = [-1, Number.NEGATIVE_INFINITY];
  for (const event of sorted) {
    if (event.ts < done) continue;
    done = event.ts + (event.dur ?? 0);
    while (frame + 1 < starts.length && (starts[frame + 1] as number) <= event.ts) frame += 1;
    if (frame >= 0) totals[frame] = (totals[frame] as number) + duration(event) / 1000;
  }
  return totals;
}
