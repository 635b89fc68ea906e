import type { DashboardBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { holes, sessions } from '../shared/annotations.js';
import { dashboard } from '../shared/dashboard.js';
import { band, cell, column, layout, row } from '../shared/layout.js';
import { UID } from '../shared/links.js';
import * as api from './api.js';
import * as broker from './broker.js';
import * as database from './database.js';
import * as gaps from './gaps.js';
import * as now from './now.js';
import * as process from './process.js';
import * as ticks from './ticks.js';

/** Whether the pipeline is well: rates, errors and durations of what it does; use, saturation and errors of what it has. */
export function pipeline(): DashboardBuilder {
  const board = dashboard(
    UID.pipeline,
    'Pipeline health',
    'The feed, the way of a tick into the database, the API, the broker, the database and the process.',
    { from: 'now-1h', refresh: '10s' },
  )
    .annotation(holes(false))
    .annotation(sessions(false));

  return layout(board, [
    row(1, '$origin data · is it well?'),
    band(
      column(3, cell(10, 4, now.feed())),
      column(3, cell(11, 4, now.received())),
      column(3, cell(12, 4, now.latency())),
      column(3, cell(13, 4, now.queue())),
      column(3, cell(14, 4, now.database())),
      column(3, cell(15, 4, now.completeness())),
      column(3, cell(16, 4, now.disk())),
      column(3, cell(17, 4, now.token())),
    ),
    row(2, 'Feed to database: rate, errors, duration'),
    band(
      column(8, cell(20, 8, ticks.rate())),
      column(8, cell(21, 8, ticks.errors())),
      column(8, cell(22, 8, ticks.duration())),
    ),
    band(
      column(8, cell(23, 8, ticks.stages())),
      column(8, cell(24, 8, ticks.queue())),
      column(8, cell(25, 8, ticks.feeds())),
    ),
    band(
      column(8, cell(26, 7, ticks.silence())),
      column(8, cell(27, 7, ticks.clock())),
      column(8, cell(28, 7, ticks.standIns())),
    ),
    row(3, 'API: rate, errors, duration'),
    band(
      column(8, cell(30, 8, api.rate())),
      column(8, cell(31, 8, api.errors())),
      column(8, cell(32, 8, api.duration())),
    ),
    row(4, 'Broker: rate, errors, duration, limits'),
    band(
      column(8, cell(40, 8, broker.rate())),
      column(8, cell(41, 8, broker.duration())),
      column(8, cell(42, 8, broker.limits())),
    ),
    row(5, 'Gaps and repair'),
    band(
      column(8, cell(50, 8, gaps.open())),
      column(8, cell(51, 8, gaps.completeness())),
      column(8, cell(52, 8, gaps.backfill())),
    ),
    row(6, 'Database and disk: use, saturation, errors'),
    band(
      column(8, cell(60, 9, database.sizes())),
      column(8, cell(61, 9, database.growth())),
      column(8, cell(62, 9, database.aggregateLag())),
    ),
    band(
      column(8, cell(63, 8, database.queries())),
      column(8, cell(64, 8, database.spool())),
      column(8, cell(65, 8, database.free())),
    ),
    row(7, 'Process: use, saturation, errors'),
    band(
      column(8, cell(70, 8, process.cpu())),
      column(8, cell(71, 8, process.memory())),
      column(8, cell(72, 8, process.eventLoop())),
    ),
  ]);
}
