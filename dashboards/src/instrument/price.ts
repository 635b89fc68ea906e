import { candles } from '../shared/candles.js';
import { CALM, DOWN, MUTED, SERIES, UP } from '../shared/colours.js';
import { limits, unit } from '../shared/overrides.js';
import { facts } from '../shared/panels.js';
import { tickscope } from '../shared/queries.js';
import { COUNT, PERCENT, POINTS } from '../shared/units.js';

const quiet = (...look: Parameters<typeof unit>) => [...unit(...look), ...limits('text')];

/** The quote in one line, live. */
export const quote = () =>
  facts(
    {
      title: '',
      description:
        'The latest quote: change against the previous close, the day’s open, high and low, volume and average traded price, open interest, best bid and ask. An index has no volume and no book.',
      empty: 'No quote of $instrument: choose an instrument at the top',
    },
    [
      ['last_price', 'Last', [...unit(POINTS, 2), ...limits(CALM)]],
      ['change_percent', 'Day', [...unit(PERCENT, 2), ...limits(DOWN, [-0.005, MUTED], [0.005, UP])]],
      ['open', 'Open', quiet(POINTS, 2)],
      ['high', 'High', quiet(POINTS, 2)],
      ['low', 'Low', quiet(POINTS, 2)],
      ['previous_close', 'Prev close', quiet(POINTS, 2)],
      ['volume', 'Volume', quiet(COUNT, 1)],
      ['average_price', 'VWAP', quiet(POINTS, 2)],
      ['open_interest', 'OI', quiet(COUNT, 1)],
      ['bid', 'Bid', quiet(POINTS, 2)],
      ['ask', 'Ask', quiet(POINTS, 2)],
      ['spread', 'Spread', quiet(POINTS, 2)],
    ],
    tickscope({ queryType: 'ticks', view: 'quote', instruments: ['$instrument'], stream: true }),
  );

export const chart = () =>
  candles(
    {
      title: '$instrument',
      description:
        'Candles with volume below and VWAP; open interest over it for futures and options. Closed hours are left out. The candle in progress, healed candles, incomplete candles and holes look different and say why on hover. Drag to zoom, scroll left for older history.',
      empty: 'No candles in this range: was the market closed? Choose a longer range',
    },
    {
      volume: 'pane',
      openInterest: 'overlay',
      indicators: [{ type: 'vwap', color: SERIES[1] }],
    },
    tickscope({ queryType: 'candles', instruments: ['$instrument'], interval: 'auto', stream: true }),
  ).maxDataPoints(240);
