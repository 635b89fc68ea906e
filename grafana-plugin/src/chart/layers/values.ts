import {
  AreaSeries,
  HistogramSeries,
  type ISeriesApi,
  LineSeries,
  type SeriesType,
  type Time,
} from 'lightweight-charts';
import { faded } from '../palette';
import type { Scene } from '../scene';
import { toChart } from '../time-axis';
import { CLEAR } from './candle-style';
import { formatOf, type Layer, type LayerContext, type Reading } from './layer';

/** What a layer of one value a slot draws, and how. */
export interface ValuesSpec {
  title: string;
  placement: 'overlay' | 'pane';
  style: 'line' | 'histogram' | 'area';
  color: string;
  print(value: number): string;
  value(scene: Scene, index: number): number | null;
  /** Colour of one slot, where it is not `color`. */
  tint?(scene: Scene, index: number): string | undefined;
  /** Part of the pane's height that stays free above and below, of an overlay. */
  margins?: { top: number; bottom: number };
  /** Smallest step on the axis. */
  minMove?: number;
  /** Whether the legend shows it in its second line. */
  inLegend: boolean;
}

/** Volume, open interest, or any further number of the frame: over the candles on a scale of its own, or in a pane. */
export class ValuesLayer implements Layer {
  readonly #series: ISeriesApi<SeriesType, Time>;

  constructor(
    { chart, newPane }: LayerContext,
    readonly spec: ValuesSpec,
  ) {
    const overlay = spec.placement === 'overlay';
    const options = {
      priceFormat: formatOf(spec.print, spec.minMove ?? 1),
      priceLineVisible: false,
      lastValueVisible: !overlay,
      ...(overlay ? { priceScaleId: `overlay-${spec.title}` } : {}),
    };
    const pane = overlay ? 0 : newPane(spec.title);
    if (spec.style === 'histogram') {
      this.#series = chart.addSeries(HistogramSeries, { ...options, color: spec.color }, pane);
    } else if (spec.style === 'area') {
      const area = {
        lineColor: spec.color,
        topColor: faded(spec.color, 0.35),
        bottomColor: faded(spec.color, 0.03),
      };
      this.#series = chart.addSeries(AreaSeries, { ...options, ...area, lineWidth: 1 }, pane);
    } else {
      this.#series = chart.addSeries(LineSeries, { ...options, color: spec.color, lineWidth: 1 }, pane);
    }
    this.#series
      .priceScale()
      .applyOptions({ scaleMargins: spec.margins ?? { top: 0.12, bottom: overlay ? 0.12 : 0.05 } });
  }

  draw(scene: Scene, from: number): void {
    const item = (index: number) => {
      const time = toChart((scene.slots[index] as Scene['slots'][number]).time);
      const value = this.spec.value(scene, index);
      if (value === null) return { time };
      // A point's colour is that of the stretch after it: none into a hole.
      const intoHole = this.spec.style === 'line' && scene.isEmptyHole(index + 1);
      const color = intoHole ? CLEAR : this.spec.tint?.(scene, index);
      return color ? { time, value, color } : { time, value };
    };
    if (from === 0) this.#series.setData(scene.slots.map((_, index) => item(index)) as never[]);
    else for (let i = from; i < scene.slots.length; i++) this.#series.update(item(i) as never);
  }

  read(scene: Scene, index: number): Reading[] {
    if (!this.spec.inLegend) return [];
    const value = this.spec.value(scene, index);
    return [
      { title: this.spec.title, color: this.spec.color, text: value === null ? '–' : this.spec.print(value) },
    ];
  }
}
