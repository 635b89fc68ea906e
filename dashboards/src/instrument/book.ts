import { AxisPlacement, GraphGradientMode } from '@grafana/grafana-foundation-sdk/common';
import { CALM, DOWN, MUTED, SERIES, UP } from '../shared/colours.js';
import { sorted, without } from '../shared/fields.js';
import { align, bar, colour, hidden, named, rightAxis, unit, width } from '../shared/overrides.js';
import { columns, table, timeSeries } from '../shared/panels.js';
import { tickscope } from '../shared/queries.js';
import { byThreshold, steps } from '../shared/thresholds.js';
import { CLOCK, COUNT, POINTS } from '../shared/units.js';

export const ladder = () =>
  columns(
    table(
      {
        title: 'Order book',
        description: 'The five best bids and asks with their quantities and numbers of orders, live.',
        empty: 'No order book: an index has none',
      },
      tickscope({ queryType: 'depth', view: 'ladder', instruments: ['$instrument'], stream: true }),
    ),
    {
      level: hidden(),
      bid_orders: [...named('Orders'), ...unit(COUNT, 0), ...width(62)],
      bid_quantity: [...bar('Quantity', UP), { id: 'decimals', value: 0 }],
      bid_price: [...named('Bid'), ...unit(POINTS, 2), ...width(76), ...align('right')],
      ask_price: [...named('Ask'), ...unit(POINTS, 2), ...width(76), ...align('left')],
      ask_quantity: [...bar('Quantity ', DOWN), { id: 'decimals', value: 0 }],
      ask_orders: [...named('Orders '), ...unit(COUNT, 0), ...width(62)],
    },
  );

export const trades = () =>
  columns(
    table(
      {
        title: 'Latest trades',
        description:
          'The newest ticks that report a trade: price, quantity, and the day’s volume then. Ticks that only moved the book are left out.',
        empty: 'No tick in this range',
      },
      tickscope({ queryType: 'ticks', view: 'history', instruments: ['$instrument'], limit: 100 }),
    )
      .withTransformation(sorted('time', true))
      .withTransformation(without('quantity', 0)),
    {
      time: [...named('Time'), ...unit(CLOCK), ...width(90)],
      price: [...named('Price'), ...unit(POINTS, 2)],
      quantity: [...named('Quantity'), ...unit(COUNT, 0)],
      volume: [...named('Volume'), ...unit(COUNT, 1)],
    },
  );

export const spread = () =>
  columns(
    timeSeries(
      {
        title: 'Spread',
        description: 'Best ask less best bid, in rupees and in hundredths of a per cent of the middle.',
        empty: 'No order book in this range: an index has none',
      },
      tickscope({ queryType: 'depth', view: 'spread', instruments: ['$instrument'] }),
    ).axisSoftMin(0),
    {
      spread: [...named('Spread ₹'), ...unit(POINTS, 2), ...colour(SERIES[0])],
      spread_bps: [...named('Basis points'), ...unit(POINTS, 2), ...colour(SERIES[1]), ...rightAxis()],
      mid: [{ id: 'custom.hideFrom', value: { viz: true, legend: true, tooltip: true } }],
      imbalance: [{ id: 'custom.hideFrom', value: { viz: true, legend: true, tooltip: true } }],
    },
  );

export const imbalance = () =>
  columns(
    timeSeries(
      {
        title: 'Imbalance of the book',
        description:
          'Bid less ask quantity of the five levels over their sum: +1 only buyers wait, -1 only sellers, 0 balance.',
        empty: 'No order book in this range: an index has none',
      },
      tickscope({ queryType: 'depth', view: 'spread', instruments: ['$instrument'], field: 'imbalance' }),
    )
      .min(-1)
      .max(1)
      .fillOpacity(25)
      .axisPlacement(AxisPlacement.Left)
      .colorScheme(byThreshold())
      .thresholds(steps(DOWN, [-0.2, MUTED], [0.2, UP])),
    { imbalance: [...named('Imbalance'), ...unit(POINTS, 2)], mid: colour(CALM) },
  ).gradientMode(GraphGradientMode.Scheme);
