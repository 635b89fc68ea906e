import { BAD, WATCH } from '../shared/colours.js';
import { colour } from '../shared/overrides.js';
import { columns, timeSeries } from '../shared/panels.js';
import { range } from '../shared/queries.js';
import { SECONDS } from '../shared/units.js';
import { quantile, said } from './words.js';

export const rate = () =>
  timeSeries(
    said('Requests by route', 'The six routes asked most.'),
    range(
      'topk(6, sum by (route) (rate(tickscope_http_request_seconds_count[$__rate_interval])))',
      '{{route}}',
    ),
  )
    .unit('suffix:/s')
    .decimals(2)
    .min(0);

export const errors = () =>
  columns(
    timeSeries(
      said('Requests that failed', 'Asked wrongly (4xx) and failed here (5xx). The second must be 0.'),
      range(
        'sum(rate(tickscope_http_request_seconds_count{status=~"4.."}[$__rate_interval])) or vector(0)',
        '4xx',
      ),
      range(
        'sum(rate(tickscope_http_request_seconds_count{status=~"5.."}[$__rate_interval])) or vector(0)',
        '5xx',
      ),
    )
      .unit('suffix:/s')
      .decimals(2)
      .min(0),
    { '4xx': colour(WATCH), '5xx': colour(BAD) },
  );

export const duration = () =>
  timeSeries(
    said(
      'Duration, p95',
      'By route; candles that had to be fetched from the broker are a line of their own.',
    ),
    range(`topk(4, ${quantile(0.95, 'tickscope_http_request_seconds', 'route')})`, '{{route}}'),
    range(
      quantile(0.95, 'tickscope_candle_request_seconds', 'backfilled'),
      'candles, healed: {{backfilled}}',
    ),
  )
    .unit(SECONDS)
    .min(0);
