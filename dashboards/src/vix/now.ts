import { DOWN, MUTED, REGIME, UP } from '../shared/colours.js';
import { shown } from '../shared/fields.js';
import { limits, unit, words } from '../shared/overrides.js';
import { gauge, facts as named } from '../shared/panels.js';
import { tickscope } from '../shared/queries.js';
import { regimeWords, steps, trendWords } from '../shared/thresholds.js';
import { PERCENT, POINTS } from '../shared/units.js';

const LEVEL = limits(REGIME.LOW, [15, REGIME.NORMAL], [25, REGIME.HIGH], [35, REGIME.EXTREME]);
const level = [...unit(POINTS, 2), ...LEVEL];
const quiet = [...unit(POINTS, 2), ...limits('text')];

export const facts = () =>
  named(
    {
      title: '',
      description:
        'India VIX now. Trend: up or down when it is more than 1 % from the value published last. Regime: by the mean of the last 20 minutes; a change counts when the mean is past a limit by 2 % for 3 minutes.',
      empty: 'No value of India VIX yet',
    },
    [
      ['value', 'India VIX', level],
      // A rising VIX is fear rising: red.
      ['change_percent', 'Day', [...unit(PERCENT, 2), ...limits(UP, [-0.005, MUTED], [0.005, DOWN])]],
      ['trend', 'Trend', words(trendWords())],
      ['regime', 'Regime', words(regimeWords())],
      ['mean_20m', 'Mean of 20 min', level],
      ['day_open', 'Open', quiet],
      ['day_high', 'High', quiet],
      ['day_low', 'Low', quiet],
    ],
    tickscope({ queryType: 'vix', view: 'now' }),
  );

export const percentile = () =>
  gauge(
    {
      title: 'Percentile of the year',
      description:
        'On how many of 100 days of the last year the close stood below the value now. 90 and more is rare fear.',
      empty: 'Less than a year recorded',
    },
    `/^${shown('percentile_year')}$/`,
    tickscope({ queryType: 'vix', view: 'now' }),
  )
    .unit(PERCENT)
    .decimals(0)
    .min(0)
    .max(100)
    .thresholds(steps(REGIME.LOW, [25, REGIME.NORMAL], [75, REGIME.HIGH], [90, REGIME.EXTREME]));
