import {
  type CustomData,
  type CustomSeriesOptions,
  type CustomSeriesPricePlotValues,
  type CustomSeriesWhitespaceData,
  customSeriesDefaultOptions,
  type ICustomSeriesPaneRenderer,
  type ICustomSeriesPaneView,
  type PaneRendererCustomData,
  type PriceToCoordinateConverter,
  type Time,
} from 'lightweight-charts';

/** Values of an indicator at one bar. */
export interface OverlayItem extends CustomData<Time> {
  values: readonly number[];
  /**
   * The bar's close. On a percent scale the library counts from the last plot value of the first visible item; with
   * the close there, an indicator stays where it belongs against the candles.
   */
  base: number;
  /** Colour of the stretch that ends here, where it is not the series' own. */
  tone?: string;
  /** Whether the line begins anew here. */
  breaks?: boolean;
}

export interface OverlayOptions extends CustomSeriesOptions {
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

type Target = Parameters<ICustomSeriesPaneRenderer['draw']>[0];

/** Lines on the price scale that belong together: a moving average, Bollinger's three, a supertrend. */
export class OverlayLines implements ICustomSeriesPaneView<Time, OverlayItem, OverlayOptions> {
  #data: PaneRendererCustomData<Time, OverlayItem> | undefined;
  #options: OverlayOptions | undefined;
  readonly #renderer: ICustomSeriesPaneRenderer = {
    draw: (target, priceToY) => this.#draw(target, priceToY),
  };

  renderer(): ICustomSeriesPaneRenderer {
    return this.#renderer;
  }

  update(data: PaneRendererCustomData<Time, OverlayItem>, options: OverlayOptions): void {
    this.#data = data;
    this.#options = options;
  }

  priceValueBuilder({ values, base }: OverlayItem): CustomSeriesPricePlotValues {
    return [Math.min(...values), Math.max(...values), base];
  }

  isWhitespace(
    data: OverlayItem | CustomSeriesWhitespaceData<Time>,
  ): data is CustomSeriesWhitespaceData<Time> {
    return !('values' in data) || data.values.length === 0;
  }

  defaultOptions(): OverlayOptions {
    return { ...customSeriesDefaultOptions, colors: [], widths: [], fill: null };
  }

  #draw(target: Target, priceToY: PriceToCoordinateConverter): void {
    const [data, options] = [this.#data, this.#options];
    if (!data?.visibleRange || !options) return;
    const { from, to } = data.visibleRange;
    target.useBitmapCoordinateSpace(({ context, horizontalPixelRatio: rx, verticalPixelRatio: ry }) => {
      const seen = this.#seen(data.bars, Math.max(0, from - 1), Math.min(data.bars.length, to + 1), rx);
      const y = (place: Place, k: number) => {
        const value = place.item.values[k];
        return value === undefined ? Number.NaN : (priceToY(value) ?? Number.NaN) * ry;
      };
      const lines = options.colors.map((_, k) => Float64Array.from(seen, (place) => y(place, k)));
      const [lowest, highest] = [lines[0], lines[lines.length - 1]];
      if (options.fill && lowest && highest && lines.length > 1) {
        context.fillStyle = options.fill;
        context.beginPath();
        seen.forEach(({ x }, i) => {
          context.lineTo(x, lowest[i] as number);
        });
        for (let i = seen.length - 1; i >= 0; i--) {
          context.lineTo((seen[i] as Place).x, highest[i] as number);
        }
        context.fill();
      }
      context.lineJoin = 'round';
      lines.forEach((ys, k) => {
        context.lineWidth = Math.max(1, (options.widths[k] ?? 1) * rx);
        const usual = options.colors[k] ?? options.color;
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
      });
    });
  }

  /** The items on the screen. Of several within one pixel, the newest and those where a line begins or turns colour. */
  #seen(
    bars: PaneRendererCustomData<Time, OverlayItem>['bars'],
    from: number,
    to: number,
    ratio: number,
  ): Place[] {
    const seen: Place[] = [];
    for (let i = from; i < to; i++) {
      const { x, originalData: item } = bars[i] as (typeof bars)[number];
      const last = seen[seen.length - 1];
      const place = { x: x * ratio, item };
      if (last && place.x - last.x < 1 && !item.breaks && item.tone === last.item.tone && !last.item.breaks) {
        // The kept one stays where it is, so that the next is measured from there.
        seen[seen.length - 1] = { x: last.x, item };
      } else seen.push(place);
    }
    return seen;
  }
}
