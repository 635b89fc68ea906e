import type { Bar, Gap } from './bar';
import { gapSentence, gapsOf, honestySentences, isPlain } from './honesty';
import type { Reading } from './layers/layer';
import type { Note, Prints } from './model';
import type { Scene } from './scene';

/** What the legend and the hover text say of a place on the chart. */
export interface SlotReading {
  time: number;
  /** The date and time in words. */
  when: string;
  bar: Bar | null;
  /** Close against the bar before; null for the first bar. */
  change: number | null;
  changePercent: number | null;
  /** Indicators, compared instruments and further fields. */
  values: readonly Reading[];
  /** Why the candle looks as it does; the holes under the cursor; annotations. Empty for a plain bar. */
  sentences: readonly string[];
  /** Whether all there is to tell is that the candle is healed: said, but not in the way. */
  onlyHealed: boolean;
  notes: readonly Note[];
  /** Whether the reading is of the newest bar because nobody points at one. */
  latest: boolean;
}

/** Reads a slot; undefined when there is none. */
export function readSlot(
  scene: Scene,
  index: number,
  values: readonly Reading[],
  prints: Prints,
  latest: boolean,
): SlotReading | undefined {
  const slot = scene.slots[index];
  if (!slot) return undefined;
  const { bar } = slot;
  const honesty = scene.honesty[index] ?? null;
  const before = barBefore(scene, index);
  const change = bar && before ? bar.close - before.close : null;
  const gaps = gapsUnder(scene, index);
  const sentences: string[] = [];
  if (bar && honesty && !isPlain(honesty)) {
    sentences.push(...honestySentences(honesty, scene.main.intervalMs, gaps.length > 0));
  }
  for (const gap of gaps) sentences.push(gapSentence(gap, prints.clock));
  return {
    time: slot.time,
    when: prints.instant(slot.time),
    bar,
    change,
    changePercent: change !== null && before && before.close !== 0 ? (change / before.close) * 100 : null,
    values,
    sentences,
    onlyHealed: sentences.length === 1 && gaps.length === 0 && !honesty?.inProgress && !honesty?.incomplete,
    notes: scene.notes.filter((note) => note.first <= index && note.last >= index).map(({ note }) => note),
    latest,
  };
}

/** Holes of the bar's time, and those whose drawn band covers the slot: a long hole has fewer slots than time. */
function gapsUnder(scene: Scene, index: number): Gap[] {
  const slot = scene.slots[index];
  if (!slot) return [];
  const drawn = scene.holes
    .filter((hole) => hole.first <= index && hole.last >= index)
    .map((hole) => hole.gap);
  return slot.bar ? gapsOf(slot, scene.main.intervalMs, drawn) : drawn;
}

function barBefore(scene: Scene, index: number): Bar | null {
  for (let i = index - 1; i >= 0; i--) {
    const bar = scene.slots[i]?.bar;
    if (bar) return bar;
  }
  return null;
}
