import type { IPanePrimitive, PaneAttachedParameter, Time } from 'lightweight-charts';
import { faded } from '../palette';
import type { Scene } from '../scene';
import type { SessionBreak } from '../sessions';
import { hatch, STRIPE_PX } from './hatch';
import { type Bitmap, Painting } from './painting';
import { type View, viewOf } from './visible';

/** Closer than this, session breaks of a level are left out, and only larger ones are drawn. */
const MIN_BREAK_DISTANCE_PX = 24;
/** A hole within one bar is at least this wide. */
const MIN_HOLE_PX = 3;
const TITLE_PX = 11;
const LEVELS: readonly SessionBreak['level'][] = ['day', 'week', 'month', 'year'];

/** What lies behind the series of a pane: holes, regions of annotations, session breaks. One for each pane. */
export class Backdrop extends Painting<PaneAttachedParameter<Time>> implements IPanePrimitive<Time> {
  /** @param title written in the pane's corner */
  constructor(
    readonly scene: () => Scene | undefined,
    readonly title: string,
  ) {
    super('bottom');
  }

  protected draw(scope: Bitmap): void {
    const scene = this.scene();
    const view = this.on && viewOf(this.on.chart);
    if (!scene || !view) return;
    for (const region of scene.notes) {
      if (region.last > region.first) this.#region(scope, view, region.first, region.last, region.note.color);
    }
    this.#holes(scope, view, scene);
    this.#breaks(scope, view, scene);
    if (this.title) this.#title(scope, scene);
  }

  #title({ context, horizontalPixelRatio: rx, verticalPixelRatio: ry }: Bitmap, { palette }: Scene): void {
    context.font = `${Math.round(TITLE_PX * ry)}px ${palette.fontFamily}`;
    context.fillStyle = palette.weakText;
    context.textBaseline = 'top';
    context.fillText(this.title, 6 * rx, 4 * ry);
  }

  #region(
    { context, bitmapSize, horizontalPixelRatio: ratio }: Bitmap,
    view: View,
    first: number,
    last: number,
    color: string,
  ) {
    if (last < view.from || first > view.to) return;
    const left = Math.round((view.x(first) - view.spacing / 2) * ratio);
    const right = Math.round((view.x(last) + view.spacing / 2) * ratio);
    context.fillStyle = faded(color, 0.1);
    context.fillRect(left, 0, right - left, bitmapSize.height);
  }

  #holes(
    { context, bitmapSize, horizontalPixelRatio: ratio }: Bitmap,
    view: View,
    { holes, palette }: Scene,
  ): void {
    const [fill, stroke] = [faded(palette.hole, 0.1), faded(palette.hole, 0.45)];
    for (const { first, last } of holes) {
      if (last < view.from || first > view.to) continue;
      const [a, b] = [view.x(first) - view.spacing / 2, view.x(last) + view.spacing / 2];
      const width = Math.max(b - a, MIN_HOLE_PX);
      const left = Math.max(0, Math.round(a * ratio));
      const right = Math.min(bitmapSize.width, Math.round((a + width) * ratio));
      if (right > left) {
        hatch(
          context,
          { left, top: 0, width: right - left, height: bitmapSize.height },
          STRIPE_PX * ratio,
          fill,
          stroke,
        );
      }
    }
  }

  #breaks(
    { context, bitmapSize, horizontalPixelRatio: ratio }: Bitmap,
    view: View,
    { breaks, palette }: Scene,
  ): void {
    const seen = breaks.filter(({ index }) => index >= view.from && index <= view.to);
    const level = LEVELS.findIndex((_, smallest) => {
      const drawn = seen.filter((each) => LEVELS.indexOf(each.level) >= smallest).length;
      return drawn * MIN_BREAK_DISTANCE_PX <= (view.to - view.from) * view.spacing;
    });
    context.fillStyle = palette.sessionBreak;
    const [dash, gap, thin] = [Math.round(3 * ratio), Math.round(3 * ratio), Math.max(1, Math.floor(ratio))];
    for (const each of seen) {
      const rank = LEVELS.indexOf(each.level);
      if (level < 0 || rank < level) continue;
      const x = Math.round((view.x(each.index) - view.spacing / 2) * ratio);
      // The turn of a month or a year is a whole line, of a day or a week a dashed one.
      if (rank >= 2) context.fillRect(x, 0, thin, bitmapSize.height);
      else for (let y = 0; y < bitmapSize.height; y += dash + gap) context.fillRect(x, y, thin, dash);
    }
  }
}
