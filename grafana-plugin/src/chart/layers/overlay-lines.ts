import type {
  AutoscaleInfo,
  ISeriesPrimitive,
  SeriesAttachedParameter,
  SeriesType,
  Time,
} from 'lightweight-charts';
import { type Bitmap, Painting } from '../marks/painting';
import { viewOf } from '../marks/visible';

/** Values of an indicator at one bar. */
export interface OverlayItem {
  values: readonly number[];
  /** Colour of the stretch that ends here, where it is not the series' own. */
  tone?: string;
  /** Whether the line begins anew here. */
  breaks?: boolean;
}

export interface OverlayLook {
  colors: readonly string[];
  widths: readonly number[];
  /** Fills between the first and the last value. */
  fill: string | null;
}

/** Where an item is drawn, in pixels of the canvas. */
interface Place {
  x: number;
  item: OverlayItem;
}

/**
 * Lines on the price scale that belong together: a moving average, Bollinger's three, a supertrend. Attached to the
 * candles' series and not a custom series of the library's, which copies all of its items in each frame: with 10,000
 * candles that alone was a quarter of a frame's scripts.
 */
export class OverlayLines
  extends Painting<SeriesAttachedParameter<Time, SeriesType>>
  implements ISeriesPrimitive<Time>
{
  /** By slot; undefined where there is nothing to draw. */
  #items: (OverlayItem | undefined)[] = [];
  constructor(readonly look: OverlayLook) {
    super('normal');
  }

  /** Takes items from slot `from` on; what was there is forgotten. */
  put(from: number, items: readonly (OverlayItem | undefined)[]): void {
    this.#items.length = Math.min(this.#items.length, from);
    for (const item of items) this.#items.push(item);
    this.on?.requestUpdate();
  }

  /** The price scale leaves room for the lines as for the candles. */
  autoscaleInfo(from: number, to: number): AutoscaleInfo | null {
    let [minValue, maxValue] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
    const last = Math.min(Math.ceil(to), this.#items.length - 1);
    for (let i = Math.max(0, Math.floor(from)); i <= last; i++) {
      for (const value of this.#items[i]?.values ?? []) {
        if (value < minValue) minValue = value;
        if (value > maxValue) maxValue = value;
      }
    }
    return minValue <= maxValue ? { priceRange: { minValue, maxValue } } : null;
  }

  protected draw({ context, horizontalPixelRatio: rx, verticalPixelRatio: ry }: Bitmap): void {
    const seen = this.#seen(rx);
    const series = this.on?.series;
    if (!series || seen.length === 0) return;
    const { colors, widths, fill } = this.look;
    const y = (value: number | undefined) =>
      value === undefined ? Number.NaN : (series.priceToCoordinate(value) ?? Number.NaN) * ry;
    const lines = colors.map((_, k) => Float64Array.from(seen, ({ item }) => y(item.values[k])));
    if (fill && lines.length > 1) this.#fill(context, seen, lines, fill);
    context.lineJoin = 'round';
    lines.forEach((ys, k) => {
      context.lineWidth = Math.max(1, (widths[k] ?? 1) * rx);
      this.#line(context, seen, ys, colors[k] as string);
    });
  }

  #fill(
    context: CanvasRenderingContext2D,
    seen: readonly Place[],
    lines: readonly Float64Array[],
    fill: string,
  ): void {
    const [lowest, highest] = [lines[0] as Float64Array, lines[lines.length - 1] as Float64Array];
    context.fillStyle = fill;
    context.beginPath();
    for (let i = 0; i < seen.length; i++) context.lineTo((seen[i] as Place).x, lowest[i] as number);
    for (let i = seen.length - 1; i >= 0; i--) context.lineTo((seen[i] as Place).x, highest[i] as number);
    context.fill();
  }

  #line(context: CanvasRenderingContext2D, seen: readonly Place[], ys: Float64Array, usual: string): void {
    let tone = '';
    context.beginPath();
    seen.forEach(({ x, item }, i) => {
      const color = item.tone ?? usual;
      if (color !== tone) {
        if (tone) context.stroke();
        context.beginPath();
        context.strokeStyle = color;
        tone = color;
        if (i > 0 && !item.breaks && !item.tone) {
          context.moveTo((seen[i - 1] as Place).x, ys[i - 1] as number);
        }
      }
      if (i === 0 || item.breaks) context.moveTo(x, ys[i] as number);
      else context.lineTo(x, ys[i] as number);
    });
    context.stroke();
  }

  /** The items on the screen. Of several within one pixel, the newest and those where a line begins or turns colour. */
  #seen(ratio: number): Place[] {
    const view = this.on && viewOf(this.on.chart);
    const seen: Place[] = [];
    if (!view) return seen;
    const to = Math.min(view.to, this.#items.length - 1);
    for (let i = Math.max(0, view.from); i <= to; i++) {
      const item = this.#items[i];
      if (!item) continue;
      const last = seen[seen.length - 1];
      const x = view.x(i) * ratio;
      if (last && x - last.x < 1 && !item.breaks && item.tone === last.item.tone && !last.item.breaks) {
        // The place stays where it is, so that the next is measured from there.
        seen[seen.length - 1] = { x: last.x, item };
      } else seen.push({ x, item });
    }
    return seen;
  }
}
