import type { GrafanaTheme2 } from '@grafana/data';
import { faded, type Palette } from '../chart/palette';

/** Teal and red, told apart by people who cannot tell green from red, as charts of exchanges have them. */
const DARK = {
  up: '#26a69a',
  down: '#ef5350',
  healedUp: '#5b8583',
  healedDown: '#a5716f',
  healed: '#4f9fc4',
  hole: '#ff9830',
};
const LIGHT = {
  up: '#089981',
  down: '#e03c3c',
  healedUp: '#8dbfb8',
  healedDown: '#dfa5a3',
  healed: '#2b7fb0',
  hole: '#e0701a',
};
const LINES_DARK = ['#f2cc0c', '#8ab8ff', '#ff7383', '#73bf69', '#ca95e5', '#ffb357', '#5ddbe0'];
const LINES_LIGHT = ['#b07d00', '#1f60c4', '#c4162a', '#37872d', '#8f3bb8', '#d0660a', '#0d8a94'];

/**
 * The chart's colours in Grafana's theme.
 * @param up colour that the panel's options set for rising candles, a name of Grafana's palette or a CSS colour
 */
export function paletteOf(theme: GrafanaTheme2, up?: string, down?: string): Palette {
  const base = theme.isDark ? DARK : LIGHT;
  const named = (color: string | undefined, usual: string) =>
    color ? theme.visualization.getColorByName(color) : usual;
  return {
    ...base,
    dark: theme.isDark,
    up: named(up, base.up),
    down: named(down, base.down),
    background: 'transparent',
    text: theme.colors.text.primary,
    weakText: theme.colors.text.secondary,
    grid: theme.isDark ? 'rgba(204, 204, 220, 0.06)' : 'rgba(36, 41, 46, 0.06)',
    border: theme.isDark ? 'rgba(204, 204, 220, 0.15)' : 'rgba(36, 41, 46, 0.15)',
    crosshair: faded(theme.isDark ? '#ccccdc' : '#24292e', 0.5),
    labelBackground: theme.isDark ? '#3d4150' : '#5a6069',
    progress: theme.isDark ? '#6e9fff' : '#3871dc',
    openInterest: theme.isDark ? '#ffb357' : '#c4670a',
    sessionBreak: theme.isDark ? 'rgba(204, 204, 220, 0.22)' : 'rgba(36, 41, 46, 0.25)',
    annotation: theme.isDark ? '#8ab8ff' : '#1f60c4',
    lines: theme.isDark ? LINES_DARK : LINES_LIGHT,
    fontFamily: theme.typography.fontFamily,
  };
}
