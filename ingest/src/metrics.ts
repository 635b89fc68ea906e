import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { RejectReason } from './batch/plausible.js';
import { type BrokerErrorKind, CANDLE_INTERVALS } from './broker/broker.js';
import type { Method } from './interpolate/methods.js';

const LATENCY_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];

const REJECT_REASONS: ReadonlyArray<RejectReason | 'truncated_frame' | 'trailing_frame'> = [
  'unknown_instrument',
  'unknown_packet',
  'impossible_price',
  'impossible_time',
  'truncated_frame',
  'trailing_frame',
];
const REPAIR_RESULTS = ['healed', 'empty', 'partial', 'failed', 'proven', 'gave_up'] as const;
const GAP_STATUSES = ['PENDING', 'IN_PROGRESS', 'FAILED', 'UNRECOVERABLE'] as const;
const QUALITIES = ['excellent', 'good', 'poor', 'none'] as const;
const QUALITY_RESULTS = ['agree', 'differ', 'missing', 'extra'] as const;
/** What is stored; zero fill is made on request. */
const INTERPOLATION_METHODS: readonly Exclude<Method, 'zero'>[] = ['linear', 'last_known', 'vwap', 'missing'];
const STREAM_DROPS = ['slow', 'silent', 'flood'] as const;
const BACKFILL_RESULTS: ReadonlyArray<'ok' | 'not_stored' | BrokerErrorKind> = [
  'ok',
  'not_stored',
  'rate_limited',
  'login_needed',
  'no_permission',
  'rejected',
  'unavailable',
];

/** Every metric that Tickscope publishes, on a registry of its own. Label sets are bounded: never an instrument. */
export type Metrics = ReturnType<typeof createMetrics>;

export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Counter({ name: `tickscope_${name}`, help, labelNames, registers });
  const gauge = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Gauge({ name: `tickscope_${name}`, help, labelNames, registers });
  const seconds = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Histogram({ name: `tickscope_${name}`, help, labelNames, buckets: LATENCY_SECONDS, registers });

  const metrics = {
    registry,
    // feed
    ticksReceived: counter('ticks_received_total', 'Packets decoded from a feed', ['feed']),
    feedConnected: gauge('feed_connected', '1 while the connection is open', ['feed']),
    feedReconnects: counter('feed_reconnects_total', 'Connections re-established', ['feed']),
    feedLastTick: gauge('feed_last_tick_timestamp_seconds', 'Receipt of the last packet', ['feed']),
    subscribedInstruments: gauge('subscribed_instruments', 'Instruments subscribed', ['feed']),
    feedStale: gauge('stale_instruments', 'Instruments silent beyond their own rhythm', ['feed']),
    feedUnanswered: gauge('unanswered_instruments', 'Subscribed instruments that have not answered', [
      'feed',
    ]),
    feedResubscribed: counter('resubscriptions_total', 'Instruments subscribed again for their silence', [
      'feed',
    ]),
    clockSkew: gauge('clock_skew_seconds', 'By how much our clock is ahead of the exchange’s', ['feed']),
    fallbackActive: gauge('fallback_active', '1 while quotes by REST stand in for a connection'),
    fallbackQuotes: counter('fallback_quotes_total', 'Quotes by REST taken instead of ticks'),
    marketOpen: gauge('market_open', '1 while the group is in continuous session', [
      'exchange',
      'session_group',
    ]),
    marketNextOpen: gauge('market_next_open_timestamp_seconds', 'Begin of the next continuous session', [
      'exchange',
    ]),
    // write
    ticksWritten: counter('ticks_written_total', 'Ticks committed'),
    ticksRejected: counter('ticks_rejected_total', 'Packets that could not be stored', ['reason']),
    ticksDropped: counter(
      'ticks_dropped_total',
      'Ticks dropped because the queue was full; their span is a hole',
    ),
    ticksDuplicate: counter('ticks_duplicate_total', 'Packets identical to their instrument’s previous one'),
    ticksLate: counter('ticks_late_total', 'Ticks that came out of order or after their minute was settled'),
    tickToCommit: seconds('tick_to_commit_seconds', 'From receipt to committed'),
    stageSeconds: seconds('stage_seconds', 'Time a batch spends in a stage', ['stage']),
    flushSeconds: seconds('flush_seconds', 'One flush: copy and commit'),
    queueTicks: gauge('queue_ticks', 'Ticks received and not committed'),
    spoolBytes: gauge('spool_bytes', 'Bytes in the spool that the database has not taken'),
    spoolErrors: counter('spool_errors_total', 'Appends to the spool that failed'),
    // gaps and repair
    gapsOpen: gauge('gaps_open', 'Holes of the current session that are not healed'),
    dayCompleteness: gauge(
      'day_completeness_ratio',
      'Complete session seconds of the day over those elapsed',
    ),
    repairs: counter('repairs_total', 'Repairs ended', ['result']),
    gapSeconds: counter('gap_seconds_total', 'Seconds of session not heard'),
    gapRows: gauge('gap_rows', 'Rows of the gap ledger that are not repaired', ['status']),
    gapInstruments: gauge('gap_instruments', 'Instruments that still lack something in those rows', [
      'status',
    ]),
    interpolatedRows: counter('interpolated_rows_total', 'Guesses put into short holes', ['method']),
    gapOldestOpen: gauge('gap_oldest_open_seconds', 'Age of the oldest open hole'),
    backfillRequests: counter('backfill_requests_total', 'History requests made for candles', ['result']),
    backfilledCandles: counter('backfilled_candles_total', 'Candles stored from the broker', ['interval']),
    // end of day
    qualityCompared: counter('quality_compared_total', 'Instruments’ days compared with the broker', [
      'quality',
    ]),
    qualityCandles: counter('quality_candles_total', 'Candles of a minute held against the broker’s', [
      'result',
    ]),
    qualityWaiting: gauge('quality_waiting', 'Instruments’ days that are over and not compared yet'),
    qualityCompleteness: gauge(
      'quality_completeness_ratio',
      'Mean completeness of the last day that was compared',
    ),
    qualityAccuracy: gauge('quality_accuracy_ratio', 'Mean accuracy of the last day that was compared'),
    // broker
    brokerRequest: seconds('broker_request_seconds', 'REST calls', ['broker', 'endpoint', 'status']),
    brokerLimitRemaining: gauge('broker_limit_remaining', 'Requests that may go out now', [
      'broker',
      'endpoint',
    ]),
    brokerTokenExpiry: gauge('broker_token_expiry_timestamp_seconds', 'When the access token dies', [
      'broker',
    ]),
    // database, calendar, http
    dbUp: gauge('db_up', '1 while the database answers'),
    dbQuery: seconds('db_query_seconds', 'Queries of the API and the jobs'),
    dbBytes: gauge('db_bytes', 'Size on disk, indexes included', ['relation']),
    diskFree: gauge('disk_free_bytes', 'Free bytes where data is kept'),
    diskSize: gauge('disk_size_bytes', 'Size of the file system where data is kept'),
    aggregateLag: gauge('aggregate_lag_seconds', 'Age of an aggregate’s watermark', ['view']),
    calendarDaysLeft: gauge('calendar_days_left', 'Days until the calendar ends'),
    vixValue: gauge('vix_value', 'INDIA VIX at the end of its last minute'),
    vixRegime: gauge('vix_regime', '1 for the volatility regime of the moment, 0 for the others', ['regime']),
    candleRequest: seconds('candle_request_seconds', 'Candle requests', ['interval', 'backfilled']),
    httpRequest: seconds('http_request_seconds', 'HTTP requests', ['method', 'route', 'status']),
    // stream
    streamClients: gauge('stream_clients', 'Clients of the live stream'),
    streamMessages: counter('stream_messages_total', 'Messages sent to clients of the live stream'),
    streamConflated: counter('stream_conflated_total', 'Messages that slow clients got only the newest of'),
    streamDropped: counter('stream_clients_dropped_total', 'Clients of the live stream given up', ['reason']),
  };
  // From 0 on, so that the first one is an increase and not a series that nobody saw begin.
  for (const reason of REJECT_REASONS) metrics.ticksRejected.inc({ reason }, 0);
  for (const result of REPAIR_RESULTS) metrics.repairs.inc({ result }, 0);
  for (const status of GAP_STATUSES) {
    metrics.gapRows.set({ status }, 0);
    metrics.gapInstruments.set({ status }, 0);
  }
  for (const method of INTERPOLATION_METHODS) metrics.interpolatedRows.inc({ method }, 0);
  for (const quality of QUALITIES) metrics.qualityCompared.inc({ quality }, 0);
  for (const result of QUALITY_RESULTS) metrics.qualityCandles.inc({ result }, 0);
  // Nothing is right or wrong before the first comparison.
  metrics.qualityCompleteness.set(Number.NaN);
  metrics.qualityAccuracy.set(Number.NaN);
  for (const result of BACKFILL_RESULTS) metrics.backfillRequests.inc({ result }, 0);
  for (const interval of CANDLE_INTERVALS) metrics.backfilledCandles.inc({ interval }, 0);
  for (const reason of STREAM_DROPS) metrics.streamDropped.inc({ reason }, 0);
  return metrics;
}
