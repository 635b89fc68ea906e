import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { regimes, sessions } from '../shared/annotations.js';
import { dashboard } from '../shared/dashboard.js';
import { band, cell, column, layout, row } from '../shared/layout.js';
import { UID } from '../shared/links.js';
import { choice, derived, listed } from '../shared/variables.js';
import * as byStrike from './by-strike.js';
import { matrix } from './matrix.js';
import * as summary from './summary.js';

/** One expiry of one underlying: calls on the left, puts on the right, open interest by strike. */
export function optionChain(): DashboardBuilder {
  const board = dashboard(
    UID.chain,
    'Option chain',
    'Strikes around the money of one expiry: prices, open interest, implied volatility, put/call ratio and max pain.',
    { from: 'now-6h', refresh: '5s' },
  )
    .withVariable(
      listed('underlying', 'Underlying', { kind: 'underlying' }, { text: 'NIFTY', value: 'NIFTY' }),
    )
    .withVariable(
      listed('expiry', 'Expiry', { kind: 'expiry', underlying: '$underlying' }).description(
        'The nearest is first',
      ),
    )
    .withVariable(
      choice('strikes', 'Strikes each side', [
        ['7', '7'],
        ['5', '5'],
        ['10', '10'],
        ['12', '12'],
        ['20', '20'],
        ['30', '30'],
      ]),
    )
    .withVariable(derived('spot', { kind: 'spot', underlying: '$underlying' }))
    .annotation(sessions(false))
    .annotation(regimes(false));

  return layout(board, [
    row(1, '$origin data · $underlying, expiry $expiry'),
    band(column(24, cell(10, 3, summary.facts()))),
    band(
      column(18, cell(20, 17, matrix())),
      column(6, cell(21, 9, byStrike.openInterest()), cell(22, 8, byStrike.change())),
    ),
    row(2, 'Volatility and the underlying'),
    band(column(12, cell(30, 9, byStrike.smile())), column(12, cell(31, 9, summary.underlying()))),
  ]);
}
