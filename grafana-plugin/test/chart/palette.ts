import type { Palette } from '../../src/chart/palette';

/** Colours for tests, each different. */
export const PALETTE: Palette = {
  dark: true,
  background: '#000000',
  text: '#ffffff',
  weakText: '#aaaaaa',
  grid: '#111111',
  border: '#222222',
  crosshair: '#333333',
  labelBackground: '#444444',
  up: '#00ff00',
  down: '#ff0000',
  healedUp: '#00ffff',
  healedDown: '#ff00ff',
  healed: '#0088ff',
  hole: '#ff8800',
  progress: '#0000ff',
  openInterest: '#888800',
  sessionBreak: '#555555',
  annotation: '#666666',
  lines: ['#123456', '#234567', '#345678'],
  fontFamily: 'sans-serif',
};
