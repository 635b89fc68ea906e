import type { ApiContext, App } from '../context.js';

/** `GET /metrics`: for Prometheus. */
export function metricsRoutes(app: App, { services }: ApiContext): void {
  const { registry } = services.metrics;
  app.get(
    '/metrics',
    { schema: { tags: ['health'], summary: 'Prometheus metrics', produces: ['text/plain'] } },
    async (_request, reply) =>
      reply.header('content-type', registry.contentType).send(await registry.metrics()),
  );
}
