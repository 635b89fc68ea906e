import { setTimeout as sleep } from 'node:timers/promises';
import fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import type { Endpoint } from '../limiter.js';
import type { RestContext } from './context.js';
import { type ControlContext, controlRoutes } from './control.js';
import { badToken, KiteFailure, tooMany } from './errors.js';
import { fyersRoutes } from './fyers.js';
import { historicalRoutes } from './historical.js';
import { instrumentRoutes } from './instruments.js';
import { quoteRoutes } from './quotes.js';
import { userRoutes } from './user.js';

const DEFAULT_LATENCY_MS = 2000;

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Answered as it is, without Kite's envelope, credentials, limits and faults. */
    plain?: boolean;
  }
}

/** Kite Connect's REST API over the simulated exchange, with our control routes beside it. */
export function restServer(rest: RestContext, control: ControlContext): FastifyInstance {
  const app = fastify({
    logger: false,
    routerOptions: { ignoreTrailingSlash: true },
    forceCloseConnections: true,
  });
  app.removeContentTypeParser(['application/json']);
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => {
    try {
      done(null, body === '' ? null : JSON.parse(String(body)));
    } catch {
      done(new KiteFailure(400, 'InputException', 'The body is not JSON.'));
    }
  });
  app.addContentTypeParser(
    'application/x-www-form-urlencoded',
    { parseAs: 'string' },
    (_request, body, done) => {
      done(null, Object.fromEntries(new URLSearchParams(String(body))));
    },
  );
  app.addHook('onRequest', async (request) => {
    if (!request.routeOptions.config.plain) await admit(request, rest);
  });
  app.addHook('preSerialization', async (request, _reply, payload) =>
    request.routeOptions.config.plain || isFailure(payload) ? payload : { status: 'success', data: payload },
  );
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => {
    const status = error instanceof KiteFailure ? error.status : (error.statusCode ?? 500);
    const type =
      error instanceof KiteFailure ? error.errorType : status < 500 ? 'InputException' : 'GeneralException';
    return reply.code(status).send(failure(error.message, type));
  });
  app.setNotFoundHandler((_request, reply) =>
    reply.code(404).send(failure('Route not found', 'GeneralException')),
  );
  userRoutes(app, rest);
  instrumentRoutes(app, rest);
  quoteRoutes(app, rest);
  historicalRoutes(app, rest);
  fyersRoutes(app, rest);
  controlRoutes(app, control);
  return app;
}

/** Faults first, then credentials, then the rate. */
async function admit(request: FastifyRequest, { access, faults, limiter }: RestContext): Promise<void> {
  const [apiKey = '', accessToken = ''] = (request.headers.authorization ?? '')
    .replace(/^token /, '')
    .split(':');
  if (faults.any) {
    const slow = faults.strike('slow');
    if (slow) await sleep(slow.latencyMs ?? DEFAULT_LATENCY_MS);
    if (faults.strike('reject403')) throw badToken();
    if (faults.strike('rate429')) throw tooMany();
    if (faults.strike('http500')) throw new KiteFailure(500, 'GeneralException', 'Something went wrong');
  }
  const { url } = request.routeOptions;
  const login = url === '/session/token' && request.method === 'POST';
  if (!login && !access.accepts(apiKey, accessToken)) throw badToken();
  if (!limiter.take(apiKey, endpointOf(url))) throw tooMany();
}

function endpointOf(url: string | undefined): Endpoint {
  if (url?.startsWith('/instruments/historical')) return 'historical';
  return url?.startsWith('/quote') ? 'quote' : 'other';
}

function failure(message: string, errorType: string) {
  return { status: 'error', message, data: null, error_type: errorType };
}

function isFailure(payload: unknown): boolean {
  return typeof payload === 'object' && payload !== null && 'error_type' in payload;
}
