import type { Bar } from '../bar';

/** What a study gives for a bar, one value an output; null while it warms up or has nothing to say. */
export type Values = readonly (number | null)[];

/** Running computation of one indicator. The newest bar may be given again while it is in progress. */
export interface StudyRun {
  /** @param opensSession whether the bar is the first of its session */
  add(bar: Bar, opensSession: boolean): Values;
  /** The newest bar once more, changed. */
  replace(bar: Bar): Values;
}

/** An indicator with its settings. */
export interface Study {
  /** The same for the same settings. */
  id: string;
  /** As the legend names it: `EMA 20`. */
  title: string;
  /** On the price or in a pane of its own. */
  placement: 'price' | 'pane';
  /** How its outputs are drawn. */
  drawn: 'line' | 'session-line' | 'band' | 'trend' | 'oscillator' | 'macd';
  /** Names of the outputs that the legend shows. */
  outputs: readonly string[];
  color?: string;
  run(): StudyRun;
}

/** What a dashboard says about an indicator. */
export interface StudySettings {
  type: 'vwap' | 'sma' | 'ema' | 'bollinger' | 'rsi' | 'macd' | 'supertrend';
  period?: number;
  multiplier?: number;
  fast?: number;
  slow?: number;
  signal?: number;
  color?: string;
}
