import type { Shape } from '../heikin-ashi';
import type { Honesty } from '../honesty';
import { faded, type Palette } from '../palette';

/** Colours of one candle. */
export interface CandleStyle {
  hue: string;
  body: string;
  border: string;
  wick: string;
}

/** Nothing drawn. */
export const CLEAR = 'rgba(0, 0, 0, 0)';

/**
 * How a candle looks: hue by direction and by who gave it, body by what is known of it. One in progress has no border
 * of its own because its dashed outline is drawn before it.
 * @param risen close against the bar before; decides the hue of hollow candles
 */
export function candleStyle(
  shape: Shape,
  honesty: Honesty | null,
  palette: Palette,
  hollow: boolean,
  risen: boolean,
): CandleStyle {
  const rising = hollow ? risen : shape.close >= shape.open;
  const healed = honesty?.origin === 'broker' || honesty?.origin === 'mixed';
  const hue = healed ? (rising ? palette.healedUp : palette.healedDown) : rising ? palette.up : palette.down;
  if (honesty?.origin === 'previous') {
    const grey = faded(palette.text, 0.35);
    return { hue: grey, body: grey, border: grey, wick: grey };
  }
  if (honesty?.inProgress) return { hue, body: faded(hue, 0.2), border: CLEAR, wick: hue };
  if (honesty?.incomplete) {
    const line = faded(hue, 0.6);
    return { hue: line, body: faded(hue, 0.12), border: line, wick: line };
  }
  if (hollow && shape.close > shape.open) return { hue, body: CLEAR, border: hue, wick: hue };
  if (honesty?.origin === 'mixed') return { hue, body: faded(hue, 0.55), border: hue, wick: hue };
  return { hue, body: hue, border: hue, wick: hue };
}
