import type { DataSourceRef } from '@grafana/grafana-foundation-sdk/dashboard';

/** The provisioned data sources, by the uids that provisioning gives them. */
export const TICKSCOPE: DataSourceRef = { type: 'tickscope-market-datasource', uid: 'tickscope' };
/** Grafana 9.4 to 10 call the plugin `postgres`, later ones take that as an alias; the uid decides. */
export const SQL: DataSourceRef = { type: 'postgres', uid: 'tickscope-sql' };
export const PROMETHEUS: DataSourceRef = { type: 'prometheus', uid: 'tickscope-prometheus' };
export const MIXED: DataSourceRef = { type: 'datasource', uid: '-- Mixed --' };
