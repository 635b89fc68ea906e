import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { holes, regimes, sessions } from '../shared/annotations.js';
import { dashboard } from '../shared/dashboard.js';
import { band, cell, column, layout, row } from '../shared/layout.js';
import { UID } from '../shared/links.js';
import { derived, listed } from '../shared/variables.js';
import * as now from './now.js';
import * as ranking from './ranking.js';

/** The market in a minute: the index, fear, breadth, who moves, and where money builds up. */
export function overview(): DashboardBuilder {
  const board = dashboard(
    UID.overview,
    'Market overview',
    'The market in a minute: index, volatility, breadth, movers, volume and open interest.',
    { from: 'now-6h', refresh: '5s' },
  )
    .withVariable(
      listed(
        'index',
        'Index',
        { kind: 'instrument', exchange: 'NSE', type: 'INDEX' },
        { text: 'NIFTY 50', value: 'NSE:NIFTY 50' },
      )
        // It has a dashboard of its own, and no future.
        .regex('/^(?!INDIA VIX)/')
        .description('The index of the big chart'),
    )
    .withVariable(derived('future', { kind: 'future', underlying: '$index' }))
    .annotation(sessions(false))
    .annotation(holes(false, ['$index']))
    .annotation(regimes(true));

  return layout(board, [
    row(1, '$origin data · the market now'),
    band(
      column(4, cell(10, 3, now.index('NIFTY 50', 'NSE:NIFTY 50'))),
      column(4, cell(11, 3, now.index('NIFTY BANK', 'NSE:NIFTY BANK'))),
      column(6, cell(12, 3, now.fear())),
      column(6, cell(13, 3, now.breadth())),
      column(4, cell(14, 3, now.health())),
    ),
    band(
      column(15, cell(20, 13, now.chart())),
      column(9, cell(21, 6, now.volatility()), cell(22, 7, ranking.lastMinute())),
    ),
    row(2, 'Movers'),
    band(
      column(8, cell(30, 9, ranking.gainers())),
      column(8, cell(31, 9, ranking.losers())),
      column(8, cell(32, 9, ranking.sinceOpen())),
    ),
    row(3, 'Volume, volatility and open interest'),
    band(
      column(8, cell(40, 9, ranking.volume())),
      column(6, cell(41, 9, ranking.volatility())),
      column(10, cell(42, 9, ranking.buildUp())),
    ),
  ]);
}
