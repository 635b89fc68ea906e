import type { Moment, Series } from '../promtool.js';
import { fires, histogram, LONG, open, opensAfter, quiet, rule, shut } from './scenario.js';

const TICK_TO_COMMIT = 'tickscope_tick_to_commit_seconds';
const lag = (view: string, values: string): Series => ({
  [`tickscope_aggregate_lag_seconds{instance="a",view="tick_candles_${view}"}`]: values,
});
const spool = (values: string): Series => ({ 'tickscope_spool_bytes{instance="a"}': values });
const disk = (free: number): Series => ({
  'tickscope_disk_free_bytes{instance="a"}': `${free}x60`,
  'tickscope_disk_size_bytes{instance="a"}': '1000x60',
});
const up = (values: string): Series => ({ 'tickscope_db_up{instance="a"}': values });

export const databaseMoments: Moment[] = [
  ...rule(
    'tickscope-database-down',
    fires('it does not answer', '2m', up('1x3 0x30')),
    fires('it does not answer, at night', '2m', shut(), up('0x30')),
    quiet('it answers', '2m', up('1x30')),
  ),
  ...rule(
    'tickscope-tick-to-commit',
    fires('commits take a quarter of a second', '7m', open(), histogram(TICK_TO_COMMIT, 0.25)),
    quiet('commits take 50 ms', '7m', open(), histogram(TICK_TO_COMMIT, 0.05)),
    quiet('not for 5 minutes yet', '4m', open(), histogram(TICK_TO_COMMIT, 0.25)),
    quiet('the market is shut', '7m', shut(), histogram(TICK_TO_COMMIT, 0.25)),
    quiet('no tick comes', '7m', open(), histogram(TICK_TO_COMMIT, 0.25, 0)),
  ),
  ...rule(
    'tickscope-database-slow',
    fires('queries take over a second', '5m', histogram('tickscope_db_query_seconds', 2.5)),
    fires('flushes take over a second', '5m', histogram('tickscope_flush_seconds', 2.5)),
    quiet(
      'both are quick',
      '5m',
      histogram('tickscope_db_query_seconds', 0.01),
      histogram('tickscope_flush_seconds', 0.1),
    ),
    quiet('nothing is asked, at night', '5m', shut(), histogram('tickscope_db_query_seconds', 2.5, 0)),
  ),
  ...rule(
    'tickscope-aggregate-lag',
    fires('minutes lag an hour', '60m', open(), lag('1m', `3600x${LONG}`)),
    fires('hours lag four', '60m', open(), lag('1h', `14400x${LONG}`)),
    fires('days lag eight days', '60m', shut(), lag('1d', `691200x${LONG}`)),
    quiet('minutes lag two minutes', '60m', open(), lag('1m', `130x${LONG}`), lag('15m', `1100x${LONG}`)),
    quiet('hours lag as their buckets are wide', '60m', open(), lag('1h', `5000x${LONG}`)),
    quiet('days lag over a long weekend', '60m', shut(), lag('1d', `400000x${LONG}`)),
    quiet('the market is shut', '60m', shut(), lag('1m', `60000x${LONG}`), lag('1h', `60000x${LONG}`)),
    quiet(
      'the market opened 20 minutes ago',
      '60m',
      opensAfter(240),
      lag('15m', `60000x${LONG}`),
      lag('1h', `60000x${LONG}`),
    ),
  ),
  ...rule(
    'tickscope-spool-growing',
    fires('it grows', '5m', spool('2000000+100000x60')),
    quiet('it stays', '5m', spool('2000000x60')),
    quiet('it drains', '5m', spool('9000000-100000x60')),
    quiet('it is nearly empty', '2m', spool('0+1000x60')),
  ),
  ...rule(
    'tickscope-disk-low',
    fires('a tenth is free', '7m', disk(100)),
    quiet('a fifth is free', '7m', disk(200)),
  ),
];
