import Type from 'typebox';
import { chainVolatilities, YEAR_MS } from '../../../options/chain.js';
import { addDays, dateToDayNumber, istDate, istMidnight } from '../../../sessions/ist.js';
import type { ApiContext, App } from '../../context.js';
import { sendCsv } from '../../csv.js';
import {
  answers,
  DayText,
  Format,
  InstrumentKey,
  NullableInteger,
  NullableNumber,
  NullableString,
  Origin,
} from '../../schemas/common.js';
import { UnderlyingName } from '../../schemas/selection.js';
import { chain, lifeOf, spot } from '../../sql/chain.js';
import { expiries } from '../../sql/instruments.js';
import { isoOrNull, parseDate } from '../../times.js';
import { unknownChain } from './catalog.js';
import { byStrike, nearestStrike, nearMoney, strikesOf, totals } from './chain-rows.js';

const CSV_COLUMNS = [
  'token',
  'symbol',
  'strike',
  'optionType',
  'lastPrice',
  'previousClose',
  'change',
  'changePercent',
  'volume',
  'openInterest',
  'openInterestChange',
  'iv',
  'bidPrice',
  'askPrice',
  'time',
] as const;

const Leg = Type.Object({
  token: Type.Integer(),
  symbol: Type.String(),
  lotSize: Type.Integer(),
  lastPrice: NullableNumber,
  previousClose: NullableNumber,
  change: NullableNumber,
  changePercent: NullableNumber,
  volume: NullableInteger,
  openInterest: NullableInteger,
  openInterestChange: Type.Unsafe<number | null>({
    type: ['integer', 'null'],
    description: 'Against the day before.',
  }),
  iv: Type.Unsafe<number | null>({
    type: ['number', 'null'],
    description: 'Implied volatility a year as a fraction; null where it cannot be solved for.',
  }),
  bidPrice: NullableNumber,
  askPrice: NullableNumber,
  bidQuantity: NullableInteger,
  askQuantity: NullableInteger,
  time: NullableString,
});
const NullableLeg = Type.Optional(Leg);

/** `GET /api/chain`: the options of an expiry by strike, calls beside puts. */
export function chainRoutes(app: App, { services, run }: ApiContext): void {
  app.get(
    '/api/chain',
    {
      schema: {
        tags: ['market'],
        summary: 'Option chain',
        description:
          'Without `expiry` the nearest. `strikes` keeps so many on each side of the money. A leg that is not listed is left out. `iv` is Black-76 on the forward that put-call parity gives at the money, from the middle of the book (the last price where a side is empty). `daysToExpiry` counts calendar days, `sessionsToExpiry` days with a session, today’s until it is over.',
        querystring: Type.Object({
          underlying: UnderlyingName,
          expiry: Type.Optional(DayText),
          strikes: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
          format: Type.Optional(Format),
        }),
        response: answers({
          origin: Origin,
          underlying: Type.String(),
          expiry: Type.String(),
          daysToExpiry: Type.Integer(),
          sessionsToExpiry: NullableInteger,
          atmStrike: NullableNumber,
          spot: Type.Optional(Type.Object({ instrument: InstrumentKey, price: NullableNumber })),
          totals: Type.Object({
            callOpenInterest: Type.Integer(),
            putOpenInterest: Type.Integer(),
            putCallRatio: NullableNumber,
            maxPain: NullableNumber,
          }),
          strikes: Type.Array(Type.Object({ strike: Type.Number(), call: NullableLeg, put: NullableLeg })),
        }),
      },
    },
    async ({ query }, reply) => {
      const { underlying } = query;
      const now = services.clock.now();
      const expiry =
        query.expiry === undefined
          ? (await expiries(run, underlying)).find(({ options }) => options > 0)?.expiry
          : parseDate('expiry', query.expiry);
      const [legs, under] = await Promise.all([
        expiry === undefined ? [] : chain(run, underlying, expiry),
        spot(run, underlying),
      ]);
      if (expiry === undefined || legs.length === 0) throw unknownChain(underlying, expiry);
      const price = under?.price ?? null;
      const life = await lifeOf(run, legs[0]!.token, now);
      const expiresAt = life?.expiresAt ?? istMidnight(addDays(expiry, 1));
      const quoted = legs.map((leg) => ({ ...leg, type: leg.optionType }));
      const volatilities = chainVolatilities(quoted, price, (expiresAt - now) / YEAR_MS);
      const atmStrike = nearestStrike(strikesOf(legs), price);
      const priced = legs.map((leg, i) => ({ ...leg, iv: volatilities[i] ?? null }));
      const shown = nearMoney(priced, atmStrike, query.strikes);
      if (query.format === 'csv') {
        const rows = shown.map((leg) => ({ ...leg, time: isoOrNull(leg.time) }));
        return sendCsv(reply, `${underlying}-${expiry}`, CSV_COLUMNS, rows);
      }
      return {
        origin: services.origin,
        underlying,
        expiry,
        daysToExpiry: Math.max(0, dateToDayNumber(expiry) - dateToDayNumber(istDate(now))),
        sessionsToExpiry: life?.expiresAt == null ? null : life.sessions,
        atmStrike,
        ...(under && {
          spot: {
            instrument: { token: under.token, symbol: under.symbol, exchange: under.exchange },
            price,
          },
        }),
        totals: totals(legs),
        strikes: byStrike(shown),
      };
    },
  );
}
