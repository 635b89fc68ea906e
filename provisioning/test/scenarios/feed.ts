import type { Moment } from '../promtool.js';
import { fires, open, quiet, rule, shut } from './scenario.js';

const subscribed = (feed: string, instruments: number) => ({
  [`tickscope_subscribed_instruments{instance="a",feed="${feed}"}`]: `${instruments}x90`,
});
const connected = (feed: string, value: string) => ({
  [`tickscope_feed_connected{instance="a",feed="${feed}"}`]: value,
});
/** Receipt of the last packet: silent from the beginning, or one each 10 s. */
const heard = (feed: string, values: string) => ({
  [`tickscope_feed_last_tick_timestamp_seconds{instance="a",feed="${feed}"}`]: values,
});
const up = (values: string) => ({ 'up{job="tickscope",instance="a"}': values });
const notHeard = (values: string) => ({ 'tickscope_gap_seconds_total{instance="a"}': values });
const queue = (ticks: number) => ({ 'tickscope_queue_ticks{instance="a"}': `${ticks}x30` });
const received = (perSecond: number) => ({
  'tickscope_ticks_received_total{instance="a",feed="kite-1"}': `0+${perSecond * 10}x30`,
});
const dropped = (values: string) => ({ 'tickscope_ticks_dropped_total{instance="a"}': values });
const unanswered = (values: string) => ({
  'tickscope_unanswered_instruments{instance="a",feed="kite-1"}': values,
});
const skew = (values: string) => ({ 'tickscope_clock_skew_seconds{instance="a",feed="kite-1"}': values });

export const feedMoments: Moment[] = [
  ...rule(
    'tickscope-ingest-down',
    fires('scrapes fail', '90s', up('1x3 0x20')),
    fires('nothing is scraped', '1m', { other: '1x30' }),
    quiet('scrapes succeed', '2m', up('1x30')),
    quiet('one scrape failed', '70s', up('1x4 0 1x30')),
  ),
  ...rule(
    'tickscope-feed-disconnected',
    fires('the connection broke', '30s', open(), subscribed('kite-1', 500), connected('kite-1', '1x2 0x30')),
    fires('it never opened', '10s', open(), subscribed('kite-1', 2)),
    fires(
      'one of two broke',
      '30s',
      open(),
      subscribed('kite-1', 3000),
      connected('kite-1', '1x30'),
      subscribed('kite-2', 900),
      connected('kite-2', '0x30'),
    ),
    quiet('connected', '1m', open(), subscribed('kite-1', 500), connected('kite-1', '1x30')),
    quiet('the market is shut', '1m', shut(), subscribed('kite-1', 500), connected('kite-1', '0x30')),
    quiet(
      'a second one was given up because nothing but canaries was left on it',
      '1m',
      open(),
      subscribed('kite-1', 500),
      connected('kite-1', '1x30'),
      subscribed('kite-2', 2),
      connected('kite-2', '0x30'),
    ),
  ),
  ...rule(
    'tickscope-feed-silent',
    fires('nothing comes any more', '40s', open(), subscribed('kite-1', 500), heard('kite-1', '0x30')),
    quiet('packets come', '2m', open(), subscribed('kite-1', 500), heard('kite-1', '0+10x30')),
    quiet('the market is shut', '2m', shut(), subscribed('kite-1', 500), heard('kite-1', '0x30')),
    quiet(
      'a connection without instruments is silent',
      '2m',
      open(),
      subscribed('kite-1', 500),
      heard('kite-1', '0+10x30'),
      subscribed('kite-2', 2),
      heard('kite-2', '0x30'),
    ),
  ),
  ...rule(
    'tickscope-hole',
    fires('20 s were not heard', '3m', open(), notHeard('0x9 20x30')),
    quiet('3 s were not heard', '3m', open(), notHeard('0x9 3x30')),
    quiet('everything was heard', '3m', open(), notHeard('40x30')),
    quiet('the market is shut', '10m', shut(), notHeard('40x90')),
  ),
  ...rule(
    'tickscope-queue',
    fires('8000 wait of 1000 a second', '2m', queue(8000), received(1000)),
    quiet('8000 wait of 10,000 a second', '2m', queue(8000), received(10_000)),
    quiet('3000 wait of 1000 a second', '2m', queue(3000), received(1000)),
    quiet('8000 wait for 20 s', '80s', received(1000), {
      'tickscope_queue_ticks{instance="a"}': '0x5 8000x1 0x30',
    }),
    quiet('the market is shut', '2m', shut(), queue(0), received(0)),
  ),
  ...rule(
    'tickscope-ticks-dropped',
    fires('some were dropped', '2m', dropped('0x5 700x30')),
    quiet('none was since', '10m', dropped('700x90')),
  ),
  ...rule(
    'tickscope-unanswered',
    fires('two do not answer', '4m', open(), unanswered('2x60')),
    quiet('they answer after a minute', '4m', open(), unanswered('2x6 0x60')),
    quiet('the market is shut', '10m', shut(), unanswered('2x90')),
  ),
  ...rule(
    'tickscope-clock',
    fires('it is 3 s slow', '8m', open(), skew('-3x60')),
    quiet('packets take a second', '8m', open(), skew('1x60')),
    quiet('it was off for a minute', '8m', open(), skew('5x6 0.2x60')),
    quiet('the market is shut', '10m', shut(), skew('9x90')),
  ),
];
