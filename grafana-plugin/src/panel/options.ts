import type { CandlesOptions } from '../chart/model';

export type { CandlesOptions } from '../chart/model';

/** What a new panel begins with. */
export const DEFAULT_OPTIONS: CandlesOptions = {
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
};

/** Options of a dashboard made complete: one written by hand or by an older version may lack some. */
export function completeOptions(options: Partial<CandlesOptions> | undefined): CandlesOptions {
  const complete = { ...DEFAULT_OPTIONS, ...options };
  return {
    ...complete,
    series: Array.isArray(complete.series) ? complete.series : [],
    indicators: Array.isArray(complete.indicators) ? complete.indicators : [],
  };
}
