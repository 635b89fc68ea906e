import type { Moment, Series } from '../promtool.js';
import { fires, LONG, open, quiet, rule, shut } from './scenario.js';

const oldest = (seconds: number): Series => ({
  'tickscope_gap_oldest_open_seconds{instance="a"}': `${seconds}x60`,
});
const repairs = (result: string, values: string): Series => ({
  [`tickscope_repairs_total{instance="a",result="${result}"}`]: values,
});
const complete = (value: string): Series => ({
  'tickscope_day_completeness_ratio{instance="a"}': Array(120).fill(value).join(' '),
});
const limit = (broker: string, value: string): Series => ({
  [`tickscope_broker_limit_remaining{instance="a",broker="${broker}",endpoint="other"}`]: Array(180)
    .fill(value)
    .join(' '),
});
/** Seconds from the first sample. */
const nextOpen = (seconds: number): Series => ({
  'tickscope_market_next_open_timestamp_seconds{instance="a",exchange="NSE"}': `${seconds}x${LONG}`,
});
const tokenUntil = (seconds: number): Series => ({
  'tickscope_broker_token_expiry_timestamp_seconds{instance="a",broker="kite"}': `${seconds}x${LONG}`,
});
const daysLeft = (days: number): Series => ({ 'tickscope_calendar_days_left{instance="a"}': `${days}x60` });
const HOUR = 3600;

export const completenessMoments: Moment[] = [
  ...rule(
    'tickscope-hole-open',
    fires('the oldest is 20 minutes old', '5m', oldest(1200)),
    quiet('it is 5 minutes old', '5m', oldest(300)),
    quiet('there is none, at night', '5m', shut(), oldest(0)),
  ),
  ...rule(
    'tickscope-repair-failed',
    fires('one failed', '5m', repairs('failed', '0x9 1x60')),
    quiet('one healed', '5m', repairs('failed', '0x60'), repairs('healed', '0x9 1x60')),
    quiet('one failed long ago', '20m', repairs('failed', '1x180')),
  ),
  ...rule(
    'tickscope-completeness',
    fires('5 % are missing', '15m', open(), complete('0.95')),
    quiet('a thousandth is missing', '15m', open(), complete('0.999')),
    quiet('5 % are missing for 5 minutes', '5m', open(), complete('0.95')),
    quiet('the market is shut', '15m', shut(), complete('0.95')),
    quiet('no session has begun', '15m', open(), complete('NaN')),
  ),
  ...rule(
    'tickscope-broker-limit',
    fires('no request is free', '20m', limit('kite', '0')),
    quiet('three are free', '20m', limit('kite', '3')),
    quiet('there is no limit', '20m', limit('simulator', 'Inf')),
    quiet('none is free for a moment', '20m', limit('kite', '3 3 0')),
  ),
  ...rule(
    'tickscope-login',
    fires('no token half an hour before the open', '2m', shut(), limit('kite', '10'), nextOpen(HOUR / 2)),
    fires(
      'a token that dies before the open',
      '2m',
      shut(),
      limit('kite', '10'),
      nextOpen(HOUR / 2),
      tokenUntil(HOUR / 4),
    ),
    fires(
      'a token that died in the session',
      '5m',
      open(),
      limit('kite', '10'),
      nextOpen(24 * HOUR),
      tokenUntil(60),
    ),
    quiet(
      'a token for the day',
      '2m',
      shut(),
      limit('kite', '10'),
      nextOpen(HOUR / 2),
      tokenUntil(22 * HOUR),
    ),
    quiet('no token at night', '2m', shut(), limit('kite', '10'), nextOpen(9 * HOUR)),
    quiet('no token on a holiday at 08:30', '2m', shut(), limit('kite', '10'), nextOpen(24.75 * HOUR)),
    quiet('a broker without tokens', '2m', open(), limit('simulator', '10'), nextOpen(HOUR / 2)),
  ),
  ...rule(
    'tickscope-calendar',
    fires('12 days are left', '3m', daysLeft(12)),
    quiet('200 days are left', '3m', daysLeft(200)),
  ),
];
