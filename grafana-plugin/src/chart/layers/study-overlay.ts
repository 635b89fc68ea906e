import type { ISeriesApi, SeriesType, Time } from 'lightweight-charts';
import type { Print } from '../model';
import { faded, type Palette } from '../palette';
import type { Scene } from '../scene';
import type { Study } from '../studies/study';
import { StudyValues } from '../studies/study-values';
import type { Layer, LayerContext, Reading } from './layer';
import { type OverlayItem, OverlayLines } from './overlay-lines';

/** An indicator drawn on the price. */
export class StudyOverlayLayer implements Layer {
  readonly #values: StudyValues;
  readonly #lines: OverlayLines;
  readonly #color: string;
  readonly #print: Print;

  constructor(
    context: LayerContext,
    readonly study: Study,
    price: ISeriesApi<SeriesType, Time>,
  ) {
    this.#values = new StudyValues(study);
    this.#color = study.color ?? context.nextColor();
    this.#print = context.prints.price;
    const band = study.drawn === 'band';
    this.#lines = new OverlayLines({
      colors: band ? [faded(this.#color, 0.7), this.#color, faded(this.#color, 0.7)] : [this.#color],
      widths: study.drawn === 'trend' ? [2] : band ? [1, 1, 1] : [1.5],
      fill: band ? faded(this.#color, 0.07) : null,
    });
    price.attachPrimitive(this.#lines);
  }

  draw(scene: Scene, changed: number): void {
    const from = this.#values.follow(scene.slots, changed, scene.opensSession);
    const items: (OverlayItem | undefined)[] = [];
    for (let i = from; i < scene.slots.length; i++) items.push(this.#item(scene, i));
    this.#lines.put(from, items);
  }

  #item(scene: Scene, index: number): OverlayItem | undefined {
    const slot = scene.slots[index] as Scene['slots'][number];
    const values = this.#values.at(index);
    const shown =
      values?.slice(0, this.study.drawn === 'band' ? 3 : 1).filter((value) => value !== null) ?? [];
    if (!slot.bar || shown.length === 0) return undefined;
    const item: OverlayItem = { values: shown };
    if (scene.isEmptyHole(index - 1)) item.breaks = true;
    if (this.study.drawn === 'session-line' && scene.opensSession(index)) item.breaks = true;
    if (this.study.drawn === 'trend') {
      const direction = values?.[1] ?? 0;
      item.tone = toneOf(direction, scene.palette, this.study.color);
      if (this.#values.at(index - 1)?.[1] !== direction) item.breaks = true;
    }
    return item;
  }

  read(_scene: Scene, index: number): Reading[] {
    const values = this.#values.at(index);
    const shown = this.study.drawn === 'band' ? values?.slice(0, 3) : values?.slice(0, 1);
    const known = shown?.filter((value): value is number => value !== null) ?? [];
    const text = known.length > 0 ? known.map(this.#print).join(' · ') : '–';
    return [{ title: this.study.title, color: this.#color, text }];
  }
}

const toneOf = (direction: number, palette: Palette, color: string | undefined) =>
  color ?? (direction >= 0 ? palette.up : palette.down);
