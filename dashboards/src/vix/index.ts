import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { regimes, sessions, spikes } from '../shared/annotations.js';
import { dashboard } from '../shared/dashboard.js';
import { band, cell, column, layout, row } from '../shared/layout.js';
import { UID } from '../shared/links.js';
import * as history from './history.js';
import * as now from './now.js';
import * as today from './today.js';

/** How afraid the market is, for how long already, and how unusual that is. */
export function vix(): DashboardBuilder {
  const board = dashboard(
    UID.vix,
    'India VIX',
    'India VIX by the minute: its regimes, spikes and percentile of the year, and NIFTY beside it.',
    { from: 'now-24h', refresh: '10s' },
  )
    .annotation(regimes(true))
    .annotation(spikes(true))
    .annotation(sessions(false));

  return layout(board, [
    row(1, '$origin data · India VIX now'),
    band(column(18, cell(10, 4, now.facts())), column(6, cell(11, 4, now.percentile()))),
    band(
      column(16, cell(20, 9, today.series()), cell(21, 4, today.regimeLane())),
      column(8, cell(22, 13, today.againstNifty())),
    ),
    row(2, 'Regimes and spikes'),
    band(
      column(10, cell(30, 9, history.regimes())),
      column(8, cell(31, 9, history.events())),
      column(6, cell(32, 9, history.shares())),
    ),
    row(3, 'The year'),
    band(column(24, cell(40, 10, history.year()))),
  ]);
}
