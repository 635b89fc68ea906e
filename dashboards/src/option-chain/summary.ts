import { candles } from '../shared/candles.js';
import { BAD, CALL, CALM, GOOD, PUT, WATCH } from '../shared/colours.js';
import { limits, unit } from '../shared/overrides.js';
import { facts as named } from '../shared/panels.js';
import { tickscope } from '../shared/queries.js';
import { COUNT, POINTS } from '../shared/units.js';

export const facts = () =>
  named(
    {
      title: '',
      description:
        'Spot: the underlying now. At the money: the strike nearest to it. Put/call ratio: put over call open interest, above 1.2 many puts are written, below 0.8 many calls. Max pain: the strike at which all options together would pay out the least.',
      empty: 'No option chain of $underlying: choose an underlying and an expiry at the top',
    },
    [
      ['spot', 'Spot', [...unit(POINTS, 2), ...limits(CALM)]],
      ['atm_strike', 'At the money', [...unit(POINTS, 0), ...limits('text')]],
      ['put_call_ratio', 'Put/call ratio', [...unit(POINTS, 2), ...limits(CALL, [0.8, 'text'], [1.2, PUT])]],
      ['max_pain', 'Max pain', [...unit(POINTS, 0), ...limits('text')]],
      ['call_oi', 'Call OI', [...unit(COUNT, 1), ...limits(CALL)]],
      ['put_oi', 'Put OI', [...unit(COUNT, 1), ...limits(PUT)]],
      ['days_to_expiry', 'Days to expiry', [...unit(POINTS, 0), ...limits(BAD, [1, WATCH], [3, GOOD])]],
    ],
    tickscope({ queryType: 'chain', view: 'summary', underlying: '$underlying', expiry: '$expiry' }),
  );

export const underlying = () =>
  candles(
    {
      title: '$spot',
      description: 'Candles of the underlying.',
      empty: 'No candles in this range: was the market closed? Choose a longer range',
    },
    { volume: 'off' },
    tickscope({ queryType: 'candles', instruments: ['$spot'], interval: 'auto', stream: true }),
  ).maxDataPoints(180);
