import type { IChartApiBase, Time } from 'lightweight-charts';
import type { Prints } from '../model';
import type { Palette } from '../palette';
import type { Scene } from '../scene';

/** One thing drawn over all slots: the candles, the volume, an indicator. */
export interface Layer {
  /**
   * Draws slots from `from` on; 0 draws all of them anew. Otherwise `from` is the newest slot drawn so far or the one
   * after it, so that the library appends or replaces one bar and touches no other.
   */
  draw(scene: Scene, from: number): void;
  /** What the legend says of a slot. */
  read?(scene: Scene, index: number): Reading[];
}

/** A value in the legend. */
export interface Reading {
  title: string;
  color: string;
  text: string;
}

/** What every layer gets. */
export interface LayerContext {
  chart: IChartApiBase<Time>;
  palette: Palette;
  prints: Prints;
  /** Index of a pane that is still empty; its title is written in its corner. */
  newPane(title: string): number;
  /** The next of the palette's line colours. */
  nextColor(): string;
}

/** A price format that writes as Grafana does. `minMove` is the finest step that the axis may take. */
export const formatOf = (print: (value: number) => string, minMove = 0.01) => ({
  type: 'custom' as const,
  minMove,
  formatter: print,
});
