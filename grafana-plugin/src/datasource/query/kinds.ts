import type { QueryType, TickscopeQuery } from '../types';

interface Choice {
  value: string;
  label: string;
  description?: string;
}

/** All that the editor needs to know of a query type. */
export interface QueryKind {
  label: string;
  description: string;
  /** The first is the default; a type with one view shows no choice. */
  views: Choice[];
  /** Numeric fields that an alert rule or a stat panel may want alone, the main one first. */
  fields: string[];
  /** What a query of this type starts with. */
  defaults: Partial<TickscopeQuery>;
}

export const DEFAULT_QUERY_TYPE: QueryType = 'candles';

/** The index that every Indian market has open: a new panel shows something at once. */
export const DEFAULT_INSTRUMENT = 'NSE:NIFTY 50';
export const DEFAULT_UNDERLYING = 'NIFTY';

export const QUERY_KINDS: Record<QueryType, QueryKind> = {
  candles: {
    label: 'Candles',
    description: 'Open, high, low, close and volume, healed from the broker where ticks are missing',
    views: [{ value: 'ohlcv', label: 'OHLCV' }],
    fields: ['close', 'open', 'high', 'low', 'volume', 'open_interest', 'trades', 'vwap'],
    defaults: { interval: 'auto' },
  },
  oi: {
    label: 'Open interest',
    description: 'Open interest of futures and options against the price',
    views: [
      { value: 'value', label: 'Value' },
      { value: 'change', label: 'Change' },
      { value: 'both', label: 'Both' },
    ],
    fields: ['open_interest', 'open_interest_change', 'price'],
    defaults: { interval: 'auto' },
  },
  depth: {
    label: 'Depth',
    description: 'The five best bids and asks now, or spread and imbalance over time',
    views: [
      { value: 'ladder', label: 'Ladder' },
      { value: 'spread', label: 'Spread and imbalance' },
    ],
    fields: ['spread', 'spread_bps', 'mid', 'imbalance'],
    defaults: { stream: true },
  },
  ticks: {
    label: 'Ticks',
    description: 'The last price of each instrument, or every recorded trade',
    views: [
      { value: 'quote', label: 'Last price' },
      { value: 'history', label: 'History' },
    ],
    fields: [
      'last_price',
      'change',
      'change_percent',
      'volume',
      'open_interest',
      'bid',
      'ask',
      'spread',
      'price',
      'quantity',
    ],
    defaults: { stream: true },
  },
  vix: {
    label: 'India VIX',
    description: 'The volatility index with its trend and regime',
    views: [
      { value: 'series', label: 'Series' },
      { value: 'regimes', label: 'Regimes' },
      { value: 'now', label: 'Now' },
    ],
    fields: ['value', 'change', 'change_percent', 'mean_20m', 'percentile_year'],
    defaults: {},
  },
  chain: {
    label: 'Option chain',
    description: 'Calls and puts by strike, open interest, put-call ratio and max pain',
    views: [
      { value: 'matrix', label: 'Matrix' },
      { value: 'oi', label: 'Open interest by strike' },
      { value: 'summary', label: 'Summary' },
    ],
    fields: ['put_call_ratio', 'max_pain', 'spot', 'atm_strike', 'call_oi', 'put_oi', 'days_to_expiry'],
    defaults: { underlying: DEFAULT_UNDERLYING, expiry: 'nearest', strikes: 10 },
  },
  movers: {
    label: 'Movers',
    description: 'Who moved most, breadth, volatility and open-interest build-up',
    views: [
      { value: 'movers', label: 'Movers' },
      { value: 'breadth', label: 'Breadth' },
      { value: 'volatility', label: 'Volatility' },
      { value: 'buildup', label: 'OI build-up' },
    ],
    fields: [
      'change_percent',
      'volume_ratio',
      'ratio',
      'advances',
      'declines',
      'volatility_percent',
      'oi_change_percent',
    ],
    defaults: { segment: 'NSE', instrumentType: 'EQ', by: 'absolute', window: 'day', limit: 20 },
  },
  quality: {
    label: 'Data quality',
    description: 'Completeness, holes and their repairs',
    views: [
      { value: 'completeness', label: 'Completeness' },
      { value: 'holes', label: 'Holes' },
      { value: 'repairs', label: 'Repairs' },
      { value: 'daily', label: 'Day by day' },
    ],
    fields: ['day', 'completeness', 'gap_seconds', 'gaps', 'seconds', 'accuracy', 'quality'],
    defaults: {},
  },
  events: {
    label: 'Events',
    description: 'Holes, repairs, VIX regimes and spikes, session opens and closes (for annotations)',
    views: [],
    fields: [],
    defaults: {},
  },
};

/** The default view of a type, undefined for a type without views. */
export function defaultView(type: QueryType): string | undefined {
  return QUERY_KINDS[type].views[0]?.value;
}

/** The type of a stored query; one without a type, or with one of a newer version, is a candle query to the editor. */
export function queryTypeOf(query: Pick<TickscopeQuery, 'queryType'>): QueryType {
  return query.queryType !== undefined && query.queryType in QUERY_KINDS
    ? query.queryType
    : DEFAULT_QUERY_TYPE;
}

/** Types that are about the instruments one chooses. */
const OF_INSTRUMENTS: ReadonlySet<QueryType> = new Set(['candles', 'oi', 'depth', 'ticks']);

/**
 * The same query turned to another type: what it is about (instruments, interval) stays, what only the old type knew
 * goes, and what the new type needs is filled in.
 */
export function turnedTo(query: TickscopeQuery, queryType: QueryType): TickscopeQuery {
  const { refId, datasource, hide, key, instruments, interval } = query;
  const turned: TickscopeQuery = { refId, queryType, ...QUERY_KINDS[queryType].defaults };
  if (datasource !== undefined) {
    turned.datasource = datasource;
  }
  if (hide !== undefined) {
    turned.hide = hide;
  }
  if (key !== undefined) {
    turned.key = key;
  }
  if (instruments !== undefined) {
    turned.instruments = instruments;
  } else if (OF_INSTRUMENTS.has(queryType)) {
    turned.instruments = [DEFAULT_INSTRUMENT];
  }
  if (interval !== undefined && turned.interval !== undefined) {
    turned.interval = interval;
  }
  return turned;
}

/** What a new query is before anyone touched it. */
export function defaultQuery(): Partial<TickscopeQuery> {
  return {
    queryType: DEFAULT_QUERY_TYPE,
    instruments: [DEFAULT_INSTRUMENT],
    ...QUERY_KINDS[DEFAULT_QUERY_TYPE].defaults,
  };
}
