import Type from 'typebox';
import type { InstrumentType } from '../../../instruments/instrument.js';
import type { ApiContext, App } from '../../context.js';
import { sendCsv } from '../../csv.js';
import { answers, DayText, Format, InstrumentText, limit } from '../../schemas/common.js';
import { InstrumentItem } from '../../schemas/market.js';
import { expiries, searchInstruments } from '../../sql/instruments.js';
import { parseDate } from '../../times.js';

const CSV_COLUMNS = [
  'token',
  'symbol',
  'exchange',
  'segment',
  'name',
  'instrumentType',
  'expiry',
  'strike',
  'optionType',
  'lotSize',
  'tickSize',
  'underlying',
  'underlyingToken',
  'active',
] as const;

const Word = Type.Optional(Type.String({ minLength: 1, maxLength: 64 }));

interface SearchQuery {
  search?: string;
  exchange?: string;
  segment?: string;
  type?: InstrumentType;
  underlying?: string;
  expiry?: string;
}

/** `GET /api/instruments`, `/api/instruments/:instrument`, `POST /api/instruments/sync`, `GET /api/expiries`. */
export function instrumentRoutes(app: App, { services, instruments, run }: ApiContext): void {
  const tags = ['instruments'];

  /** By words where the instruments are in memory, by part of symbol or name in the database. */
  const search = async ({ search: text, type, ...filters }: SearchQuery, most: number) => {
    const { exchange, segment, underlying, expiry } = filters;
    const wanted = {
      ...(exchange !== undefined && { exchange }),
      ...(segment !== undefined && { segment }),
      ...(underlying !== undefined && { underlying }),
      ...(expiry !== undefined && { expiry }),
    };
    if (!services.instruments) return searchInstruments(run, { ...wanted, search: text, type, limit: most });
    return services.instruments.search(
      text ?? '',
      { ...wanted, ...(type && { instrumentType: type }) },
      most,
    );
  };

  app.get(
    '/api/instruments',
    {
      schema: {
        tags,
        summary: 'Active instruments, the closest match first',
        querystring: Type.Object({
          search: Word,
          exchange: Word,
          segment: Word,
          type: Type.Optional(Type.Enum(['EQ', 'INDEX', 'FUT', 'CE', 'PE'])),
          underlying: Word,
          expiry: Type.Optional(DayText),
          limit: Type.Optional(limit(50, 20_000)),
          format: Type.Optional(Format),
        }),
        response: answers({ instruments: Type.Array(InstrumentItem) }),
      },
    },
    async ({ query }, reply) => {
      if (query.expiry !== undefined) parseDate('expiry', query.expiry);
      const found = await search(query, query.limit ?? 50);
      if (query.format === 'csv') return sendCsv(reply, 'instruments', CSV_COLUMNS, found);
      return { instruments: [...found] };
    },
  );

  app.get(
    '/api/instruments/:instrument',
    {
      schema: {
        tags,
        summary: 'One instrument, expired ones too',
        params: Type.Object({ instrument: InstrumentText }),
        response: answers({ instrument: InstrumentItem }),
      },
    },
    async ({ params }) => ({ instrument: await instruments.one(params.instrument) }),
  );

  app.post(
    '/api/instruments/sync',
    {
      config: { access: 'admin' },
      schema: {
        tags,
        summary: 'Read the broker’s instrument dump now',
        response: answers({
          seen: Type.Integer({ description: 'Rows of the dump.' }),
          added: Type.Integer(),
          deactivated: Type.Integer({ description: 'Expired or no longer listed; kept.' }),
          reused: Type.Integer({ description: 'Broker tokens that now mean another contract.' }),
        }),
      },
    },
    () => services.instrumentSync.sync(),
  );

  app.get(
    '/api/expiries',
    {
      schema: {
        tags,
        summary: 'Expiries of an underlying, soonest first',
        querystring: Type.Object({
          underlying: Type.String({ minLength: 1, maxLength: 64, examples: ['NIFTY'] }),
        }),
        response: answers({
          underlying: Type.String(),
          expiries: Type.Array(
            Type.Object({ expiry: Type.String(), options: Type.Integer(), futures: Type.Integer() }),
          ),
        }),
      },
    },
    async ({ query: { underlying } }) => ({ underlying, expiries: await expiries(run, underlying) }),
  );
}
