import type { DataSourceInstanceSettings, ScopedVars } from '@grafana/data';
import type { TemplateSrv } from '@grafana/runtime';
import { vi } from 'vitest';
import { TickscopeDataSource } from '../../src/datasource/datasource';
import type { TickscopeOptions, TickscopeQuery } from '../../src/datasource/types';

type Values = Record<string, string | string[]>;

/**
 * Grafana's template service as far as the data source uses it: `$name` and `${name}` with a format function or `csv`,
 * several values as an array, scoped variables before the dashboard's.
 */
export function templates(values: Values): TemplateSrv {
  return {
    getVariables: () =>
      Object.keys(values).map((name) => ({ name })) as ReturnType<TemplateSrv['getVariables']>,
    replace: (target = '', scoped: ScopedVars = {}, format?: string | ((value: unknown) => string)) =>
      target.replace(/\$(\w+)|\$\{(\w+)\}/g, (match, plain, braced) => {
        const name = plain ?? braced;
        const value = scoped[name]?.value ?? values[name];
        if (value === undefined) {
          return match;
        }
        return typeof format === 'function' ? format(value) : [value].flat().join(',');
      }),
    containsTemplate: (target = '') => target.includes('$'),
    updateTimeRange: () => {},
  };
}

const SETTINGS = {
  id: 1,
  uid: 'tickscope',
  type: 'tickscope-market-datasource',
  name: 'Tickscope',
  url: 'http://127.0.0.1:8000',
  meta: { id: 'tickscope-market-datasource' },
  jsonData: {},
  readOnly: false,
  access: 'proxy',
} as unknown as DataSourceInstanceSettings<TickscopeOptions>;

const RESOURCES: Record<string, unknown> = {
  instruments: [
    { value: 'NSE:INFY', label: 'INFY', description: 'Infosys · NSE · EQ' },
    { value: 'NFO:NIFTY26NOV25000CE', label: 'NIFTY 25000 CE', description: 'NIFTY · 26 Nov 2026 · CE' },
  ],
  'variables/underlying': [
    { text: 'NIFTY', value: 'NIFTY' },
    { text: 'BANKNIFTY', value: 'BANKNIFTY' },
  ],
  'variables/expiry': [{ text: '26 Nov 2026', value: '2026-11-26' }],
  'variables/exchange': [{ text: 'NSE', value: 'NSE' }],
  'variables/origin': [{ text: 'SIMULATED', value: 'simulator:1' }],
};

/** The data source with the back end's resources answered from a table; `asked` sees what was asked. */
export function source(values: Values = {}) {
  const datasource = new TickscopeDataSource(SETTINGS, templates(values));
  const asked = vi.fn(async (path: string, _parameters?: unknown) => RESOURCES[path]);
  datasource.getResource = asked as typeof datasource.getResource;
  return { datasource, asked };
}

export function candleQuery(change: Partial<TickscopeQuery> = {}): TickscopeQuery {
  return { refId: 'A', queryType: 'candles', instruments: ['NSE:INFY'], interval: 'auto', ...change };
}
