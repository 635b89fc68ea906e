import type { Logical, LogicalRange, MouseEventParams, Time } from 'lightweight-charts';
import type { Span } from './history';
import { type Action, actionOf } from './keys';
import type { ChartModel } from './model';
import { faded, type Palette } from './palette';
import { readSlot, type SlotReading } from './reading';
import type { Scene } from './scene';
import { buildScene } from './scene-builder';
import { SelectSpan } from './select-span';
import { Stage, stageKey } from './stage';
import { slotAtOrAfter, slotAtOrBefore } from './timeline';
import { Zone } from './zone';

/** So near to the oldest slot, older history is asked for. */
const OLDER_AT_SLOTS = 25;
/** Empty places right of the newest bar when a range is fitted. */
const RIGHT_MARGIN_SLOTS = 3;
/** A fitted range shows at least so many places, so that three candles are not as wide as doors. */
const MIN_FITTED_SLOTS = 30;

/** What a chart tells its owner. */
export interface ChartEvents {
  /** The place under the cursor, or the newest bar; undefined while there is no bar. `x` and `y` in CSS pixels. */
  onReading(reading: SlotReading | undefined, at: { x: number; y: number } | undefined): void;
  /** The pointer of this chart, epoch milliseconds; null when it has left. Not called for `pointAt`. */
  onPoint(time: number | null): void;
  /** A span was selected, in epoch milliseconds. */
  onSelect(span: Span): void;
  /** The left edge is near. Called again on each scroll until the scene grows. */
  onNearOldest(): void;
  /** Whether the newest bar is on the screen, when that changes. */
  onFollowing(following: boolean): void;
}

export interface ChartSetup {
  element: HTMLElement;
  width: number;
  height: number;
  palette: Palette;
  /** Epoch milliseconds. */
  now(): number;
  /** Whether a drag without Shift selects. */
  selecting(): boolean;
  events: ChartEvents;
}

/**
 * The market chart, framework-free: give it models with `show`, it draws what has changed. Options that change what
 * is drawn build a new stage under the same view; data alone never do.
 */
export class MarketChart {
  readonly #setup: ChartSetup;
  readonly #select: SelectSpan;
  #palette: Palette;
  #size: { width: number; height: number };
  #stage: Stage | undefined;
  #stageKey = '';
  #model: ChartModel | undefined;
  #zone = new Zone('utc');
  #rangeKey: string | undefined;
  #pointed: number | null = null;
  /** What was read last, and of what. */
  #known: { scene: Scene; index: number; latest: boolean; reading: SlotReading | undefined } | undefined;
  #following = true;
  /** Left edge of the fitted view: older history is asked for when somebody goes further, not when a panel opens. */
  #fittedFrom = Number.NEGATIVE_INFINITY;
  /** What the library will show from its next frame on: until then it answers with what it shows now. */
  #wanted: { from: number; to: number } | undefined;
  /** Whether a person has moved the view since it was fitted; a panel that is resized or refreshed moves it too. */
  #byHand = false;
  #wheel = false;
  #quiet = false;
  /** The library also reports a crosshair that we have set; only one under the pointer is the user's. */
  #hovering = false;
  readonly #enter = () => {
    this.#hovering = true;
  };
  readonly #leave = () => {
    this.#hovering = false;
    this.#release();
  };

  readonly #move = () => {
    this.#byHand = true;
  };

  constructor(setup: ChartSetup) {
    this.#setup = setup;
    this.#palette = setup.palette;
    this.#size = { width: setup.width, height: setup.height };
    const color = () => ({
      fill: faded(this.#palette.progress, 0.18),
      line: faded(this.#palette.progress, 0.7),
    });
    setup.element.addEventListener('pointerenter', this.#enter);
    setup.element.addEventListener('pointerleave', this.#leave);
    setup.element.addEventListener('pointerdown', this.#move);
    setup.element.addEventListener('wheel', this.#move, { passive: true });
    this.#select = new SelectSpan(setup.element, color, setup.selecting, (left, right) =>
      this.#selected(left, right),
    );
  }

  /** What is drawn; undefined before the first model. */
  get scene(): Scene | undefined {
    return this.#stage?.scene;
  }

  /** Draws a model. Cheap when only its newest bar differs from the one before. */
  show(model: ChartModel): void {
    const key = stageKey(model);
    const view = this.#visible();
    const sameSeries = this.#model?.main.key === model.main.key;
    const oldest = this.scene?.slots[0]?.time;
    this.#model = model;
    const rebuilt = !this.#stage || key !== this.#stageKey;
    if (rebuilt) this.#build(model, key);
    const stage = this.#stage as Stage;
    const { scene, changed } = buildScene(model, this.#palette, this.#zone, this.#setup.now(), stage.scene);
    this.#quietly(() => stage.draw(scene, changed));
    if (this.#rangeKey !== model.rangeKey || !sameSeries) this.fit();
    else {
      const grown = grownBy(oldest, scene);
      this.#fittedFrom += grown;
      if (rebuilt && view) this.#setVisible({ from: view.from + grown, to: view.to + grown });
    }
    this.#rangeKey = model.rangeKey;
    if (this.#pointed !== null && this.#pointed >= scene.slots.length) this.#pointed = null;
    this.#read(undefined);
  }

  /** Shows the dashboard's time range. */
  fit(): void {
    const { scene } = this;
    if (!scene || !this.#model || scene.slots.length === 0) return;
    const from = Math.max(0, slotAtOrBefore(scene.slots, this.#model.range.from));
    const first = (scene.slots[from]?.time ?? 0) < this.#model.range.from ? from + 1 : from;
    const last = slotAtOrAfter(scene.slots, this.#model.range.to) - 1;
    const to = Math.max(last, first) + RIGHT_MARGIN_SLOTS;
    this.#fittedFrom = Math.min(first, to - MIN_FITTED_SLOTS) - 0.5;
    this.#byHand = false;
    this.#setVisible({ from: this.#fittedFrom, to });
  }

  /** Scrolls to the newest bar. */
  toNewest(): void {
    const [view, scene] = [this.#visible(), this.scene];
    if (!view || !scene) return;
    const to = scene.slots.length - 1 + RIGHT_MARGIN_SLOTS;
    this.#setVisible({ from: to - (view.to - view.from), to });
  }

  /** The span on the screen, epoch milliseconds. */
  visibleSpan(): Span | undefined {
    const [view, scene, model] = [this.#visible(), this.scene, this.#model];
    if (!view || !scene || !model || scene.slots.length === 0) return undefined;
    return this.#spanOf(scene, Math.ceil(view.from), Math.floor(view.to));
  }

  /** Puts the crosshair where another panel points; null takes it away. Tells no `onPoint`. */
  pointAt(time: number | null): void {
    const { scene } = this;
    if (!scene || !this.#stage) return;
    const index = time === null ? -1 : slotAtOrBefore(scene.slots, time);
    const inside =
      index >= 0 && (time as number) < (scene.slots[index]?.time ?? 0) + Math.max(1, scene.main.intervalMs);
    this.#pointed = inside ? index : null;
    this.#quietly(() => this.#stage?.point(this.#pointed));
    this.#read(undefined);
  }

  /** Acts on a key. False when the key means nothing here. */
  key(event: { key: string; shiftKey: boolean }): boolean {
    const action = actionOf(event);
    const { scene } = this;
    if (!action || !scene || scene.slots.length === 0) return false;
    this.#byHand = true;
    this.#act(action, scene);
    return true;
  }

  /** Whether the wheel zooms the chart rather than scrolling the page. */
  takeWheel(wheel: boolean): void {
    this.#wheel = wheel;
    this.#stage?.chart.applyOptions({
      handleScroll: { mouseWheel: wheel },
      handleScale: { mouseWheel: wheel },
    });
  }

  resize(width: number, height: number): void {
    if (width === this.#size.width && height === this.#size.height) return;
    this.#size = { width, height };
    this.#stage?.resize(width, height);
  }

  /** Draws a model in other colours. */
  paint(palette: Palette, model: ChartModel): void {
    this.#palette = palette;
    this.#stageKey = '';
    this.show(model);
  }

  /** Zooms into a span, epoch milliseconds. */
  showSpan(span: Span): void {
    const { scene } = this;
    if (!scene) return;
    this.#setVisible({
      from: slotAtOrAfter(scene.slots, span.from) - 0.5,
      to: slotAtOrAfter(scene.slots, span.to) - 0.5,
    });
  }

  stop(): void {
    this.#setup.element.removeEventListener('pointerenter', this.#enter);
    this.#setup.element.removeEventListener('pointerleave', this.#leave);
    this.#setup.element.removeEventListener('pointerdown', this.#move);
    this.#setup.element.removeEventListener('wheel', this.#move);
    this.#select.stop();
    this.#stage?.stop();
    this.#stage = undefined;
  }

  #build(model: ChartModel, key: string): void {
    this.#stage?.stop();
    this.#wanted = undefined;
    if (this.#zone.name !== model.timeZone) this.#zone = new Zone(model.timeZone);
    this.#stage = new Stage(this.#setup.element, model, this.#palette, this.#zone, this.#size);
    this.#stageKey = key;
    this.takeWheel(this.#wheel);
    this.#stage.chart.subscribeCrosshairMove((event) => this.#moved(event));
    this.#stage.chart.timeScale().subscribeVisibleLogicalRangeChange((range) => this.#scrolled(range));
  }

  #moved(event: MouseEventParams<Time>): void {
    if (this.#quiet || !this.#hovering) return;
    const { scene } = this;
    const over = event.point !== undefined && event.logical !== undefined && event.logical !== null;
    const index =
      over && scene ? Math.min(Math.max(0, Math.round(event.logical as number)), scene.slots.length - 1) : -1;
    this.#pointed = index >= 0 ? index : null;
    // Right of the newest bar there is nothing to tell about, only the latest to repeat.
    if (over && scene && (event.logical as number) > scene.slots.length - 0.5) this.#pointed = null;
    this.#read(this.#pointed === null ? undefined : event.point);
    this.#setup.events.onPoint(this.#pointed === null ? null : (scene?.slots[this.#pointed]?.time ?? null));
  }

  #scrolled(range: LogicalRange | null): void {
    this.#wanted = undefined;
    const { scene } = this;
    if (!range || !scene || this.#quiet) return;
    const nearOldest = range.from < Math.min(OLDER_AT_SLOTS, this.#fittedFrom - 1);
    if (this.#byHand && nearOldest) this.#setup.events.onNearOldest();
    const following = range.to >= scene.slots.length - 1;
    if (following !== this.#following) {
      this.#following = following;
      this.#setup.events.onFollowing(following);
    }
  }

  #act(action: Action, scene: Scene): void {
    if (action.kind === 'move') {
      const from = this.#pointed ?? scene.lastBar;
      const to = Math.min(Math.max(0, from + action.slots), scene.slots.length - 1);
      this.#point(to, scene);
    } else if (action.kind === 'end') this.#point(action.newest ? scene.slots.length - 1 : 0, scene);
    else if (action.kind === 'zoom') this.#zoom(action.factor);
    else {
      this.#select.cancel();
      this.#release();
    }
  }

  /** Points nowhere. */
  #release(): void {
    this.#pointed = null;
    this.#quietly(() => this.#stage?.point(null));
    this.#read(undefined);
    this.#setup.events.onPoint(null);
  }

  /** Points at a slot by keyboard, and scrolls so that it is seen. */
  #point(index: number, scene: Scene): void {
    this.#pointed = index;
    const view = this.#visible();
    if (view && index < view.from + 1)
      this.#setVisible({ from: index - 1, to: index - 1 + view.to - view.from });
    if (view && index > view.to - 1)
      this.#setVisible({ from: index + 1 - (view.to - view.from), to: index + 1 });
    this.#quietly(() => this.#stage?.point(index));
    const x = this.#stage?.chart.timeScale().logicalToCoordinate(index as Logical) ?? null;
    this.#read(x === null ? undefined : { x, y: 40 });
    this.#setup.events.onPoint(scene.slots[index]?.time ?? null);
  }

  #zoom(factor: number): void {
    const view = this.#visible();
    if (!view) return;
    const centre = this.#pointed ?? Math.min(view.to, (this.scene?.slots.length ?? 1) - 1);
    this.#setVisible({
      from: centre - (centre - view.from) / factor,
      to: centre + (view.to - centre) / factor,
    });
  }

  #read(at: { x: number; y: number } | undefined): void {
    const [stage, scene, model] = [this.#stage, this.scene, this.#model];
    if (!stage || !scene || !model) return;
    const index = this.#pointed ?? scene.lastBar;
    const latest = this.#pointed === null;
    const known = this.#known;
    // While a chart is dragged the cursor stays on its bar: nothing new to read. Compared instruments are read against
    // the left edge of the screen, which moves.
    const same =
      known !== undefined &&
      known.scene === scene &&
      known.index === index &&
      known.latest === latest &&
      model.others.length === 0;
    const reading = same
      ? known.reading
      : readSlot(scene, index, stage.readings(index), model.prints, latest);
    this.#known = { scene, index, latest, reading };
    this.#setup.events.onReading(reading, at);
  }

  #selected(left: number, right: number): void {
    const { scene } = this;
    const scale = this.#stage?.chart.timeScale();
    if (!scene || !scale) return;
    const [from, to] = [scale.coordinateToLogical(left), scale.coordinateToLogical(right)];
    if (from === null || to === null) return;
    const span = this.#spanOf(scene, Math.round(from), Math.round(to));
    if (span) this.#setup.events.onSelect(span);
  }

  /** Instants of the slots from `first` to `last`, the last one's own time included. */
  #spanOf(scene: Scene, first: number, last: number): Span | undefined {
    const within = (index: number) => Math.min(Math.max(0, index), scene.slots.length - 1);
    const [from, to] = [scene.slots[within(first)], scene.slots[within(last)]];
    if (!from || !to) return undefined;
    return { from: from.time, to: to.time + Math.max(1, scene.main.intervalMs) };
  }

  #visible(): { from: number; to: number } | undefined {
    return this.#wanted ?? this.#stage?.chart.timeScale().getVisibleLogicalRange() ?? undefined;
  }

  #setVisible(range: { from: number; to: number }): void {
    this.#wanted = range;
    this.#stage?.chart.timeScale().setVisibleLogicalRange(range);
  }

  /** Runs something whose events are ours, not the user's. */
  #quietly(work: () => void): void {
    this.#quiet = true;
    try {
      work();
    } finally {
      this.#quiet = false;
    }
  }
}

/** How many slots a scene has got at its left since `oldest` was its first. */
function grownBy(oldest: number | undefined, scene: Scene): number {
  return oldest === undefined ? 0 : slotAtOrAfter(scene.slots, oldest);
}
