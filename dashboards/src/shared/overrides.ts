import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';
import { DOWN, MUTED, UP } from './colours.js';
import { COUNT, PERCENT } from './units.js';

/** How one column, or one series, differs from the panel's defaults. */
export type Properties = DynamicConfigValue[];

export const named = (text: string): Properties => [{ id: 'displayName', value: text }];
export const unit = (id: string, decimals?: number): Properties => [
  { id: 'unit', value: id },
  ...(decimals === undefined ? [] : [{ id: 'decimals', value: decimals }]),
];
export const width = (pixels: number): Properties => [{ id: 'custom.width', value: pixels }];
export const hidden = (): Properties => [{ id: 'custom.hidden', value: true }];
export const colour = (hex: string): Properties => [
  { id: 'color', value: { mode: 'fixed', fixedColor: hex } },
];
export const align = (side: 'left' | 'center' | 'right'): Properties => [{ id: 'custom.align', value: side }];
export const rightAxis = (label?: string): Properties => [
  { id: 'custom.axisPlacement', value: 'right' },
  ...(label === undefined ? [] : [{ id: 'custom.axisLabel', value: label }]),
];

/** Thresholds as an override: colour from each value on. */
export const limits = (base: string, ...from: Array<[number, string]>): Properties => [
  {
    id: 'thresholds',
    value: {
      mode: 'absolute',
      steps: [{ value: null, color: base }, ...from.map(([value, color]) => ({ value, color }))],
    },
  },
];

/**
 * The look of a table's cell. `custom.displayMode` is what Grafana 9.4 knows; later ones turn it into
 * `custom.cellOptions` when they load a dashboard of this schema version.
 */
export const cell = (
  mode: 'color-text' | 'color-background-solid' | 'gradient-gauge' | 'basic',
): Properties => [{ id: 'custom.displayMode', value: mode }];

/** A signed change in per cent, green or red. */
export const change = (text: string, decimals = 2): Properties => [
  ...named(text),
  ...unit(PERCENT, decimals),
  ...limits(DOWN, [-0.005, MUTED], [0.005, UP]),
  { id: 'color', value: { mode: 'thresholds' } },
  ...cell('color-text'),
];

/** A signed count, green or red. */
export const signed = (text: string): Properties => [
  ...named(text),
  ...unit(COUNT, 1),
  ...limits(DOWN, [0, MUTED], [1, UP]),
  { id: 'color', value: { mode: 'thresholds' } },
  ...cell('color-text'),
];

/** A bar in the cell, from 0 to the column's largest. */
export const bar = (text: string, hex: string, unitId: string = COUNT): Properties => [
  ...named(text),
  ...unit(unitId),
  ...colour(hex),
  { id: 'min', value: 0 },
  ...cell('basic'),
];

/** Of `NSE:INFY` shows `INFY`, where every row is of one exchange; links still carry the whole name. */
export const symbolOnly = (): Properties => [
  {
    id: 'mappings',
    value: [{ type: 'regex', options: { pattern: '^[A-Z]+:(.+)$', result: { text: '$1', index: 0 } } }],
  },
];

export const words = (mapping: unknown): Properties => [{ id: 'mappings', value: [mapping] }];
export const link = (title: string, url: string): Properties => [
  { id: 'links', value: [{ title, url, targetBlank: false }] },
];
