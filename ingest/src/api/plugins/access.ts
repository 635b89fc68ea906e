import { createHash, timingSafeEqual } from 'node:crypto';
import type { FastifyRequest } from 'fastify';
import { isLoopbackHost } from '../../config/loopback.js';
import { STREAM_PROTOCOL } from '../../stream/protocol.js';
import type { App } from '../context.js';
import { ApiError } from '../errors.js';
import type { ApiConfig } from '../services.js';

type Grant = 'admin' | 'read' | 'none';

/**
 * Who may do what. With a token configured every route but `/health*` asks for it, as `Bearer` or as the password of
 * `Basic` (which is what a browser can send for the page). Off loopback nothing is open without one. On loopback
 * without a token everybody on this machine may read; what changes something is only taken from requests whose Host
 * and Origin are loopback, since a web page elsewhere can resolve its own name to 127.0.0.1 (DNS rebinding).
 */
export function registerAccess(app: App, config: ApiConfig): void {
  const check = tokenCheck(config);
  const guarded =
    !isLoopbackHost(config.host) || config.token !== undefined || config.readToken !== undefined;

  app.addHook('onRequest', async (request, reply) => {
    const access = request.routeOptions.config.access ?? 'read';
    if (access === 'open' || (request.method === 'OPTIONS' && request.is404)) return;
    // A page of another origin may open a WebSocket and read it: no browser asks CORS about that.
    const streams = request.routeOptions.config.streams === true;
    if (access === 'admin' || streams) refuseForeignOrigin(request, config);
    if (!guarded) {
      if (access === 'admin' || streams) refuseOffLoopback(request, streams ? config.corsOrigins : []);
      return;
    }
    const offered = streams ? protocolToken(request) : undefined;
    const grant = check(request.headers.authorization ?? (offered && `Bearer ${offered}`));
    if (grant === 'none') {
      reply.header('www-authenticate', 'Bearer realm="Tickscope", Basic realm="Tickscope", charset="UTF-8"');
      throw new ApiError(
        401,
        'unauthorized',
        unauthorizedSentence(config, request.headers.authorization ?? offered),
      );
    }
    if (access === 'admin' && grant !== 'admin') {
      throw new ApiError(
        403,
        'forbidden',
        'This needs TICKSCOPE_TOKEN; the token sent may only read and heal.',
      );
    }
  });
}

function unauthorizedSentence(config: ApiConfig, sent: string | undefined): string {
  if (config.token === undefined && config.readToken === undefined) {
    return 'Off loopback a token is required and none is configured: set TICKSCOPE_TOKEN.';
  }
  return sent === undefined
    ? 'A token is required: send it as "Authorization: Bearer <token>", or in a browser as the password.'
    : 'The token is not valid.';
}

/** Compares digests, so that neither content nor length shows in the time it takes. */
function tokenCheck(config: ApiConfig): (authorization: string | undefined) => Grant {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  const admin = config.token === undefined ? undefined : digest(config.token);
  const read = config.readToken === undefined ? undefined : digest(config.readToken);
  return (authorization) => {
    const token = sentToken(authorization);
    if (token === undefined) return 'none';
    const sent = digest(token);
    const isAdmin = admin !== undefined && timingSafeEqual(sent, admin);
    const isRead = read !== undefined && timingSafeEqual(sent, read);
    return isAdmin ? 'admin' : isRead ? 'read' : 'none';
  };
}

function sentToken(authorization: string | undefined): string | undefined {
  const [scheme, value] = authorization?.split(/\s+/, 2) ?? [];
  if (!scheme || !value) return undefined;
  if (/^bearer$/i.test(scheme)) return value;
  if (!/^basic$/i.test(scheme)) return undefined;
  const pair = Buffer.from(value, 'base64').toString('utf8');
  return pair.slice(pair.indexOf(':') + 1);
}

/** A browser that remembers a password sends it along from any page: what changes something must come from ours. */
function refuseForeignOrigin(request: FastifyRequest, config: ApiConfig): void {
  const { origin, host } = request.headers;
  if (origin === undefined) return;
  const own = URL.canParse(origin) && new URL(origin).host === host;
  if (own || config.corsOrigins.includes(origin)) return;
  throw new ApiError(
    403,
    'foreign_origin',
    'Pages of another origin may not change anything here, nor read the stream; CORS_ORIGINS names those that may.',
  );
}

/** A browser cannot send headers with a WebSocket: the token comes as a subprotocol, encoded where it must be. */
function protocolToken(request: FastifyRequest): string | undefined {
  const offered = request.headers['sec-websocket-protocol']?.split(',').map((name) => name.trim()) ?? [];
  const token = offered.find((name) => name !== STREAM_PROTOCOL && name !== '');
  try {
    return token && decodeURIComponent(token);
  } catch {
    return token;
  }
}

function refuseOffLoopback(request: FastifyRequest, named: readonly string[]): void {
  const { origin, host } = request.headers;
  const local = (url: string) => URL.canParse(url) && isLoopbackHost(bare(new URL(url).hostname));
  const welcome = origin === undefined || local(origin) || named.includes(origin);
  if (host !== undefined && local(`http://${host}`) && welcome) return;
  throw new ApiError(
    403,
    'not_loopback',
    'Without TICKSCOPE_TOKEN this is only taken from this machine, under a loopback name such as 127.0.0.1.',
  );
}

function bare(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '');
}
