import type { IPrimitivePaneRenderer, PaneAttachedParameter, Time } from 'lightweight-charts';

type Target = Parameters<IPrimitivePaneRenderer['draw']>[0];
/** A canvas in its own pixels. */
export type Bitmap = Parameters<Parameters<Target['useBitmapCoordinateSpace']>[0]>[0];

/** Something of ours on the chart's canvas: a primitive of a pane or, by `Attached`, of a series. */
export abstract class Painting<
  Attached extends Pick<PaneAttachedParameter<Time>, 'chart' | 'requestUpdate'>,
> {
  /** What it is drawn on, while it is. */
  protected on: Attached | undefined;
  readonly #views;

  /** @param zOrder where it lies: behind the candles, among them, before them */
  constructor(zOrder: 'bottom' | 'normal' | 'top') {
    const draw = (target: Target) => target.useBitmapCoordinateSpace((scope) => this.draw(scope));
    this.#views = [{ zOrder: () => zOrder, renderer: () => ({ draw }) }];
  }

  attached(parameter: Attached): void {
    this.on = parameter;
  }

  detached(): void {
    this.on = undefined;
  }

  paneViews() {
    return this.#views;
  }

  protected abstract draw(scope: Bitmap): void;
}
