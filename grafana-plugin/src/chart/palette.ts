/** Every colour of the chart, as CSS colours that the canvas takes. Filled from Grafana's theme. */
export interface Palette {
  dark: boolean;
  background: string;
  text: string;
  weakText: string;
  grid: string;
  border: string;
  crosshair: string;
  labelBackground: string;
  up: string;
  down: string;
  /** Candles that the broker healed, whole or in part: their direction's own hue, paler. */
  healedUp: string;
  healedDown: string;
  /** The ribbon below healed candles. */
  healed: string;
  /** Candles that are incomplete, and holes. */
  hole: string;
  /** The candle in progress. */
  progress: string;
  openInterest: string;
  sessionBreak: string;
  annotation: string;
  /** Lines of compared instruments, indicators and further fields, in turn. */
  lines: readonly string[];
  fontFamily: string;
}

/** A CSS colour with another opacity: `#rgb`, `#rrggbb`, `rgb()` and `rgba()`; others come back as they are. */
export function faded(color: string, alpha: number): string {
  const hex = /^#([0-9a-f]{3}|[0-9a-f]{6})(?:[0-9a-f]{2})?$/i.exec(color)?.[1];
  if (hex) {
    const full = hex.length === 3 ? [...hex].map((digit) => digit + digit).join('') : hex;
    const value = Number.parseInt(full, 16);
    return `rgba(${value >> 16}, ${(value >> 8) & 255}, ${value & 255}, ${alpha})`;
  }
  const parts = /^rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)/.exec(color);
  return parts ? `rgba(${parts[1]}, ${parts[2]}, ${parts[3]}, ${alpha})` : color;
}
