import { timeSeries } from '../shared/panels.js';
import { range } from '../shared/queries.js';
import { COUNT, SECONDS } from '../shared/units.js';
import { quantile, said } from './words.js';

export const rate = () =>
  timeSeries(
    said(
      'Requests to the broker',
      'By endpoint and answer. 429 means that we asked too fast, 403 that a login is due.',
    ),
    range(
      'sum by (endpoint, status) (rate(tickscope_broker_request_seconds_count[$__rate_interval]))',
      '{{endpoint}} {{status}}',
    ),
  )
    .unit('suffix:/s')
    .decimals(2)
    .min(0);

export const duration = () =>
  timeSeries(
    said('Duration, p95', 'By endpoint.', 'No request to the broker in this range'),
    range(quantile(0.95, 'tickscope_broker_request_seconds', 'endpoint'), '{{endpoint}}'),
  )
    .unit(SECONDS)
    .min(0);

export const limits = () =>
  timeSeries(
    said(
      'Room under the broker’s limits',
      'Requests that may go out at once, by endpoint; 0 means that healing waits. Endpoints without a limit are left out.',
    ),
    range('min by (endpoint) (tickscope_broker_limit_remaining < Inf)', '{{endpoint}}'),
  )
    .unit(COUNT)
    .decimals(0)
    .min(0);
