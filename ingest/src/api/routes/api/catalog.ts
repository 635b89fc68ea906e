import Type from 'typebox';
import type { ApiContext, App } from '../../context.js';
import { ApiError } from '../../errors.js';
import { answers, DayText, InstrumentKey, NullableNumber } from '../../schemas/common.js';
import { UnderlyingName } from '../../schemas/selection.js';
import { exchanges, strikesOf, underlyings, watchlistMembers, watchlistSizes } from '../../sql/catalog.js';
import { spot } from '../../sql/chain.js';
import { expiries } from '../../sql/instruments.js';
import { parseDate, quoted } from '../../times.js';
import { nearestStrike } from './chain-rows.js';

/** What there is to choose from: `GET /api/underlyings`, `/api/strikes`, `/api/exchanges`, `/api/watchlists`. */
export function catalogRoutes(app: App, { run }: ApiContext): void {
  const tags = ['instruments'];

  app.get(
    '/api/underlyings',
    {
      schema: {
        tags,
        summary: 'What futures and options are written on, the largest chains first',
        response: answers({
          underlyings: Type.Array(
            Type.Object({
              underlying: Type.String(),
              futures: Type.Integer(),
              options: Type.Integer(),
              instrument: Type.Optional(InstrumentKey),
            }),
          ),
        }),
      },
    },
    async () => ({
      underlyings: (await underlyings(run)).map(({ token, symbol, exchange, ...row }) => ({
        ...row,
        ...(token !== null && { instrument: { token, symbol: symbol!, exchange: exchange! } }),
      })),
    }),
  );

  app.get(
    '/api/strikes',
    {
      schema: {
        tags,
        summary: 'Strikes of an expiry, ascending',
        description:
          'Without `expiry` the nearest that has options. `atmStrike` is the one nearest to the spot.',
        querystring: Type.Object({ underlying: UnderlyingName, expiry: Type.Optional(DayText) }),
        response: answers({
          underlying: Type.String(),
          expiry: Type.String(),
          strikes: Type.Array(Type.Number()),
          atmStrike: NullableNumber,
        }),
      },
    },
    async ({ query: { underlying, expiry: asked } }) => {
      const expiry =
        asked === undefined
          ? (await expiries(run, underlying)).find(({ options }) => options > 0)?.expiry
          : parseDate('expiry', asked);
      const [strikes, under] = await Promise.all([
        expiry === undefined ? [] : strikesOf(run, underlying, expiry),
        spot(run, underlying),
      ]);
      if (expiry === undefined || strikes.length === 0) throw unknownChain(underlying, expiry);
      return { underlying, expiry, strikes, atmStrike: nearestStrike(strikes, under?.price ?? null) };
    },
  );

  app.get(
    '/api/exchanges',
    {
      schema: {
        tags,
        summary: 'Exchanges and their segments',
        response: answers({
          exchanges: Type.Array(
            Type.Object({ exchange: Type.String(), segments: Type.Array(Type.String()) }),
          ),
        }),
      },
    },
    async () => ({ exchanges: await exchanges(run) }),
  );

  app.get(
    '/api/watchlists',
    {
      schema: {
        tags,
        summary: 'Watchlists by name',
        response: answers({
          watchlists: Type.Array(Type.Object({ name: Type.String(), instruments: Type.Integer() })),
        }),
      },
    },
    async () => ({ watchlists: await watchlistSizes(run) }),
  );

  app.get(
    '/api/watchlists/:name',
    {
      schema: {
        tags,
        summary: 'The instruments of one watchlist, in its order',
        params: Type.Object({ name: Type.String({ minLength: 1, maxLength: 64 }) }),
        response: answers({ name: Type.String(), instruments: Type.Array(InstrumentKey) }),
      },
    },
    async ({ params: { name } }) => {
      const instruments = await watchlistMembers(run, name);
      if (instruments.length === 0) {
        throw new ApiError(
          404,
          'unknown_watchlist',
          `There is no watchlist ${quoted(name)}; /api/watchlists lists what there is.`,
        );
      }
      return { name, instruments };
    },
  );
}

/** 404 that says where to look. */
export function unknownChain(underlying: string, expiry: string | undefined): ApiError {
  return new ApiError(
    404,
    'unknown_chain',
    `There are no options on ${quoted(underlying)}${expiry ? ` that expire on ${expiry}` : ''}; /api/expiries?underlying= lists what there is.`,
  );
}
