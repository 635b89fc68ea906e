import { DashboardLinkBuilder, DashboardLinkType } from '@grafana/grafana-foundation-sdk/dashboard';
import { link, type Properties } from './overrides.js';

/** Every dashboard carries it; the links at the top list what does. */
export const TAG = 'tickscope';

export const UID = {
  overview: 'tickscope-overview',
  instrument: 'tickscope-instrument',
  chain: 'tickscope-option-chain',
  vix: 'tickscope-vix',
  quality: 'tickscope-quality',
  pipeline: 'tickscope-pipeline',
} as const;

/** The other dashboards, in a list at the top of each: side by side they would take a line of the first screen. */
export function navigation(): DashboardLinkBuilder {
  return new DashboardLinkBuilder('All dashboards')
    .type(DashboardLinkType.Dashboards)
    .tags([TAG])
    .asDropdown(true)
    .includeVars(false)
    .keepTime(false)
    .tooltip('Open another Tickscope dashboard');
}

/** Grafana puts the shown range here. */
const RANGE = `\${__url_time_range}`;

/** The address of a dashboard, with the shown range kept. */
export const toDashboard = (uid: string, variables: Record<string, string> = {}): string =>
  `/d/${uid}?${[...Object.entries(variables).map(([name, value]) => `var-${name}=${value}`), RANGE].join('&')}`;

/**
 * Opens the Instrument dashboard for the cell's instrument. `field` is the column that holds `NSE:INFY`; `exchange` makes
 * the list there hold it, and is left out where a table mixes exchanges.
 */
export const toInstrument = (exchange?: string, field = 'instrument'): Properties =>
  link(
    'Open the instrument',
    toDashboard(UID.instrument, {
      ...(exchange === undefined ? {} : { exchange }),
      instrument: `\${__data.fields.${field}:percentencode}`,
    }),
  );
