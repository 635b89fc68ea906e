import type { IncomingMessage, ServerResponse } from 'node:http';
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox';
import type { FastifyBaseLogger, FastifyInstance, RawServerDefault } from 'fastify';
import type { InstrumentLookup } from './instrument-lookup.js';
import type { ApiConfig, ApiServices } from './services.js';
import type { RunQuery } from './sql/query.js';

/** What every route receives. */
export interface ApiContext {
  readonly config: ApiConfig;
  readonly services: ApiServices;
  readonly instruments: InstrumentLookup;
  readonly run: RunQuery;
}

/** Fastify with schemas as types. */
export type App = FastifyInstance<
  RawServerDefault,
  IncomingMessage,
  ServerResponse,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** What a token must be good for to use a route; `read` when a route says nothing. */
export type Access = 'open' | 'read' | 'admin';

declare module 'fastify' {
  interface FastifyContextConfig {
    access?: Access;
    /** A WebSocket: browsers open it from any page, and send the token as a subprotocol. */
    streams?: boolean;
  }
}
