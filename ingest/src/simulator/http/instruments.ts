import type { FastifyInstance } from 'fastify';
import { dayNumberToDate } from '../../sessions/ist.js';
import type { SimulatedInstrument } from '../instrument.js';
import type { RestContext } from './context.js';
import { badInput } from './errors.js';

const COLUMNS =
  'instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,instrument_type,segment,exchange';

/** The instrument dump, whole and by exchange. */
export function instrumentRoutes(app: FastifyInstance, { exchange }: RestContext): void {
  const dump = (of: string | undefined) =>
    Buffer.from(
      `${[COLUMNS, ...exchange.instruments.filter((i) => !of || i.exchange === of).map(line)].join('\n')}\n`,
    );
  app.get('/instruments', async (_request, reply) =>
    reply.header('content-type', 'text/csv').send(dump(undefined)),
  );
  app.get<{ Params: { exchange: string } }>('/instruments/:exchange', async (request, reply) => {
    const { exchange: of } = request.params;
    if (of !== 'NSE' && of !== 'NFO') throw badInput(`Unknown exchange \`${of}\`.`);
    return reply.header('content-type', 'text/csv').send(dump(of));
  });
}

/** An index is an `EQ` of the segment `INDICES` there, with neither tick nor lot. */
function line(i: SimulatedInstrument): string {
  const index = i.type === 'INDEX';
  return [
    i.token,
    i.token >>> 8,
    i.symbol,
    i.name.includes(',') ? `"${i.name}"` : i.name,
    0,
    i.expiryDay === null ? '' : dayNumberToDate(i.expiryDay),
    i.strikePaise / 100,
    index ? 0 : i.tickPaise / 100,
    i.lotSize,
    index ? 'EQ' : i.type,
    i.segment,
    i.exchange,
  ].join(',');
}
