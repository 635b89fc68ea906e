/**
 * Every colour that means something, defined once. Hex, because the candles panel and Grafana's own panels must
 * show the same shade; readable on the dark and on the light theme.
 */
export const UP = '#26A69A';
export const DOWN = '#EF5350';
/** Values that are neither good nor bad. */
export const CALM = '#8AB8FF';
export const MUTED = '#8E8E9A';

/** Calls and puts are sides, not directions: never green and red. */
export const CALL = '#5794F2';
export const PUT = '#FF9830';

/** Health. */
export const GOOD = '#73BF69';
export const WATCH = '#F2CC0C';
export const BAD = '#F2495C';

/** Regimes of India VIX, from asleep to afraid. */
export const REGIME = { LOW: '#5794F2', NORMAL: '#73BF69', HIGH: '#FF9830', EXTREME: '#F2495C' } as const;

/** Where a candle, or a trend, comes from. */
export const SOURCE = { ticks: '#73BF69', broker: '#8AB8FF', mixed: '#B877D9' } as const;

/** Lines that need only be told apart, in order of use. */
export const SERIES = ['#5794F2', '#FF9830', '#B877D9', '#73BF69', '#F2CC0C', '#8AB8FF'] as const;
