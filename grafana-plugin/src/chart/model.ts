import type { CandleSeries } from './bar';
import type { Span } from './history';
import type { StudySettings } from './studies/study';

/** Options of the panel, as dashboards store them. */
export interface CandlesOptions {
  chartType: 'candles' | 'hollow' | 'bars' | 'line' | 'heikin-ashi';
  scale: 'normal' | 'log' | 'percent';
  volume: Placement;
  openInterest: Placement;
  /** Further numeric fields. */
  series: readonly ExtraSeries[];
  indicators: readonly StudySettings[];
  sessionBreaks: boolean;
  legend: boolean;
  /** Annotations of the dashboard, on the chart. */
  markers: boolean;
  zoomSetsTimeRange: boolean;
  loadOlder: boolean;
  upColor?: string;
  downColor?: string;
}

export type Placement = 'off' | 'overlay' | 'pane';

export interface ExtraSeries {
  field: string;
  placement: 'overlay' | 'pane';
  style: 'line' | 'histogram' | 'area';
  color?: string;
}

/** An annotation of the dashboard. */
export interface Note {
  from: number;
  /** Later than `from` for a region, else equal. */
  to: number;
  title: string;
  text: string;
  tags: readonly string[];
  color: string;
}

/** Prints a number with its unit and decimals. */
export type Print = (value: number) => string;

/** How values and instants are written. */
export interface Prints {
  /** The same for the same units, decimals and zone. */
  key: string;
  price: Print;
  volume: Print;
  openInterest: Print;
  /** By the name of a further field. */
  extra(name: string): Print;
  /** An instant with its date, in the dashboard's zone. */
  instant(ms: number): string;
  /** A time of day with seconds, in the dashboard's zone. */
  clock(ms: number): string;
}

/** Everything that one picture of the chart is made of. */
export interface ChartModel {
  main: CandleSeries;
  /** Compared with it, in per cent. */
  others: readonly CandleSeries[];
  notes: readonly Note[];
  options: CandlesOptions;
  prints: Prints;
  /** IANA name, `utc` or `browser`. */
  timeZone: string;
  /** The dashboard's time range. */
  range: Span;
  /** Changes when the dashboard's range was set anew, not when it merely moved on with the clock. */
  rangeKey: string;
}
