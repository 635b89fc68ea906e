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
    const bars = data.bars.slice(Math.max(0, from - 1), Math.min(data.bars.length, to + 1));
    target.useBitmapCoordinateSpace(({ context, horizontalPixelRatio: rx, verticalPixelRatio: ry }) => {
      const lines = options.colors.map((_, k) =>
        bars.map((bar) => {
          const value = bar.originalData.values[k];
          return {
            x: bar.x * rx,
            y: value === undefined ? Number.NaN : (priceToY(value) ?? Number.NaN) * ry,
          };
        }),
      );
      const [lowest, highest] = [lines[0], lines[lines.length - 1]];
      if (options.fill && lowest && highest && lines.length > 1) {
        context.fillStyle = options.fill;
        context.beginPath();
        for (const { x, y } of lowest) context.lineTo(x, y);
        for (const { x, y } of [...highest].reverse()) context.lineTo(x, y);
        context.fill();
      }
      context.lineJoin = 'round';
      lines.forEach((points, k) => {
        context.lineWidth = Math.max(1, (options.widths[k] ?? 1) * rx);
        let tone = '';
        context.beginPath();
        points.forEach(({ x, y }, i) => {
          const item = bars[i]?.originalData;
          const color = item?.tone ?? options.colors[k] ?? options.color;
          const before = points[i - 1];
          if (color !== tone) {
            if (tone) context.stroke();
            context.beginPath();
            context.strokeStyle = color;
            tone = color;
            if (before && !item?.breaks && !item?.tone) context.moveTo(before.x, before.y);
          }
          if (i === 0 || item?.breaks) context.moveTo(x, y);
          else context.lineTo(x, y);
        });
        context.stroke();
      });
    });
  }
}
