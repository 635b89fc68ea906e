import type { Moment, Series } from '../promtool.js';
import { fires, LONG, open, opensAfter, quiet, rule, shut } from './scenario.js';

const vix = (values: string): Series => ({ 'tickscope_vix_value{instance="a"}': values });
/** One regime of four holds at a time. */
const regime = (name: string, values: string): Series => ({
  [`tickscope_vix_regime{instance="a",regime="${name}"}`]: values,
});
const CHANGED: Series[] = [
  regime('LOW', `0x${LONG}`),
  regime('NORMAL', `1x89 0x${LONG}`),
  regime('HIGH', `0x89 1x${LONG}`),
];

export const volatilityMoments: Moment[] = [
  ...rule(
    'tickscope-vix-jump',
    fires('from 13 to 16', '11m', open('index'), vix('13x59 16x60')),
    quiet('from 13 to 13.5', '11m', open('index'), vix('13x59 13.5x60')),
    quiet('from 16 to 13', '11m', open('index'), vix('16x59 13x60')),
    quiet('from 13 to 16 over half an hour', '31m', open('index'), vix('13+0.0167x180')),
    quiet('from 13 to 16 over the night', '11m', opensAfter(60, 'index'), vix('13x59 16x60')),
    quiet('the market is shut', '11m', shut('index'), vix('13x59 16x60')),
  ),
  ...rule(
    'tickscope-vix-regime',
    fires('NORMAL became HIGH', '17m', open('index'), ...CHANGED),
    quiet('NORMAL became HIGH half an hour ago', '45m', open('index'), ...CHANGED),
    quiet('NORMAL goes on', '17m', open('index'), regime('NORMAL', `1x${LONG}`), regime('HIGH', `0x${LONG}`)),
    quiet('the first regime after a start', '12m', open('index'), regime('NORMAL', `0x60 1x${LONG}`)),
    quiet('the market is shut', '17m', shut('index'), ...CHANGED),
  ),
];
