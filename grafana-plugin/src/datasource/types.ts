import type { DataSourceJsonData } from '@grafana/data';
import type { DataQuery } from '@grafana/schema';

/** What a query asks for. The back end (`pkg/plugin/query.go`) reads the same fields. */
export type QueryType =
  | 'candles'
  | 'oi'
  | 'depth'
  | 'ticks'
  | 'vix'
  | 'chain'
  | 'movers'
  | 'quality'
  | 'events';

export type Interval = 'auto' | '1m' | '5m' | '15m' | '1h' | '1d';
export type Fill = 'none' | 'previous';
export type InstrumentType = 'EQ' | 'INDEX' | 'FUT' | 'CE' | 'PE' | '';
export type MoversOrder = 'absolute' | 'gainers' | 'losers' | 'volume' | 'volume_ratio';
export type MoversWindow = 'day' | 'open' | '1m' | '5m' | '15m';
export type EventKind = 'hole' | 'repair' | 'regime' | 'vix_spike' | 'session';

/**
 * A query as dashboards store it. Text fields may hold variables (`$instrument`, `${expiry}`), so the narrow types are
 * what the editors write, not all that can be read: `interval` may be `$interval`, `strikes` may be `"$strikes"`.
 */
export interface TickscopeQuery extends DataQuery {
  /** Unset: `candles`. */
  queryType?: QueryType;
  /** `NSE:INFY`, a token as text, `watchlist:NAME`, or a variable; a multi-value variable becomes one entry a value. */
  instruments?: string[];
  /** `auto`: the smallest whose buckets fit the panel's width, and no smaller than the panel's interval. */
  interval?: Interval | string;
  fill?: Fill;
  /** Fetch what is missing from the broker before answering (default), or read only what is stored. */
  heal?: boolean;
  /** Keep only time and this numeric field: for alert rules and stat panels. */
  field?: string;
  /** What of the query type to show; each type has its own list, the first being the default. */
  view?: string;
  /** Follow the market when the range ends now. */
  stream?: boolean;
  limit?: number | string;
  /** Chain: Kite's name, e.g. `NIFTY`. */
  underlying?: string;
  /** Chain: `YYYY-MM-DD`; empty or `nearest` is the next one. */
  expiry?: string;
  /** Chain: strikes on each side of the money, 10 if unset. */
  strikes?: number | string;
  /** Movers: as Kite names it, `NSE` if unset. */
  segment?: string;
  instrumentType?: InstrumentType | string;
  by?: MoversOrder | string;
  window?: MoversWindow | string;
  /** Events: which kinds; none chosen means all. */
  kinds?: EventKind[];
}

export type VariableKind =
  | 'exchange'
  | 'underlying'
  | 'expiry'
  | 'strike'
  | 'instrument'
  | 'watchlist'
  | 'origin'
  | 'future'
  | 'spot';

/** What a dashboard variable lists. The narrowing fields may hold other variables. */
export interface TickscopeVariableQuery extends DataQuery {
  kind: VariableKind;
  search?: string;
  exchange?: string;
  segment?: string;
  type?: string;
  underlying?: string;
  expiry?: string;
}

export interface TickscopeOptions extends DataSourceJsonData {
  /** How long the back end waits for Tickscope, in milliseconds; 10000 if unset. */
  timeoutMs?: number;
}

export interface TickscopeSecrets {
  /** `TICKSCOPE_READ_TOKEN` or `TICKSCOPE_TOKEN`; never sent back to the browser. */
  token?: string;
}

/** One answer of the `instruments` resource: `{ value: 'NSE:INFY', label: 'INFY', description: 'Infosys · NSE · EQ' }`. */
export interface InstrumentOption {
  value: string;
  label: string;
  description?: string;
}

/** One answer of a `variables/*` resource. */
export interface VariableOption {
  text: string;
  value: string;
}
