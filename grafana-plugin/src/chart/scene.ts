import type { CandleSeries } from './bar';
import type { Shape } from './heikin-ashi';
import type { Honesty } from './honesty';
import type { Note } from './model';
import type { Palette } from './palette';
import type { SessionBreak } from './sessions';
import type { Hole, Slot } from './timeline';

/** A note by the slots that it covers. */
export interface PlacedNote {
  first: number;
  last: number;
  note: Note;
}

/** What layers and marks draw: one entry a slot, plus what lies across slots. Filled by `SceneBuilder`. */
export interface Scene {
  slots: readonly Slot[];
  holes: readonly Hole[];
  breaks: readonly SessionBreak[];
  notes: readonly PlacedNote[];
  /** What must be told about each slot's bar; null where there is none. */
  honesty: readonly (Honesty | null)[];
  /** What is drawn for each bar: itself, or its Heikin-Ashi candle. */
  shapes: readonly (Shape | null)[];
  main: CandleSeries;
  palette: Palette;
  /** Index of the newest bar; -1 when there is none. */
  lastBar: number;
  opensSession(index: number): boolean;
  /** Whether the slot lies in a hole and has no bar: lines do not cross it. */
  isEmptyHole(index: number): boolean;
}
