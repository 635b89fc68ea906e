import websocket from '@fastify/websocket';
import { StreamHub } from '../../stream/hub.js';
import { STREAM_LIMITS } from '../../stream/limits.js';
import { STREAM_PROTOCOL } from '../../stream/protocol.js';
import { streamSources } from '../../stream/sources.js';
import type { ApiContext, App } from '../context.js';
import { ApiError } from '../errors.js';

/**
 * What WebSockets need, before anything refuses a request: only then is a refused connection closed as well.
 * @returns the hub behind `streamRoutes`
 */
export async function registerStream(app: App, context: ApiContext): Promise<StreamHub> {
  const { services, run, instruments, config } = context;
  const limits = { ...STREAM_LIMITS, ...config.stream };
  const hub = new StreamHub({
    run,
    find: (reference) => instruments.find(reference),
    origin: services.origin,
    sources: streamSources(context),
    restQuote: (token) => services.fallback?.quote(token),
    limits,
    clock: services.clock,
    log: services.log,
    metrics: services.metrics,
  });
  const undo = [
    services.commits?.onCommit((commit) => hub.take(commit)),
    services.history?.onStored((token) => hub.stored(token)),
    services.fallback?.onQuotes((tokens) => hub.quoted(tokens)),
  ];
  await app.register(websocket, {
    options: {
      maxPayload: limits.messageBytes,
      perMessageDeflate: false,
      // Never the token, which may stand beside it.
      handleProtocols: (offered: Set<string>) => (offered.has(STREAM_PROTOCOL) ? STREAM_PROTOCOL : false),
    },
    preClose: (done) => {
      for (const forget of undo) forget?.();
      hub.stop().then(() => done(), done);
    },
  });
  return hub;
}

/** `WS /api/stream`: what is committed, as it is committed. */
export function streamRoutes(app: App, hub: StreamHub): void {
  app.route({
    method: 'GET',
    url: '/api/stream',
    exposeHeadRoute: false,
    config: { streams: true },
    schema: {
      tags: ['stream'],
      summary: 'Live updates over a WebSocket',
      description: DESCRIPTION,
      hide: false,
    },
    preValidation: async () => {
      if (hub.isFull) {
        throw new ApiError(
          503,
          'too_many_clients',
          `${hub.clients} clients are connected; no more are taken.`,
        );
      }
    },
    handler: async () => {
      throw new ApiError(426, 'upgrade_required', 'This is a WebSocket: connect with ws:// or wss://.');
    },
    wsHandler: (socket, request) => hub.connect(socket, request.socket),
  });
}

const DESCRIPTION = `Subprotocol \`${STREAM_PROTOCOL}\`; a browser sends the token as a second one (\`${STREAM_PROTOCOL}, <token>\`, percent-encoded where a header needs it), others as \`Authorization: Bearer\`.

Send \`{"type":"subscribe","symbols":["NSE:INFY","256265"],"channels":["tick","bar","depth","stats","vix"],"intervals":["1m"]}\`, \`unsubscribe\` (what is left out means all), \`get_latest\`, \`{"type":"ping"}\`. Without \`channels\` it is \`tick\`, without \`intervals\` \`1m\`.

Receive \`{"type":"tick|depth|stats|bar","symbol","token","committedAt","data"}\`: \`data\` of \`bar\` is a candle of \`/api/candles\` with its \`interval\`, the others equal their GET; \`{"type":"vix","data"}\`; \`subscribed\`, \`unsubscribed\`, \`pong\`, \`error\` with \`code\` and \`message\`. At most 20 messages a second of an instrument and channel; who reads too slowly gets the newest of each, and is closed with 1013 when it goes on.`;
