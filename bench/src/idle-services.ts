import type { ApiServices } from '@tickscope/ingest/dist/src/api/services.js';

const refuse = () => Promise.reject(new Error('not part of this bench'));

/** What the API needs behind it and no bench asks for. */
export const idleServices = {
  origin: 'simulator:1',
  version: 'bench',
  instrumentSync: { sync: refuse },
  subscriptions: { capacity: 0, current: () => [], subscribe: refuse, unsubscribe: refuse },
  session: { login: refuse },
  repairs: { retry: refuse },
  candles: { candles: refuse, candlesBatch: refuse },
  feeds: () => [],
  seeding: () => null,
  warnings: () => [],
} as const satisfies Partial<ApiServices>;
