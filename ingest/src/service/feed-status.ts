import type { FeedStatus } from '../api/services.js';
import type { ConnectionStatus, FeedObserver } from '../feed/kite/status.js';
import type { Metrics } from '../metrics.js';

/** A connection as health and the page show it. */
export function feedStatus(status: ConnectionStatus): FeedStatus {
  return {
    feed: status.feed,
    connected: status.state === 'open',
    instruments: status.subscribed,
    reconnects: status.reconnects,
    lastTickAt: status.lastTickAt ?? null,
    problem: status.state === 'open' ? null : (status.reason ?? null),
    nextAttemptAt: status.nextAttemptAt ?? null,
  };
}

/** What happens to connections, as metrics. */
export function feedMetrics(metrics: Metrics): FeedObserver {
  return {
    connected: (feed, connected) => metrics.feedConnected.set({ feed }, connected ? 1 : 0),
    reconnecting: (feed) => metrics.feedReconnects.inc({ feed }),
    ticked: (feed, at) => metrics.feedLastTick.set({ feed }, at / 1000),
    subscribed: (feed, instruments) => {
      metrics.subscribedInstruments.set({ feed }, instruments);
      metrics.feedReconnects.inc({ feed }, 0);
    },
  };
}
