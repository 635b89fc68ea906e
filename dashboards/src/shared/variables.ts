import {
  CustomVariableBuilder,
  QueryVariableBuilder,
  VariableHide,
  VariableRefresh,
  VariableSort,
} from '@grafana/grafana-foundation-sdk/dashboard';
import { TICKSCOPE } from './sources.js';

/** What the data source's variables can list. */
export interface VariableQuery {
  kind:
    | 'exchange'
    | 'underlying'
    | 'expiry'
    | 'strike'
    | 'instrument'
    | 'watchlist'
    | 'origin'
    | 'future'
    | 'spot';
  search?: string;
  exchange?: string;
  segment?: string;
  type?: string;
  underlying?: string;
  expiry?: string;
}

/**
 * A list that the data source keeps, in the data source's order. Read when the dashboard opens. Older Grafana finds
 * `current` in the list by its text, newer by its value: both must be what the list says.
 */
export function listed(
  name: string,
  label: string,
  query: VariableQuery,
  current?: { text: string; value: string },
): QueryVariableBuilder {
  const variable = new QueryVariableBuilder(name)
    .label(label)
    .datasource(TICKSCOPE)
    .query({ refId: 'variable', ...query })
    .refresh(VariableRefresh.OnDashboardLoad)
    .sort(VariableSort.Disabled)
    .multi(false)
    .includeAll(false);
  return current === undefined ? variable : variable.current({ ...current, selected: true });
}

/** SIMULATED or LIVE: shown first on every dashboard, so that nobody takes the one for the other. */
export const origin = () =>
  listed('origin', 'Data', { kind: 'origin' }).description(
    'Where the data comes from. Simulated data never mixes with real data.',
  );

/** Values that are known beforehand, written `text : value`. The first is the default. */
export function choice(
  name: string,
  label: string,
  values: Array<[text: string, value: string]>,
): CustomVariableBuilder {
  const [first] = values;
  const variable = new CustomVariableBuilder(name)
    .label(label)
    .values(values.map(([text, value]) => (text === value ? value : `${text} : ${value}`)).join(','))
    .options(values.map(([text, value], index) => ({ text, value, selected: index === 0 })))
    .multi(false)
    .includeAll(false);
  return first === undefined
    ? variable
    : variable.current({ text: first[0], value: first[1], selected: true });
}

/** Follows from other variables and is nobody's to choose. */
export const derived = (name: string, query: VariableQuery): QueryVariableBuilder =>
  listed(name, name, query).hide(VariableHide.HideVariable);
