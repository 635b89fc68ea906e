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
import { colorTurn, createLayers, has, studiesOf } from './layers/layers';
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
    has(model, 'volume'),
    has(model, 'openInterest'),
  ]);
}

/** A chart of lightweight-charts with the layers and marks of one choice of options. Data flow through `draw`. */
export class Stage {
  readonly chart: IChartApiBase<Time>;
  readonly price: PriceLayer;
  readonly #layers: Layer[];
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
    const overlaid = model.options.volume === 'overlay' && has(model, 'volume');
    this.chart.priceScale('right').applyOptions({
      mode: scaleMode(model),
      scaleMargins: { top: 0.14, bottom: overlaid ? 0.2 : 0.05 },
    });
    const scene = () => this.#scene;
    let panes = 1;
    const { price, layers } = createLayers(
      {
        chart: this.chart,
        palette,
        prints: model.prints,
        newPane: () => panes++,
        nextColor: colorTurn(palette),
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
      pane.attachPrimitive(new Backdrop(scene));
    }
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

/** Number of panes that a model takes, for a height that fits. */
export function paneCount(model: ChartModel): number {
  const { options } = model;
  const own = studiesOf(options).filter(({ placement }) => placement === 'pane').length;
  const extras = options.series.filter(
    (extra) => extra.placement === 'pane' && model.main.extras.includes(extra.field),
  );
  const volume = options.volume === 'pane' && has(model, 'volume') ? 1 : 0;
  const openInterest = options.openInterest === 'pane' && has(model, 'openInterest') ? 1 : 0;
  return 1 + own + extras.length + volume + openInterest;
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
