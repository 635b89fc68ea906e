import type { ISeriesPrimitive, SeriesAttachedParameter, SeriesType, Time } from 'lightweight-charts';
import { faded, type Palette } from '../palette';
import type { Scene } from '../scene';
import { type Bitmap, Painting } from './painting';
import { type View, viewOf } from './visible';

/** Height of the strip at the pane's bottom that says what each bar is made of. */
const RIBBON_PX = 4;
/** Under healed candles it is thinner: they are as good as any, and often the most. */
const HEALED_RIBBON_PX = 2;
const FLAG_PX = 6;
/** Bars closer together than this get no outline of their own; the ribbon still tells. */
const MIN_OUTLINE_SPACING_PX = 4;

/**
 * What lies before the candles: the dashed outline of the one in progress, the ribbon that tells healed, incomplete
 * and missing bars at any zoom, and the annotations' flags.
 */
export class Foreground
  extends Painting<SeriesAttachedParameter<Time, SeriesType>>
  implements ISeriesPrimitive<Time>
{
  /** @param bodies whether the main series draws bodies that can be outlined */
  constructor(
    readonly scene: () => Scene | undefined,
    readonly bodies: boolean,
  ) {
    super('top');
  }

  protected draw(scope: Bitmap): void {
    const scene = this.scene();
    const view = this.on && viewOf(this.on.chart);
    if (!scene || !view) return;
    this.#ribbon(scope, view, scene);
    this.#inProgress(scope, view, scene);
    this.#flags(scope, view, scene);
  }

  #ribbon(
    { context, bitmapSize, horizontalPixelRatio: ratio, verticalPixelRatio }: Bitmap,
    view: View,
    scene: Scene,
  ): void {
    const height = Math.round(RIBBON_PX * verticalPixelRatio);
    const thin = Math.round(HEALED_RIBBON_PX * verticalPixelRatio);
    const top = bitmapSize.height - height;
    const edge = (index: number) => Math.round((view.x(index) - view.spacing / 2) * ratio);
    const last = Math.min(view.to, scene.slots.length - 1);
    const { palette, honesty } = scene;
    const colors = ribbonColors(palette);
    // Neighbours that are alike are one rectangle: a healed year is not a thousand of them.
    for (let i = Math.max(0, view.from); i <= last; ) {
      const kind = ribbonKind(honesty[i]);
      let next = i + 1;
      while (next <= last && ribbonKind(honesty[next]) === kind) next += 1;
      if (kind) {
        context.fillStyle = colors[kind];
        const tall = kind === 'progress' || kind === 'incomplete' ? height : thin;
        context.fillRect(edge(i), bitmapSize.height - tall, Math.max(1, edge(next) - edge(i)), tall);
      }
      i = next;
    }
    context.fillStyle = scene.palette.hole;
    for (const hole of scene.holes) {
      if (hole.last < view.from || hole.first > view.to) continue;
      const left = edge(hole.first);
      context.fillRect(left, top, Math.max(Math.round(3 * ratio), edge(hole.last + 1) - left), height);
    }
  }

  #inProgress(
    { context, horizontalPixelRatio: rx, verticalPixelRatio: ry }: Bitmap,
    view: View,
    scene: Scene,
  ): void {
    const series = this.on?.series;
    const index = scene.lastBar;
    const shape = scene.shapes[index];
    if (!series || !shape || !scene.honesty[index]?.inProgress || index > view.to) return;
    const [a, b] = [series.priceToCoordinate(shape.open), series.priceToCoordinate(shape.close)];
    if (a === null || b === null) return;
    const x = Math.round(view.x(index) * rx);
    const half = Math.max(2, Math.round((view.spacing * rx) / 2) - Math.round(rx));
    context.strokeStyle = scene.palette.progress;
    context.lineWidth = Math.max(1, Math.round(1.5 * rx));
    if (this.bodies && view.spacing >= MIN_OUTLINE_SPACING_PX) {
      const top = Math.round(Math.min(a, b) * ry);
      const height = Math.max(2, Math.round(Math.abs(a - b) * ry));
      context.setLineDash([3 * rx, 2 * rx]);
      context.strokeRect(x - half, top, half * 2, height);
      context.setLineDash([]);
    } else {
      context.beginPath();
      context.arc(x, b * ry, 4 * rx, 0, 2 * Math.PI);
      context.stroke();
    }
  }

  #flags(
    { context, bitmapSize, horizontalPixelRatio: rx, verticalPixelRatio: ry }: Bitmap,
    view: View,
    scene: Scene,
  ): void {
    const size = FLAG_PX * rx;
    const bottom = bitmapSize.height - RIBBON_PX * ry;
    for (const { first, last, note } of scene.notes) {
      if (last < view.from || first > view.to) continue;
      for (const index of last > first ? [first, last] : [first]) {
        const side = last > first ? (index === first ? -0.5 : 0.5) : 0;
        const x = Math.round((view.x(index) + side * view.spacing) * rx);
        context.strokeStyle = faded(note.color, 0.8);
        context.lineWidth = Math.max(1, Math.floor(rx));
        context.setLineDash([4 * rx, 4 * rx]);
        context.beginPath();
        context.moveTo(x + 0.5, 0);
        context.lineTo(x + 0.5, bottom);
        context.stroke();
        context.setLineDash([]);
        context.fillStyle = note.color;
        context.beginPath();
        context.moveTo(x - size / 1.4, bottom);
        context.lineTo(x + size / 1.4, bottom);
        context.lineTo(x, bottom - size * 1.2);
        context.fill();
      }
    }
  }
}

type RibbonKind = 'progress' | 'incomplete' | 'broker' | 'mixed' | 'previous';

/** What the ribbon says under a bar; nothing under a plain one. */
function ribbonKind(honesty: Scene['honesty'][number] | undefined): RibbonKind | undefined {
  if (!honesty) return undefined;
  if (honesty.inProgress) return 'progress';
  if (honesty.incomplete) return 'incomplete';
  const { origin } = honesty;
  return origin === 'broker' || origin === 'mixed' || origin === 'previous' ? origin : undefined;
}

function ribbonColors(palette: Palette): Record<RibbonKind, string> {
  return {
    progress: palette.progress,
    incomplete: faded(palette.hole, 0.7),
    broker: palette.healed,
    mixed: faded(palette.healed, 0.5),
    previous: faded(palette.text, 0.3),
  };
}
