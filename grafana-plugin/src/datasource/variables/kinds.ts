import type { TickscopeVariableQuery, VariableKind } from '../types';

type Narrowing = 'search' | 'exchange' | 'segment' | 'type' | 'underlying' | 'expiry';

/** What each kind lists, and by which fields the list can be narrowed. */
export const VARIABLE_KINDS: Record<
  VariableKind,
  { label: string; description: string; narrowing: Narrowing[] }
> = {
  exchange: { label: 'Exchange', description: 'NSE, NFO, ...', narrowing: [] },
  underlying: { label: 'Underlying', description: 'What has futures or options', narrowing: [] },
  expiry: {
    label: 'Expiry',
    description: 'Expiries of an underlying, nearest first',
    narrowing: ['underlying'],
  },
  strike: { label: 'Strike', description: 'Strikes of an expiry', narrowing: ['underlying', 'expiry'] },
  instrument: {
    label: 'Instrument',
    description: 'Instruments that fit',
    narrowing: ['search', 'exchange', 'segment', 'type', 'underlying', 'expiry'],
  },
  watchlist: { label: 'Watchlist', description: 'Named lists of instruments', narrowing: [] },
  origin: { label: 'Origin', description: 'LIVE, SIMULATED or REPLAY: say it in the title', narrowing: [] },
  future: {
    label: 'Future',
    description: 'Futures of an underlying or instrument, nearest first',
    narrowing: ['underlying'],
  },
  spot: {
    label: 'Spot',
    description: 'The cash or index instrument of an underlying',
    narrowing: ['underlying'],
  },
};

/** What Grafana has saved of a variable, made whole: a new one's query is an empty text. */
export function variableQuery(
  saved: Partial<TickscopeVariableQuery> | string | null | undefined,
): TickscopeVariableQuery {
  const query = typeof saved === 'object' && saved !== null ? saved : {};
  const kind = query.kind !== undefined && query.kind in VARIABLE_KINDS ? query.kind : 'instrument';
  return { refId: 'variable', ...query, kind };
}
