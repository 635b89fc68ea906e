import cors from '@fastify/cors';
import helmet from '@fastify/helmet';
import rateLimit from '@fastify/rate-limit';
import { isLoopbackHost } from '../../config/loopback.js';
import type { App } from '../context.js';
import { ApiError } from '../errors.js';
import type { ApiConfig } from '../services.js';

const LOOPBACK_REQUESTS_PER_MINUTE = 120_000;
const REMOTE_REQUESTS_PER_MINUTE = 6_000;

/** Headers that a browser obeys, who may read across origins (nobody unless named), and how often one may ask. */
export async function registerSecurity(app: App, config: ApiConfig): Promise<void> {
  await app.register(helmet, {
    contentSecurityPolicy: {
      useDefaults: false,
      directives: {
        defaultSrc: ["'none'"],
        scriptSrc: ["'self'"],
        styleSrc: ["'self'"],
        imgSrc: ["'self'", 'data:'],
        connectSrc: ["'self'"],
        baseUri: ["'none'"],
        formAction: ["'none'"],
        frameAncestors: ["'none'"],
      },
    },
    // TLS is a proxy's business: here these would break plain HTTP off loopback.
    strictTransportSecurity: false,
    crossOriginOpenerPolicy: false,
    originAgentCluster: false,
    crossOriginResourcePolicy: { policy: config.corsOrigins.length > 0 ? 'cross-origin' : 'same-origin' },
  });
  if (config.corsOrigins.length > 0) {
    await app.register(cors, {
      origin: [...config.corsOrigins],
      methods: ['GET', 'HEAD', 'POST', 'DELETE'],
      allowedHeaders: ['authorization', 'content-type'],
    });
  }
  const max =
    config.rateLimitPerMinute ??
    (isLoopbackHost(config.host) ? LOOPBACK_REQUESTS_PER_MINUTE : REMOTE_REQUESTS_PER_MINUTE);
  await app.register(rateLimit, {
    global: false,
    max,
    timeWindow: 60_000,
    errorResponseBuilder: (_request, { max, after }) =>
      new ApiError(429, 'too_many_requests', `More than ${max} requests in a minute; try again in ${after}.`),
  });
  // For every request before anything else looks at it: the plugin's own hooks on routes come after the question for a
  // token, and whoever guesses tokens, or paths, would not be counted.
  const limit = app.rateLimit();
  app.addHook('onRequest', async function (request, reply) {
    if (request.routeOptions.config.rateLimit !== false) await limit.call(this, request, reply);
  });
}
