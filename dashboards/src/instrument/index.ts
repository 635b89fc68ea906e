import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { holes, repairs, sessions } from '../shared/annotations.js';
import { dashboard } from '../shared/dashboard.js';
import { band, cell, column, layout, row } from '../shared/layout.js';
import { UID } from '../shared/links.js';
import { derived, listed } from '../shared/variables.js';
import * as book from './book.js';
import * as futures from './futures.js';
import * as honesty from './honesty.js';
import * as price from './price.js';

/** Everything about one instrument: price, book, liquidity, its future, and what is missing of it. */
export function instrument(): DashboardBuilder {
  const board = dashboard(
    UID.instrument,
    'Instrument',
    'One instrument: candles, volume, order book, spread, trades, open interest, basis and holes.',
    { from: 'now-6h', refresh: '5s' },
  )
    .withVariable(listed('exchange', 'Exchange', { kind: 'exchange' }, { text: 'NSE', value: 'NSE' }))
    .withVariable(
      listed(
        'instrument',
        'Instrument',
        { kind: 'instrument', exchange: '$exchange' },
        { text: 'RELIANCE', value: 'NSE:RELIANCE' },
      ).description('Open the list and type to search'),
    )
    .withVariable(derived('spot', { kind: 'spot', underlying: '$instrument' }))
    .withVariable(derived('future', { kind: 'future', underlying: '$instrument' }))
    .annotation(sessions(false))
    .annotation(holes(true, ['$instrument']))
    .annotation(repairs(true, ['$instrument']));

  return layout(board, [
    row(1, '$origin data · $instrument'),
    band(column(24, cell(10, 3, price.quote()))),
    band(
      column(15, cell(20, 14, price.chart())),
      column(9, cell(21, 7, book.ladder()), cell(22, 7, book.trades())),
    ),
    row(2, 'Liquidity'),
    band(column(12, cell(30, 8, book.spread())), column(12, cell(31, 8, book.imbalance()))),
    row(3, 'Future: $future'),
    band(column(12, cell(40, 8, futures.basis())), column(12, cell(41, 8, futures.openInterest()))),
    row(4, 'What is missing'),
    band(
      column(5, cell(50, 8, honesty.completeness())),
      column(12, cell(51, 8, honesty.holes())),
      column(7, cell(52, 8, honesty.sources())),
    ),
  ]);
}
