import { vi } from 'vitest';
import { TickscopeDataSource } from '../../src/datasource/datasource';
import type { TickscopeQuery } from '../../src/datasource/types';
import { RESOURCES, SETTINGS, templates, type Values } from './stand-in';

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
