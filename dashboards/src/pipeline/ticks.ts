import { BAD, CALM, GOOD, WATCH } from '../shared/colours.js';
import { colour } from '../shared/overrides.js';
import { columns, timeSeries } from '../shared/panels.js';
import { range } from '../shared/queries.js';
import { COUNT, SECONDS } from '../shared/units.js';
import { quantile, said } from './words.js';

export const rate = () =>
  columns(
    timeSeries(
      said(
        'Ticks received and written',
        'They must run together: received without written is a queue that grows.',
      ),
      range('sum(rate(tickscope_ticks_received_total[$__rate_interval]))', 'received'),
      range('sum(rate(tickscope_ticks_written_total[$__rate_interval]))', 'written'),
    )
      .unit('suffix:/s')
      .decimals(0)
      .min(0),
    { received: colour(CALM), written: colour(GOOD) },
  );

export const errors = () =>
  columns(
    timeSeries(
      said(
        'Ticks dropped, rejected, late',
        'Dropped ones leave a hole; rejected ones are kept with their bytes; late ones reopen their minute.',
      ),
      range('sum(rate(tickscope_ticks_dropped_total[$__rate_interval]))', 'dropped'),
      range('sum(rate(tickscope_ticks_rejected_total[$__rate_interval]))', 'rejected'),
      range('sum(rate(tickscope_ticks_late_total[$__rate_interval]))', 'late'),
    )
      .unit('suffix:/s')
      .decimals(2)
      .min(0)
      .axisSoftMax(1),
    { dropped: colour(BAD), rejected: colour(WATCH), late: colour(CALM) },
  );

/** Median, p95 and p99 of one histogram. */
const quantiles = (metric: string) => [
  range(quantile(0.5, metric), 'p50'),
  range(quantile(0.95, metric), 'p95'),
  range(quantile(0.99, metric), 'p99'),
];

export const duration = () =>
  columns(
    timeSeries(
      said(
        'Tick to commit',
        'From the receipt of a packet to its transaction’s commit. The bound of p95 is 100 ms.',
      ),
      ...quantiles('tickscope_tick_to_commit_seconds'),
    )
      .unit(SECONDS)
      .min(0),
    { p50: colour(GOOD), p95: colour(CALM), p99: colour(WATCH) },
  );

export const stages = () =>
  timeSeries(
    said(
      'Where the time goes',
      'Mean time of a batch in each stage: decode, classify, depth, encode, insert, state, commit.',
    ),
    range(
      'sum by (stage) (rate(tickscope_stage_seconds_sum[$__rate_interval])) / sum by (stage) (rate(tickscope_stage_seconds_count[$__rate_interval]) > 0)',
      '{{stage}}',
    ),
    range(
      'sum(rate(tickscope_flush_seconds_sum[$__rate_interval])) / sum(rate(tickscope_flush_seconds_count[$__rate_interval]) > 0)',
      'whole flush',
    ),
  )
    .unit(SECONDS)
    .min(0);

export const queue = () =>
  timeSeries(
    said('Queue', 'Ticks received and not committed, against what arrives in a second.'),
    range('max(tickscope_queue_ticks)', 'queue'),
    range('sum(rate(tickscope_ticks_received_total[$__rate_interval]))', 'a second of ticks'),
  )
    .unit(COUNT)
    .min(0);

export const feeds = () =>
  timeSeries(
    said(
      'Silence of each connection',
      'Time since its last packet. A connection that is up and silent is dead.',
    ),
    range(
      'max by (feed) (timestamp(tickscope_feed_last_tick_timestamp_seconds) - tickscope_feed_last_tick_timestamp_seconds)',
      '{{feed}}',
    ),
    range(
      'sum by (feed) (increase(tickscope_feed_reconnects_total[$__rate_interval]))',
      '{{feed}} reconnects',
    ),
  )
    .unit(SECONDS)
    .min(0)
    .overrideByRegexp('.* reconnects', [
      { id: 'unit', value: COUNT },
      { id: 'custom.axisPlacement', value: 'right' },
      { id: 'custom.drawStyle', value: 'bars' },
      { id: 'color', value: { mode: 'fixed', fixedColor: BAD } },
    ]);

export const silence = () =>
  columns(
    timeSeries(
      said(
        'Silent instruments',
        'Silent beyond their own rhythm; not answering after they were subscribed (nothing is claimed of those); and how many were asked again.',
      ),
      range('sum(tickscope_stale_instruments)', 'beyond their rhythm'),
      range('sum(tickscope_unanswered_instruments)', 'not answering'),
      range('sum(increase(tickscope_resubscriptions_total[$__rate_interval]))', 'asked again'),
    )
      .unit(COUNT)
      .decimals(0)
      .min(0)
      .axisSoftMax(10),
    { 'beyond their rhythm': colour(WATCH), 'not answering': colour(BAD), 'asked again': colour(CALM) },
  );

export const clock = () =>
  timeSeries(
    said(
      'Our clock against the exchange’s',
      'By how much it is ahead, the way of a packet included: a fraction of a second is usual. Times are corrected by it.',
    ),
    range('max by (feed) (tickscope_clock_skew_seconds)', '{{feed}}'),
  )
    .unit(SECONDS)
    .decimals(2)
    .axisSoftMin(0)
    .axisSoftMax(1);

export const standIns = () =>
  columns(
    timeSeries(
      said(
        'In place of ticks',
        'Quotes by REST while the feed is away, for what somebody looks at, and guesses put into holes of less than 5 s. Neither counts as heard.',
      ),
      range('sum(rate(tickscope_fallback_quotes_total[$__rate_interval]))', 'quotes'),
      range('sum(rate(tickscope_interpolated_rows_total[$__rate_interval]))', 'guesses'),
    )
      .unit('suffix:/s')
      .decimals(1)
      .min(0)
      .axisSoftMax(1),
    { quotes: colour(WATCH), guesses: colour(CALM) },
  );
