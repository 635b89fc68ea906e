import {
  BarSeries,
  CandlestickSeries,
  type IChartApiBase,
  type ISeriesApi,
  LineSeries,
  LineStyle,
  type SeriesType,
  type Time,
} from 'lightweight-charts';
import type { CandlesOptions } from '../model';
import { faded } from '../palette';
import type { Scene } from '../scene';
import { toChart } from '../time-axis';
import { CLEAR, candleStyle } from './candle-style';
import { formatOf, type Layer, type LayerContext } from './layer';

/** The candles themselves, in the chosen style. */
export class PriceLayer implements Layer {
  readonly series: ISeriesApi<SeriesType, Time>;
  readonly #type: CandlesOptions['chartType'];

  constructor({ chart, palette, prints }: LayerContext, type: CandlesOptions['chartType']) {
    this.#type = type;
    const common = {
      priceFormat: formatOf(prints.price),
      priceLineColor: faded(palette.text, 0.5),
      priceLineStyle: LineStyle.Dotted,
    };
    this.series = addSeries(chart, type, common, palette.lines[0] ?? palette.text);
  }

  draw(scene: Scene, from: number): void {
    const item = (index: number) => this.#item(scene, index);
    if (from === 0) this.series.setData(scene.slots.map((_, index) => item(index)) as never[]);
    else for (let i = from; i < scene.slots.length; i++) this.series.update(item(i) as never);
  }

  #item(scene: Scene, index: number) {
    const time = toChart((scene.slots[index] as Scene['slots'][number]).time);
    const shape = scene.shapes[index];
    if (!shape) return { time };
    const before = scene.shapes[index - 1];
    const honesty = scene.honesty[index] ?? null;
    const risen = shape.close >= (before?.close ?? shape.open);
    const style = candleStyle(shape, honesty, scene.palette, this.#type === 'hollow', risen);
    const { open, high, low, close } = shape;
    if (this.#type === 'line') {
      // A point's colour is that of the stretch after it: none into a hole.
      if (scene.isEmptyHole(index + 1)) return { time, value: close, color: CLEAR };
      return honesty?.incomplete
        ? { time, value: close, color: faded(scene.palette.hole, 0.8) }
        : { time, value: close };
    }
    if (this.#type === 'bars') return { time, open, high, low, close, color: style.hue };
    return {
      time,
      open,
      high,
      low,
      close,
      color: style.body,
      borderColor: style.border,
      wickColor: style.wick,
    };
  }
}

function addSeries(
  chart: IChartApiBase<Time>,
  type: CandlesOptions['chartType'],
  common: Record<string, unknown>,
  lineColor: string,
): ISeriesApi<SeriesType, Time> {
  if (type === 'line') return chart.addSeries(LineSeries, { ...common, color: lineColor, lineWidth: 2 });
  if (type === 'bars') return chart.addSeries(BarSeries, { ...common, thinBars: true });
  return chart.addSeries(CandlestickSeries, { ...common, borderVisible: true });
}
