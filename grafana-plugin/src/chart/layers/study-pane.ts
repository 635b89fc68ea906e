import {
  HistogramSeries,
  type ISeriesApi,
  LineSeries,
  LineStyle,
  type SeriesType,
  type Time,
} from 'lightweight-charts';
import { faded } from '../palette';
import type { Scene } from '../scene';
import type { Study } from '../studies/study';
import { StudyValues } from '../studies/study-values';
import { toChart } from '../time-axis';
import { CLEAR } from './candle-style';
import { formatOf, type Layer, type LayerContext, type Reading } from './layer';

const OVERBOUGHT = 70;
const OVERSOLD = 30;
/** Indicators are read to two decimals; their units are not the price's. */
const print = (value: number) => value.toFixed(2);

/** An indicator in a pane of its own: RSI between its bounds, MACD with signal and histogram. */
export class StudyPaneLayer implements Layer {
  readonly #values: StudyValues;
  readonly #lines: { series: ISeriesApi<SeriesType, Time>; output: number; color: string }[] = [];

  constructor(
    context: LayerContext,
    readonly study: Study,
  ) {
    this.#values = new StudyValues(study);
    const pane = context.newPane(study.title);
    const { chart, palette } = context;
    const common = { priceLineVisible: false, priceFormat: formatOf(print) };
    const line = (output: number, color: string) => {
      const options = { ...common, color, lineWidth: 1 as const };
      const series = chart.addSeries(LineSeries, { ...options, lastValueVisible: output === 0 }, pane);
      this.#lines.push({ series, output, color });
      return series;
    };
    if (study.drawn === 'macd') {
      const bars = chart.addSeries(HistogramSeries, { ...common, lastValueVisible: false }, pane);
      this.#lines.push({ series: bars, output: 2, color: palette.weakText });
      line(0, study.color ?? context.nextColor());
      line(1, context.nextColor());
    } else {
      const series = line(0, study.color ?? context.nextColor());
      for (const price of [OVERBOUGHT, OVERSOLD]) {
        const color = faded(palette.text, 0.35);
        series.createPriceLine({
          price,
          color,
          lineStyle: LineStyle.Dashed,
          lineWidth: 1,
          axisLabelVisible: false,
        });
      }
      series.applyOptions({
        autoscaleInfoProvider: () => ({ priceRange: { minValue: 10, maxValue: 90 } }),
      });
    }
  }

  draw(scene: Scene, changed: number): void {
    const from = this.#values.follow(scene.slots, changed, scene.opensSession);
    for (const { series, output } of this.#lines) {
      const item = (index: number) => {
        const time = toChart((scene.slots[index] as Scene['slots'][number]).time);
        const value = this.#values.at(index)?.[output] ?? null;
        if (value === null) return { time };
        if (output !== 2 && scene.isEmptyHole(index + 1)) return { time, value, color: CLEAR };
        const { up, down } = scene.palette;
        return output === 2 ? { time, value, color: faded(value >= 0 ? up : down, 0.5) } : { time, value };
      };
      if (from === 0) series.setData(scene.slots.map((_, index) => item(index)) as never[]);
      else for (let i = from; i < scene.slots.length; i++) series.update(item(i) as never);
    }
  }

  read(_scene: Scene, index: number): Reading[] {
    const values = this.#values.at(index)?.filter((value): value is number => value !== null) ?? [];
    const color = this.#lines.find((line) => line.output === 0)?.color ?? '';
    return [
      { title: this.study.title, color, text: values.length > 0 ? values.map(print).join(' · ') : '–' },
    ];
  }
}
