import { BigValueGraphMode } from '@grafana/grafana-foundation-sdk/common';
import { BAD, CALM, GOOD, WATCH } from '../shared/colours.js';
import { toDashboard, UID } from '../shared/links.js';
import { link } from '../shared/overrides.js';
import { stat } from '../shared/panels.js';
import { instant, range } from '../shared/queries.js';
import { highIsGood, lowIsGood, steps, words } from '../shared/thresholds.js';
import { COUNT, RATIO, SECONDS } from '../shared/units.js';
import { quantile, said } from './words.js';

export const feed = () =>
  stat(
    said('Feed', 'Open connections over all there are. Below 100 % ticks are being missed.'),
    '',
    instant('avg(tickscope_feed_connected)', 'feed'),
  )
    .unit(RATIO)
    .decimals(0)
    .thresholds(steps(BAD, [1, GOOD]));

export const received = () =>
  stat(
    said('Ticks', 'Packets received a second. 0 while the market is open means a dead feed.'),
    '',
    range('sum(rate(tickscope_ticks_received_total[$__rate_interval]))', 'received'),
  )
    .unit('suffix:/s')
    .decimals(0)
    .graphMode(BigValueGraphMode.Area)
    .thresholds(steps(BAD, [1, CALM]));

export const latency = () =>
  stat(
    said(
      'Commit, p95',
      'Nineteen of twenty ticks are committed within this time of their receipt. 100 ms is the bound.',
    ),
    '',
    range(quantile(0.95, 'tickscope_tick_to_commit_seconds'), 'p95'),
  )
    .unit(SECONDS)
    .decimals(0)
    .graphMode(BigValueGraphMode.Area)
    .thresholds(lowIsGood(0.1, 0.5));

export const queue = () =>
  stat(
    said('Queue', 'Ticks received and not committed. Growing means that the database does not keep up.'),
    '',
    range('max(tickscope_queue_ticks)', 'queue'),
  )
    .unit(COUNT)
    .decimals(0)
    .graphMode(BigValueGraphMode.Area)
    .thresholds(lowIsGood(5000, 20000));

export const database = () =>
  stat(said('Database', 'Whether the database answers.'), '', instant('min(tickscope_db_up)', 'database'))
    .mappings([words({ '0': { text: 'down', color: BAD }, '1': { text: 'up', color: GOOD } })])
    .thresholds(steps(BAD, [1, GOOD]));

export const completeness = () =>
  stat(
    said(
      'Complete today',
      'Session seconds of today that were heard or healed, over those elapsed. Click for what is missing.',
    ),
    '',
    instant('min(tickscope_day_completeness_ratio)', 'complete'),
  )
    .unit(RATIO)
    .decimals(1)
    .thresholds(highIsGood(0.95, 0.99))
    .overrideByName('complete', link('Open data quality', toDashboard(UID.quality)));

export const disk = () =>
  stat(
    said('Disk free', 'Free space where data is kept, over all of it. Below 15 % something must go.'),
    '',
    instant('min(tickscope_disk_free_bytes / tickscope_disk_size_bytes)', 'free'),
  )
    .unit(RATIO)
    .decimals(0)
    .thresholds(highIsGood(0.15, 0.25));

export const token = () =>
  stat(
    said(
      'Broker login',
      'Time until the broker’s access token dies. Kite’s dies every morning; the simulator needs none.',
    ),
    '',
    instant('(min(tickscope_broker_token_expiry_timestamp_seconds) - time()) or vector(-1)', 'left'),
  )
    .unit(SECONDS)
    .decimals(1)
    .mappings([words({ '-1': { text: 'not needed', color: GOOD } })])
    .thresholds(steps(BAD, [0, WATCH], [3600, GOOD]));
