import Fastify, { LogController } from 'fastify';
import type { ApiContext, App } from './context.js';
import { createFind, createInstrumentLookup } from './instrument-lookup.js';
import { registerAccess } from './plugins/access.js';
import { registerDocs } from './plugins/docs.js';
import { BODY_LIMIT_BYTES, registerFailures } from './plugins/failures.js';
import { registerHttpMetrics } from './plugins/http-metrics.js';
import { registerSecurity } from './plugins/security.js';
import { breadthRoutes } from './routes/api/breadth.js';
import { buildupRoutes } from './routes/api/buildup.js';
import { candleRoutes } from './routes/api/candles.js';
import { catalogRoutes } from './routes/api/catalog.js';
import { chainRoutes } from './routes/api/chain.js';
import { coverageRoutes } from './routes/api/coverage.js';
import { depthRoutes } from './routes/api/depth.js';
import { depthSpreadRoutes } from './routes/api/depth-spread.js';
import { eventRoutes } from './routes/api/events.js';
import { instrumentRoutes } from './routes/api/instruments.js';
import { moverRoutes } from './routes/api/movers.js';
import { qualityRoutes } from './routes/api/quality.js';
import { quoteRoutes } from './routes/api/quote.js';
import { seriesRoutes } from './routes/api/series.js';
import { sessionRoutes } from './routes/api/session.js';
import { statsRoutes } from './routes/api/stats.js';
import { statusRoutes } from './routes/api/status.js';
import { subscriptionRoutes } from './routes/api/subscriptions.js';
import { tickRoutes } from './routes/api/ticks.js';
import { vixRoutes } from './routes/api/vix.js';
import { volatilityRoutes } from './routes/api/volatility.js';
import { feedRoutes } from './routes/health/feed.js';
import { healthRoutes } from './routes/health/health.js';
import { metricsRoutes } from './routes/metrics.js';
import { pageRoutes } from './routes/page.js';
import { registerStream, streamRoutes } from './routes/stream.js';
import type { ApiConfig, ApiServices } from './services.js';
import { createRunQuery } from './sql/query.js';

/** The HTTP side. `app.inject` answers without a socket. */
export interface Api {
  readonly app: App;
  /**
   * Listens.
   * @returns the address to open, such as `http://127.0.0.1:8000`.
   * @throws PortTaken
   */
  start(): Promise<string>;
  /** Lets running requests end. Can be called twice. */
  stop(): Promise<void>;
}

export class PortTaken extends Error {
  override name = 'PortTaken';
  constructor(host: string, port: number) {
    super(
      `Port ${port} on ${host} is taken by another program. Stop it, or set TICKSCOPE_PORT to another port.`,
    );
  }
}

export async function createApi(options: { config: ApiConfig; services: ApiServices }): Promise<Api> {
  const { config, services } = options;
  const app = Fastify({
    loggerInstance: services.log,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: BODY_LIMIT_BYTES,
    forceCloseConnections: 'idle',
    routerOptions: { maxParamLength: 200 },
    ajv: { customOptions: { coerceTypes: 'array', allErrors: true, allowUnionTypes: true } },
  }) as unknown as App;

  const run = createRunQuery(services.db, services.metrics);
  const find = createFind(services.instruments, run, () => services.clock.now());
  const looked = (token: number) => services.interest?.looked(token);
  const instruments = createInstrumentLookup(find, run, looked);
  const context: ApiContext = { config, services, run, instruments };

  registerFailures(app, services.log);
  registerHttpMetrics(app, services.metrics);
  await registerSecurity(app, config);
  const hub = await registerStream(app, context);
  services.interest?.watch(() => hub.wanted());
  registerAccess(app, config);
  await registerDocs(app, services.version);
  streamRoutes(app, hub);
  await app.register(async (instance) => {
    const routes = instance as App;
    for (const register of ROUTES) register(routes, context);
    await pageRoutes(routes);
  });
  await app.ready();

  return {
    app,
    start: async () => {
      try {
        return await app.listen({ host: config.host, port: config.port });
      } catch (error) {
        const code = (error as NodeJS.ErrnoException).code;
        throw code === 'EADDRINUSE' ? new PortTaken(config.host, config.port) : error;
      }
    },
    stop: () => app.close(),
  };
}

const ROUTES = [
  candleRoutes,
  instrumentRoutes,
  quoteRoutes,
  catalogRoutes,
  depthRoutes,
  depthSpreadRoutes,
  tickRoutes,
  seriesRoutes,
  statsRoutes,
  moverRoutes,
  breadthRoutes,
  buildupRoutes,
  volatilityRoutes,
  chainRoutes,
  coverageRoutes,
  qualityRoutes,
  vixRoutes,
  eventRoutes,
  subscriptionRoutes,
  sessionRoutes,
  statusRoutes,
  feedRoutes,
  healthRoutes,
  metricsRoutes,
];
