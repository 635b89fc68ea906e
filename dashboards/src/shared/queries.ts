import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';
import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/dashboard';
import { PROMETHEUS, SQL, TICKSCOPE } from './sources.js';

/** One query of the Tickscope data source; the model is the data source's own (`src/datasource/types.ts`). */
export interface TickscopeQuery {
  queryType: 'candles' | 'oi' | 'depth' | 'ticks' | 'vix' | 'chain' | 'movers' | 'quality' | 'events';
  view?: string;
  /** `NSE:INFY`, or a variable. */
  instruments?: string[];
  /** `auto` takes the smallest whose candles fit the panel. */
  interval?: 'auto' | '1m' | '5m' | '15m' | '1h' | '1d' | `$${string}`;
  fill?: 'none' | 'previous';
  heal?: boolean;
  /** Keep only this numeric field beside the time. */
  field?: string;
  /** Live updates while the range ends now. */
  stream?: boolean;
  limit?: number;
  underlying?: string;
  expiry?: string;
  strikes?: number | `$${string}`;
  segment?: string;
  instrumentType?: string;
  by?: 'absolute' | 'gainers' | 'losers' | 'volume' | 'volume_ratio';
  window?: 'day' | 'open' | '1m' | '5m' | '15m';
  kinds?: Array<'hole' | 'repair' | 'regime' | 'vix_spike' | 'session'>;
}

/** A query before it has its letter; `source` says who answers. */
export interface Query {
  source: DataSourceRef;
  model: Record<string, unknown>;
}

export function tickscope(query: TickscopeQuery): Query {
  return { source: TICKSCOPE, model: { ...query } };
}

/**
 * A query of the PostgreSQL data source, run as `tickscope_reader`. `text` uses the contract's views and functions only
 * and never aggregates ticks of a day.
 */
export function sql(text: string, format: 'table' | 'time_series' = 'table'): Query {
  return { source: SQL, model: { editorMode: 'code', format, rawQuery: true, rawSql: text.trim() } };
}

/** A Prometheus query over the dashboard's range. */
export function range(expr: string, legend: string): Query {
  return {
    source: PROMETHEUS,
    model: { editorMode: 'code', expr, legendFormat: legend, range: true, instant: false },
  };
}

/** A Prometheus query at the end of the dashboard's range. */
export function instant(
  expr: string,
  legend: string,
  format: 'time_series' | 'table' = 'time_series',
): Query {
  return {
    source: PROMETHEUS,
    model: { editorMode: 'code', expr, legendFormat: legend, format, range: false, instant: true },
  };
}

/** Gives the queries of one panel their letters, A first. */
export function targets(queries: readonly Query[]): Builder<Dataquery>[] {
  return queries.map(({ source, model }, index) => ({
    build: () =>
      ({ refId: String.fromCharCode(65 + index), datasource: source, ...model }) as unknown as Dataquery,
  }));
}
