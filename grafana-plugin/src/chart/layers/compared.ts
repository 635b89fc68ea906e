import { type ISeriesApi, LineSeries, type Time } from 'lightweight-charts';
import type { Scene } from '../scene';
import { toChart } from '../time-axis';
import { formatOf, type Layer, type LayerContext, type Reading } from './layer';

/** Change of a value against a base in per cent; null where there is no base. */
export function percentFrom(base: number | null | undefined, value: number): number | null {
  return base === null || base === undefined || base === 0 ? null : (value / base - 1) * 100;
}

/** `+1.25%`, `−0.40%` with a true minus. */
export function percentText(percent: number): string {
  const sign = percent > 0 ? '+' : percent < 0 ? '−' : '';
  return `${sign}${Math.abs(percent).toFixed(2)}%`;
}

/** The close of a compared instrument. The scale is in per cent of what is seen first, as the library does it. */
export class ComparedLayer implements Layer {
  readonly #series: ISeriesApi<'Line', Time>;
  readonly #color: string;

  /**
   * @param position index of the instrument in `Slot.compared`
   * @param firstSeen index of the first slot on the screen
   */
  constructor(
    context: LayerContext,
    readonly name: string,
    readonly position: number,
    readonly firstSeen: () => number,
  ) {
    this.#color = context.nextColor();
    this.#series = context.chart.addSeries(LineSeries, {
      color: this.#color,
      lineWidth: 2,
      priceLineVisible: false,
      priceFormat: formatOf(context.prints.price),
    });
  }

  draw(scene: Scene, from: number): void {
    const item = (index: number) => {
      const slot = scene.slots[index] as Scene['slots'][number];
      const value = slot.compared[this.position] ?? null;
      return value === null ? { time: toChart(slot.time) } : { time: toChart(slot.time), value };
    };
    if (from === 0) this.#series.setData(scene.slots.map((_, index) => item(index)));
    else for (let i = from; i < scene.slots.length; i++) this.#series.update(item(i));
  }

  read(scene: Scene, index: number): Reading[] {
    const at = (slot: number) => scene.slots[slot]?.compared[this.position] ?? null;
    let here = index;
    while (here > 0 && at(here) === null) here--;
    let first = Math.max(0, this.firstSeen());
    while (first < here && at(first) === null) first++;
    const value = at(here);
    const percent = value === null ? null : percentFrom(at(first), value);
    return [{ title: this.name, color: this.#color, text: percent === null ? '–' : percentText(percent) }];
  }
}
