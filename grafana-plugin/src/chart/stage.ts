import {
  ColorType,
  CrosshairMode,
  createChartEx,
  type DeepPartial,
  type IChartApiBase,
  PriceScaleMode,
  type TickMarkType,
  type Time,
  type TimeScaleOptions,
} from 'lightweight-charts';
import type { Layer, Reading } from './layers/layer';
import { colorTurn, createLayers, extrasOf, has } from './layers/layers';
import type { PriceLayer } from './layers/price';
import { Backdrop } from './marks/backdrop';
import { Foreground } from './marks/foreground';
import type { ChartModel } from './model';
import { faded, type Palette } from './palette';
import type { Scene } from './scene';
import { hasTimeOfDay, tickLabel, toChart, zonedTimeAxis } from './time-axis';
import type { Zone } from './zone';

/** Height of the candles' pane against the height of each other pane. */
const MAIN_PANE_SHARE = 3;
const TIME_AXIS_PX = 28;
/** Two lines of the legend. */
const LEGEND_PX = 44;
/** What volume laid over the candles takes of their pane. */
const VOLUME_SHARE = 0.2;

/** What a stage was built for; another one needs another stage. */
export function stageKey(model: ChartModel): string {
  const { options, main, others } = model;
  const {
    markers: _markers,
    legend: _legend,
    zoomSetsTimeRange: _zoom,
    loadOlder: _older,
    ...drawn
  } = options;
  return JSON.stringify([
    drawn,
    main.key,
    main.intervalMs >= 86_400_000,
    main.extras,
    others.map((other) => other.key),
    model.timeZone,
    model.prints.key,
    extrasOf(model).length,
    has(model, 'volume'),
    has(model, 'openInterest'),
  ]);
}

/** A chart of lightweight-charts with the layers and marks of one choice of options. Data flow through `draw`. */
export class Stage {
  readonly chart: IChartApiBase<Time>;
  readonly price: PriceLayer;
  readonly #layers: Layer[];
  readonly #legend: boolean;
  readonly #bottom: number;
  #scene: Scene | undefined;

  constructor(
    element: HTMLElement,
    model: ChartModel,
    palette: Palette,
    zone: Zone,
    size: { width: number; height: number },
  ) {
    // A typed constant: the options of a general time axis do not name the formatter, the time axis itself takes it.
    const timeScale: DeepPartial<TimeScaleOptions> = {
      borderColor: palette.border,
      timeVisible: hasTimeOfDay(model.main.intervalMs),
      secondsVisible: model.main.intervalMs > 0 && model.main.intervalMs < 60_000,
      rightOffset: 4,
      minBarSpacing: 0.3,
      tickMarkFormatter: (time: Time, type: TickMarkType) => tickLabel(Number(time) * 1000, type, zone),
    };
    this.chart = createChartEx(element, zonedTimeAxis(zone), {
      ...size,
      ...look(palette),
      crosshair: { mode: CrosshairMode.Normal, ...crosshairLook(palette) },
      // The wheel belongs to the dashboard until somebody enters the chart: see `Wheel`.
      handleScroll: { mouseWheel: false, vertTouchDrag: false, pressedMouseMove: true, horzTouchDrag: true },
      handleScale: { mouseWheel: false },
      timeScale,
      localization: { timeFormatter: (time: Time) => model.prints.instant(Number(time) * 1000) },
    });
    this.#legend = model.options.legend;
    this.#bottom = model.options.volume === 'overlay' && has(model, 'volume') ? VOLUME_SHARE : 0.05;
    this.chart.priceScale('right').applyOptions({ mode: scaleMode(model) });
    const scene = () => this.#scene;
    const titles = [''];
    const { price, layers } = createLayers(
      {
        chart: this.chart,
        palette,
        prints: model.prints,
        newPane: (title) => titles.push(title) - 1,
        nextColor: colorTurn(palette, model.options.chartType),
      },
      model,
      () => Math.ceil(this.chart.timeScale().getVisibleLogicalRange()?.from ?? 0),
    );
    this.price = price;
    this.#layers = layers;
    const bodies = model.options.chartType !== 'line' && model.options.chartType !== 'bars';
    price.series.attachPrimitive(new Foreground(scene, bodies));
    for (const [index, pane] of this.chart.panes().entries()) {
      pane.setStretchFactor(index === 0 ? MAIN_PANE_SHARE : 1);
      pane.attachPrimitive(new Backdrop(scene, titles[index] ?? ''));
    }
    this.#layOut(size.height);
  }

  resize(width: number, height: number): void {
    this.chart.resize(width, height);
    this.#layOut(height);
  }

  /** Leaves the legend free of candles, however low the pane. */
  #layOut(height: number): void {
    const panes = this.chart.panes().length;
    const pane = ((height - TIME_AXIS_PX) * MAIN_PANE_SHARE) / (MAIN_PANE_SHARE + panes - 1);
    const top = Math.min(0.4, (this.#legend ? LEGEND_PX : 8) / Math.max(1, pane));
    this.chart.priceScale('right').applyOptions({ scaleMargins: { top, bottom: this.#bottom } });
  }

  get scene(): Scene | undefined {
    return this.#scene;
  }

  /** Draws a scene; `changed` is its first slot that differs from the one drawn before. */
  draw(scene: Scene, changed: number): void {
    const drawn = this.#scene?.slots.length ?? 0;
    const from = changed > 0 && changed >= drawn - 1 ? changed : 0;
    this.#scene = scene;
    if (from < scene.slots.length) for (const layer of this.#layers) layer.draw(scene, from);
    // Marks may have changed alone: holes, annotations. An empty change of options draws them again.
    else this.chart.applyOptions({});
  }

  /** The legend's second line for a slot. */
  readings(index: number): Reading[] {
    const scene = this.#scene;
    return scene ? this.#layers.flatMap((layer) => layer.read?.(scene, index) ?? []) : [];
  }

  /** Puts the crosshair on a slot; clears it for null. */
  point(index: number | null): void {
    const slot = index === null ? undefined : this.#scene?.slots[index];
    if (!slot) this.chart.clearCrosshairPosition();
    else {
      const shape = this.#scene?.shapes[index as number];
      const price = shape?.close ?? this.#scene?.shapes[this.#scene.lastBar]?.close ?? 0;
      this.chart.setCrosshairPosition(price, toChart(slot.time), this.price.series);
    }
  }

  stop(): void {
    this.chart.remove();
  }
}

/** Instruments are compared in per cent; there is no other common scale. */
export function scaleMode({ options, others }: ChartModel): PriceScaleMode {
  if (others.length > 0 || options.scale === 'percent') return PriceScaleMode.Percentage;
  return options.scale === 'log' ? PriceScaleMode.Logarithmic : PriceScaleMode.Normal;
}

function look(palette: Palette) {
  return {
    layout: {
      background: { type: ColorType.Solid as const, color: palette.background },
      textColor: palette.weakText,
      fontFamily: palette.fontFamily,
      fontSize: 12,
      attributionLogo: false,
      panes: {
        enableResize: true,
        separatorColor: palette.border,
        separatorHoverColor: faded(palette.progress, 0.3),
      },
    },
    grid: { vertLines: { color: palette.grid }, horzLines: { color: palette.grid } },
    rightPriceScale: { borderColor: palette.border },
  };
}

function crosshairLook(palette: Palette) {
  const line = { color: palette.crosshair, labelBackgroundColor: palette.labelBackground };
  return { vertLine: line, horzLine: line };
}
