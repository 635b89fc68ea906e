import { PanelBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { DOWN, UP } from './colours.js';
import { begin, type Words } from './panels.js';
import type { Query } from './queries.js';

/** Options of the panel `tickscope-candles-panel`; the model is the panel's own. */
export interface CandlesOptions {
  chartType: 'candles' | 'hollow' | 'bars' | 'line' | 'heikin-ashi';
  scale: 'normal' | 'log' | 'percent';
  volume: 'off' | 'overlay' | 'pane';
  openInterest: 'off' | 'overlay' | 'pane';
  series: Array<{
    field: string;
    placement: 'overlay' | 'pane';
    style: 'line' | 'histogram' | 'area';
    color?: string;
  }>;
  indicators: Array<{
    type: 'vwap' | 'sma' | 'ema' | 'bollinger' | 'rsi' | 'macd' | 'supertrend';
    period?: number;
    multiplier?: number;
    fast?: number;
    slow?: number;
    signal?: number;
    color?: string;
  }>;
  sessionBreaks: boolean;
  legend: boolean;
  markers: boolean;
  zoomSetsTimeRange: boolean;
  loadOlder: boolean;
  upColor: string;
  downColor: string;
}

const PLAIN: CandlesOptions = {
  chartType: 'candles',
  scale: 'normal',
  volume: 'overlay',
  openInterest: 'off',
  series: [],
  indicators: [],
  sessionBreaks: true,
  legend: true,
  markers: true,
  zoomSetsTimeRange: true,
  loadOlder: true,
  upColor: UP,
  downColor: DOWN,
};

/** The market chart: closed hours left out, holes and healed candles drawn as what they are. */
export function candles(words: Words, options: Partial<CandlesOptions>, ...queries: Query[]): PanelBuilder {
  return begin(new PanelBuilder(), words, queries)
    .type('tickscope-candles-panel')
    .decimals(2)
    .options({ ...PLAIN, ...options });
}
