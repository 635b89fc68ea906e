/** Hatches the spans that were not heard, behind the candles: a series primitive of lightweight-charts. */
const STRIPE_PX = 6;

export class Holes {
  #spans = [];
  #chart;
  #redraw;
  #color = '#d9822b';

  attached({ chart, requestUpdate }) {
    this.#chart = chart;
    this.#redraw = requestUpdate;
  }

  detached() {
    this.#chart = undefined;
  }

  /** @param spans `[{first, last}]`: times of the first and last bar that the hole touches, as the chart counts them */
  show(spans, color) {
    this.#spans = spans;
    this.#color = color;
    this.#redraw?.();
  }

  paneViews() {
    return [
      {
        zOrder: () => 'bottom',
        renderer: () => ({ draw: () => {}, drawBackground: (target) => this.#draw(target) }),
      },
    ];
  }

  #draw(target) {
    const scale = this.#chart?.timeScale();
    if (!scale) return;
    const width = scale.options().barSpacing;
    const bars = this.#spans.flatMap(({ first, last }) => {
      const [a, b] = [scale.timeToCoordinate(first), scale.timeToCoordinate(last)];
      return a === null || b === null ? [] : [[a - width / 2, b + width / 2]];
    });
    target.useBitmapCoordinateSpace(({ context, bitmapSize, horizontalPixelRatio: ratio }) => {
      for (const [from, to] of bars) {
        const left = Math.max(0, Math.round(from * ratio));
        const right = Math.min(bitmapSize.width, Math.round(Math.max(to, from + 2) * ratio));
        if (right > left) hatch(context, left, right, bitmapSize.height, STRIPE_PX * ratio, this.#color);
      }
    });
  }
}

function hatch(context, left, right, height, step, color) {
  context.save();
  context.beginPath();
  context.rect(left, 0, right - left, height);
  context.clip();
  context.fillStyle = color;
  context.globalAlpha = 0.1;
  context.fillRect(left, 0, right - left, height);
  context.globalAlpha = 0.42;
  context.strokeStyle = color;
  context.lineWidth = Math.max(1, step / 6);
  context.beginPath();
  for (let x = left - height - ((left - height) % step); x < right; x += step) {
    context.moveTo(x, height);
    context.lineTo(x + height, 0);
  }
  context.stroke();
  context.restore();
}
