import type { FastifyInstance } from 'fastify';
import Type from 'typebox';
import Value from 'typebox/value';
import { FaultRequest, type Faults } from '../faults.js';
import type { RequestLimiter } from '../limiter.js';
import { SplitRequest, type Splits } from '../splits.js';
import type { Sockets } from '../stream/sockets.js';
import type { Stream } from '../stream/stream.js';
import { badInput } from './errors.js';

export interface ControlContext {
  readonly info: () => Record<string, unknown>;
  readonly calendar: () => unknown;
  readonly faults: Faults;
  readonly splits: Splits;
  readonly sockets: Sockets;
  readonly stream: Stream;
  readonly limiter: RequestLimiter;
}

const TextMessage = Type.Object({
  type: Type.Union([Type.Literal('error'), Type.Literal('message'), Type.Literal('order')]),
  data: Type.Unknown(),
});

/** What is ours and not Kite's: what is simulated, faults on demand, and the ledger of what was sent. */
export function controlRoutes(app: FastifyInstance, context: ControlContext): void {
  const { faults, splits, sockets, stream, limiter } = context;
  const plain = { config: { plain: true } };
  app.get('/simulator/info', plain, async () => context.info());
  app.get('/simulator/calendar', plain, async () => context.calendar());
  app.get('/simulator/faults', plain, async () => ({ faults: faults.list() }));
  app.delete('/simulator/faults', plain, async () => {
    faults.clear();
    return { faults: [] };
  });
  app.post('/simulator/faults', plain, async (request) => {
    if (!Value.Check(FaultRequest, request.body)) {
      const [problem] = Value.Errors(FaultRequest, request.body);
      throw badInput(`Not a fault: ${problem?.instancePath || 'body'} ${problem?.message}`);
    }
    // Closing the sockets is done at once; with seconds, new ones are refused for so long.
    if (request.body.kind === 'drop') sockets.drop();
    if (request.body.kind !== 'drop' || request.body.seconds !== undefined) faults.add(request.body);
    return { faults: faults.list() };
  });
  app.get('/simulator/splits', plain, async () => ({ splits: splits.list() }));
  app.delete('/simulator/splits', plain, async () => {
    splits.clear();
    return { splits: [] };
  });
  app.post('/simulator/splits', plain, async (request) => {
    if (!Value.Check(SplitRequest, request.body)) {
      const [problem] = Value.Errors(SplitRequest, request.body);
      throw badInput(`Not a split: ${problem?.instancePath || 'body'} ${problem?.message}`);
    }
    splits.add(request.body);
    return { splits: splits.list() };
  });
  app.post('/simulator/message', plain, async (request) => {
    if (!Value.Check(TextMessage, request.body))
      throw badInput('Expected {"type": "error|message|order", "data": ...}.');
    for (const connection of stream.connections) connection.text(request.body.type, request.body.data);
    return { sent: stream.connections.size };
  });
  app.get<{ Querystring: { token?: string } }>('/simulator/sent', plain, async (request) => {
    const instruments = [...stream.streamed].map((s) => ({
      token: s.instrument.token,
      symbol: s.instrument.symbol,
      packets: s.packets,
      trades: s.trades,
    }));
    return {
      instruments,
      connections: [...stream.connections].map(
        ({ id, apiKey, modes, packets, frames, heartbeats, bytes }) => ({
          id,
          apiKey,
          instruments: modes.size,
          packets,
          frames,
          heartbeats,
          bytes,
        }),
      ),
      requests: limiter.counts(),
      history: limiter.history(),
      events: request.query.token ? stream.ledger.events(Number(request.query.token)) : undefined,
    };
  });
}
