import { rightAxis, unit } from '../shared/overrides.js';
import { timeSeries } from '../shared/panels.js';
import { range } from '../shared/queries.js';
import { BYTES, COUNT, RATIO, SECONDS } from '../shared/units.js';
import { said } from './words.js';

/** Ingest's own process among all that Prometheus scrapes: the one that publishes Tickscope's metrics. */
const OURS = 'and on (instance, job) tickscope_db_up';

export const cpu = () =>
  timeSeries(
    said('CPU', 'Of one core. The pipeline is one thread: near 100 % it falls behind.'),
    range(`rate(process_cpu_user_seconds_total[$__rate_interval]) ${OURS}`, 'user'),
    range(`rate(process_cpu_system_seconds_total[$__rate_interval]) ${OURS}`, 'system'),
  )
    .unit(RATIO)
    .min(0)
    .axisSoftMax(1);

export const memory = () =>
  timeSeries(
    said(
      'Memory',
      'Resident memory, and the JavaScript heap in it. A saw-tooth is normal, a staircase is a leak.',
    ),
    range(`process_resident_memory_bytes ${OURS}`, 'resident'),
    range(`nodejs_heap_size_used_bytes ${OURS}`, 'heap used'),
    range(`nodejs_external_memory_bytes ${OURS}`, 'buffers'),
  )
    .unit(BYTES)
    .decimals(0)
    .min(0);

export const eventLoop = () =>
  timeSeries(
    said(
      'Event loop and files',
      'How late timers run, and open file descriptors. Late timers delay every tick.',
    ),
    range(`nodejs_eventloop_lag_p99_seconds ${OURS}`, 'lag p99'),
    range(`nodejs_eventloop_lag_p50_seconds ${OURS}`, 'lag p50'),
    range(`process_open_fds ${OURS}`, 'open files'),
  )
    .unit(SECONDS)
    .min(0)
    .overrideByName('open files', [...unit(COUNT, 0), ...rightAxis()]);
