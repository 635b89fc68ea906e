import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { holes, repairs, sessions } from '../shared/annotations.js';
import { dashboard } from '../shared/dashboard.js';
import { band, cell, column, layout, row } from '../shared/layout.js';
import { UID } from '../shared/links.js';
import * as days from './days.js';
import * as missing from './missing.js';
import * as now from './now.js';
import * as repair from './repair.js';

/** What is missing, why, what is being done about it, and how right the rest is. */
export function quality(): DashboardBuilder {
  const board = dashboard(
    UID.quality,
    'Data quality',
    'What is missing and why, what was repaired, and how well our candles agree with the exchange.',
    { from: 'now-24h', refresh: '10s' },
  )
    .annotation(holes(true))
    .annotation(repairs(true))
    .annotation(sessions(false));

  return layout(board, [
    row(1, '$origin data · what is missing now'),
    band(
      column(5, cell(10, 4, now.market())),
      column(5, cell(11, 4, now.open())),
      column(5, cell(12, 4, now.oldest())),
      column(5, cell(13, 4, now.failed())),
      column(4, cell(14, 4, now.rejected())),
    ),
    band(column(10, cell(20, 12, missing.completeness())), column(14, cell(21, 12, missing.holes()))),
    row(2, 'Repairs'),
    band(column(12, cell(30, 8, repair.results())), column(12, cell(31, 8, repair.candles()))),
    band(column(24, cell(32, 9, repair.ledger()))),
    row(3, 'Accuracy, day by day'),
    band(column(10, cell(40, 9, days.trend())), column(14, cell(41, 9, days.daily()))),
    row(4, 'Packets that could not be stored, or came late'),
    band(column(12, cell(50, 8, missing.rejects())), column(12, cell(51, 8, missing.odd()))),
  ]);
}
