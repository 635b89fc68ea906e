import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { App } from '../context.js';

/** OpenAPI out of the routes' own schemas: `/docs` for people, `/docs/json` for programs. */
export async function registerDocs(app: App, version: string): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: {
        title: 'Tickscope',
        version,
        description:
          'Market data of Indian exchanges: every tick recorded, no hole hidden, candles healed when looked at. Times in: ISO 8601 with a zone, epoch milliseconds, or an IST date; times out: ISO 8601 UTC. Prices in rupees.',
        license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
      },
      components: { securitySchemes: { token: { type: 'http', scheme: 'bearer' } } },
      security: [{ token: [] }, {}],
      tags: [
        { name: 'candles', description: 'Read, healed, filled' },
        { name: 'market', description: 'Quotes, books, ticks and what is made of them' },
        { name: 'instruments', description: 'What can be asked for' },
        { name: 'quality', description: 'What was not heard' },
        { name: 'vix', description: 'INDIA VIX' },
        { name: 'subscriptions', description: 'What the feed carries' },
        { name: 'session', description: 'The broker’s login' },
        { name: 'health', description: 'How it is' },
      ],
    },
  });
  await app.register(swaggerUi, {
    routePrefix: '/docs',
    staticCSP: true,
    uiConfig: { tryItOutEnabled: true },
  });
}
