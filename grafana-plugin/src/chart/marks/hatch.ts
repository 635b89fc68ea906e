/** Where a hole has no bars of its own it is at least this wide, so that it is never lost between two candles. */
export const STRIPE_PX = 6;

/**
 * Fills a rectangle with stripes that rise to the right.
 * @param step distance of the stripes; all lengths in device pixels
 */
export function hatch(
  context: CanvasRenderingContext2D,
  box: { left: number; top: number; width: number; height: number },
  step: number,
  fill: string,
  stroke: string,
): void {
  const { left, top, width, height } = box;
  context.save();
  context.beginPath();
  context.rect(left, top, width, height);
  context.clip();
  context.fillStyle = fill;
  context.fillRect(left, top, width, height);
  context.strokeStyle = stroke;
  context.lineWidth = Math.max(1, step / 6);
  context.beginPath();
  // Stripes are anchored to the canvas, not to the box: neighbouring holes join without a seam.
  const start = Math.floor((left - height) / step) * step;
  for (let x = start; x < left + width; x += step) {
    context.moveTo(x, top + height);
    context.lineTo(x + height, top);
  }
  context.stroke();
  context.restore();
}
