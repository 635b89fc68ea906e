import { heikinAshi, type Shape } from './heikin-ashi';
import { type Honesty, honestyOf } from './honesty';
import type { ChartModel, Note } from './model';
import type { Palette } from './palette';
import type { PlacedNote, Scene } from './scene';
import { sessionBreaks } from './sessions';
import { firstDifference, type Hole, layOut, type Slot, slotAtOrAfter, slotAtOrBefore } from './timeline';
import type { Zone } from './zone';

/** The next scene, and the first slot that differs from the one before. */
export interface NextScene {
  scene: Scene;
  changed: number;
}

/** Works out a scene of a model, and what of it has changed since `before`. */
export function buildScene(
  model: ChartModel,
  palette: Palette,
  zone: Zone,
  now: number,
  before: Scene | undefined,
): NextScene {
  const { slots, holes } = layOut(model.main, model.others);
  const lastBar = lastBarOf(slots);
  const honesty = slots.map((slot, i) =>
    slot.bar ? honestyOf(slot.bar, model.main, now, i === lastBar) : null,
  );
  const shapes = shapesOf(slots, model.options.chartType);
  const same = before && before.slots.length > 0 && before.palette === palette;
  const changed = same
    ? Math.min(firstDifference(before.slots, slots), firstOther(before.honesty, honesty))
    : 0;
  // A scene that lost slots at its end cannot be updated in place.
  const from = before && before.slots.length > slots.length ? 0 : changed;
  const breaks =
    before && same && before.slots.length === slots.length && from > 0
      ? before.breaks
      : sessionBreaks(slots, model.main.intervalMs, zone);
  const opens = new Set(breaks.map((each) => each.index));
  const empty = emptySlots(slots, holes);
  const scene: Scene = {
    slots,
    holes,
    breaks,
    notes: model.options.markers
      ? model.notes.flatMap((note) => place(note, slots, model.main.intervalMs))
      : [],
    honesty,
    shapes,
    main: model.main,
    palette,
    lastBar,
    opensSession: (index) => index === 0 || opens.has(index),
    isEmptyHole: (index) => empty.has(index),
  };
  return { scene, changed: from };
}

function emptySlots(slots: readonly Slot[], holes: readonly Hole[]): Set<number> {
  const empty = new Set<number>();
  for (const { first, last } of holes) {
    for (let i = first; i <= last; i++) if (slots[i] && !slots[i]?.bar) empty.add(i);
  }
  return empty;
}

function lastBarOf(slots: readonly Slot[]): number {
  for (let i = slots.length - 1; i >= 0; i--) if (slots[i]?.bar) return i;
  return -1;
}

function shapesOf(slots: readonly Slot[], type: ChartModel['options']['chartType']): (Shape | null)[] {
  if (type !== 'heikin-ashi') return slots.map((slot) => slot.bar);
  let before: Shape | null = null;
  return slots.map((slot) => {
    if (!slot.bar) return null;
    before = heikinAshi(slot.bar, before);
    return before;
  });
}

function firstOther(before: readonly (Honesty | null)[], after: readonly (Honesty | null)[]): number {
  const common = Math.min(before.length, after.length);
  for (let i = 0; i < common; i++) {
    const [a, b] = [before[i], after[i]];
    if (a?.inProgress !== b?.inProgress || a?.incomplete !== b?.incomplete || a?.origin !== b?.origin)
      return i;
  }
  return common;
}

/** The slots of a note; none when it lies outside of what is drawn. A moment between bars falls on the bar before. */
function place(note: Note, slots: readonly Slot[], intervalMs: number): PlacedNote[] {
  const [oldest, newest] = [slots[0], slots[slots.length - 1]];
  if (!oldest || !newest || note.to < oldest.time || note.from >= newest.time + Math.max(1, intervalMs))
    return [];
  if (note.to <= note.from) {
    const at = Math.max(0, slotAtOrBefore(slots, note.from));
    return [{ note, first: at, last: at }];
  }
  const holding = slotAtOrBefore(slots, note.from);
  const held = slots[holding];
  const first = held && held.time + intervalMs > note.from ? holding : slotAtOrAfter(slots, note.from);
  const last = slotAtOrBefore(slots, note.to - 1);
  // A region within closed hours has no bar of its own: it is a moment before the next one.
  return [
    {
      note,
      first: Math.min(first, slots.length - 1),
      last: Math.max(last, Math.min(first, slots.length - 1)),
    },
  ];
}
