import { BAD, CALM, GOOD } from '../shared/colours.js';
import { colour, named } from '../shared/overrides.js';
import { barGauge, columns, timeSeries } from '../shared/panels.js';
import { instant, range } from '../shared/queries.js';
import { fixed, lowIsGood } from '../shared/thresholds.js';
import { BYTES, SECONDS } from '../shared/units.js';
import { quantile, said } from './words.js';

export const sizes = () =>
  barGauge(
    said('Largest tables', 'Size on disk with indexes, compressed parts included.'),
    '',
    false,
    instant('sort_desc(topk(10, max by (relation) (tickscope_db_bytes{relation!="total"})))', '{{relation}}'),
  )
    .unit(BYTES)
    .decimals(1)
    .min(0)
    .colorScheme(fixed(CALM));

export const growth = () =>
  timeSeries(
    said('Database', 'The whole database, and its ticks.'),
    range('max(tickscope_db_bytes{relation="total"})', 'database'),
    range('max(tickscope_db_bytes{relation="tick_data"})', 'ticks'),
  )
    .unit(BYTES)
    .decimals(1)
    .min(0)
    .fillOpacity(10);

export const aggregateLag = () =>
  timeSeries(
    said(
      'Lag of the candle aggregates',
      'Age of each aggregate’s watermark. What is newer is computed when read, so a lag costs time, not truth.',
      'No aggregate has been refreshed yet',
    ),
    range('max by (view) (tickscope_aggregate_lag_seconds)', '{{view}}'),
  )
    .unit(SECONDS)
    .min(0);

export const queries = () =>
  timeSeries(
    said('Queries of the API and the jobs', 'Duration of database queries. Above 1 s an alert fires.'),
    range(quantile(0.5, 'tickscope_db_query_seconds'), 'p50'),
    range(quantile(0.95, 'tickscope_db_query_seconds'), 'p95'),
    range(quantile(0.99, 'tickscope_db_query_seconds'), 'p99'),
  )
    .unit(SECONDS)
    .min(0);

export const spool = () =>
  timeSeries(
    said('Spool', 'Bytes of ticks that wait on disk for the database. 0 is the usual state.'),
    range('max(tickscope_spool_bytes)', 'spool'),
  )
    .unit(BYTES)
    .min(0)
    .thresholds(lowIsGood(1, 100_000_000))
    .colorScheme(fixed(CALM));

export const free = () =>
  columns(
    timeSeries(
      said('Disk', 'Free bytes where data is kept, and where they will be in a day if the last hours go on.'),
      range('min(tickscope_disk_free_bytes)', 'free'),
      range('min(predict_linear(tickscope_disk_free_bytes[6h], 86400))', 'in a day'),
    )
      .unit(BYTES)
      .decimals(1)
      .min(0),
    { free: colour(GOOD), 'in a day': [...named('in a day, as it goes now'), ...colour(BAD)] },
  );
