import type { Metrics } from '../../metrics.js';
import type { App } from '../context.js';

const METHODS = new Set(['GET', 'HEAD', 'POST', 'DELETE', 'OPTIONS']);

/** Times every request by route pattern, so that neither an instrument nor a stranger's path makes a label. */
export function registerHttpMetrics(app: App, metrics: Metrics): void {
  app.addHook('onResponse', async (request, reply) => {
    metrics.httpRequest.observe(
      {
        method: METHODS.has(request.method) ? request.method : 'other',
        route: request.is404 ? 'unknown' : (request.routeOptions.url ?? 'unknown'),
        status: String(reply.statusCode),
      },
      reply.elapsedTime / 1000,
    );
  });
}
