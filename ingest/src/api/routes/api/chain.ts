import Type from 'typebox';
import type { ApiContext, App } from '../../context.js';
import { sendCsv } from '../../csv.js';
import { ApiError } from '../../errors.js';
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
import { type ChainLeg, chain, spot } from '../../sql/days.js';
import { expiries } from '../../sql/instruments.js';
import { isoOrNull, parseDate, quoted } from '../../times.js';

const CSV_COLUMNS = [
  'token',
  'symbol',
  'strike',
  'optionType',
  'lastPrice',
  'previousClose',
  'volume',
  'openInterest',
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
  volume: NullableInteger,
  openInterest: NullableInteger,
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
          'Without `expiry` the nearest. `strikes` keeps so many on each side of the money. A leg that is not listed is left out.',
        querystring: Type.Object({
          underlying: Type.String({ minLength: 1, maxLength: 64, examples: ['NIFTY'] }),
          expiry: Type.Optional(DayText),
          strikes: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
          format: Type.Optional(Format),
        }),
        response: answers({
          origin: Origin,
          underlying: Type.String(),
          expiry: Type.String(),
          spot: Type.Optional(Type.Object({ instrument: InstrumentKey, price: NullableNumber })),
          totals: Type.Object({
            callOpenInterest: Type.Integer(),
            putOpenInterest: Type.Integer(),
            putCallRatio: NullableNumber,
          }),
          strikes: Type.Array(Type.Object({ strike: Type.Number(), call: NullableLeg, put: NullableLeg })),
        }),
      },
    },
    async ({ query }, reply) => {
      const { underlying } = query;
      const expiry =
        query.expiry === undefined
          ? (await expiries(run, underlying)).find(({ options }) => options > 0)?.expiry
          : parseDate('expiry', query.expiry);
      const [legs, under] = await Promise.all([
        expiry === undefined ? [] : chain(run, underlying, expiry),
        spot(run, underlying),
      ]);
      if (expiry === undefined || legs.length === 0) {
        throw new ApiError(
          404,
          'unknown_chain',
          `There are no options on ${quoted(underlying)}${expiry ? ` that expire on ${expiry}` : ''}; /api/expiries?underlying= lists what there is.`,
        );
      }
      const shown = nearMoney(legs, under?.price ?? null, query.strikes);
      if (query.format === 'csv') {
        const rows = shown.map((leg) => ({ ...leg, time: isoOrNull(leg.time) }));
        return sendCsv(reply, `${underlying}-${expiry}`, CSV_COLUMNS, rows);
      }
      return {
        origin: services.origin,
        underlying,
        expiry,
        ...(under && {
          spot: {
            instrument: { token: under.token, symbol: under.symbol, exchange: under.exchange },
            price: under.price,
          },
        }),
        totals: totals(legs),
        strikes: byStrike(shown),
      };
    },
  );
}

/** The `count` strikes on each side of the money; all of them without a price or a count. */
function nearMoney(legs: readonly ChainLeg[], price: number | null, count: number | undefined): ChainLeg[] {
  if (count === undefined || price === null) return [...legs];
  const strikes = [...new Set(legs.map(({ strike }) => strike))];
  const money = strikes.reduce(
    (best, strike, i) => (Math.abs(strike - price) < Math.abs(strikes[best]! - price) ? i : best),
    0,
  );
  const kept = new Set(strikes.slice(Math.max(0, money - count), money + count + 1));
  return legs.filter(({ strike }) => kept.has(strike));
}

function byStrike(legs: readonly ChainLeg[]) {
  const rows = new Map<number, { strike: number; call?: LegBody; put?: LegBody }>();
  for (const leg of legs) {
    const row = rows.get(leg.strike) ?? { strike: leg.strike };
    row[leg.optionType === 'CE' ? 'call' : 'put'] = legBody(leg);
    rows.set(leg.strike, row);
  }
  return [...rows.values()];
}

type LegBody = ReturnType<typeof legBody>;
function legBody({ strike: _strike, optionType: _type, time, ...leg }: ChainLeg) {
  return { ...leg, time: isoOrNull(time) };
}

function totals(legs: readonly ChainLeg[]) {
  const sum = (type: 'CE' | 'PE') =>
    legs.reduce((total, leg) => total + (leg.optionType === type ? (leg.openInterest ?? 0) : 0), 0);
  const [callOpenInterest, putOpenInterest] = [sum('CE'), sum('PE')];
  return {
    callOpenInterest,
    putOpenInterest,
    putCallRatio: callOpenInterest > 0 ? putOpenInterest / callOpenInterest : null,
  };
}
