import type { Dashboard, DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { instrument } from './instrument/index.js';
import { optionChain } from './option-chain/index.js';
import { overview } from './overview/index.js';
import { pipeline } from './pipeline/index.js';
import { quality } from './quality/index.js';
import { vix } from './vix/index.js';

/**
 * The schema that every supported Grafana reads: 9.4 as its own, 10.4 to 13 by their migrations on loading.
 * (Its mark in the JSON: a table cell's look is `custom.displayMode`.)
 */
const SCHEMA_VERSION = 37;

const BUILDERS: Record<string, () => DashboardBuilder> = {
  overview,
  instrument,
  'option-chain': optionChain,
  vix,
  quality,
  pipeline,
};

/** All six, by the name of their file in `dashboards/json` without its ending. */
export function dashboards(): Map<string, Dashboard> {
  return new Map(
    Object.entries(BUILDERS).map(([name, build]) => [
      name,
      { ...build().build(), schemaVersion: SCHEMA_VERSION },
    ]),
  );
}

/** The committed text of a dashboard: two spaces, one newline at the end. */
export const asText = (board: Dashboard): string => `${JSON.stringify(board, null, 2)}\n`;
