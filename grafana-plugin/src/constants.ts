/** Ids as Grafana knows them; they are part of the public interface. */
export const APP_ID = 'tickscope-app';
export const DATASOURCE_ID = 'tickscope-market-datasource';
export const PANEL_ID = 'tickscope-candles-panel';
