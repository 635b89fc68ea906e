import type { Calendar } from '../sessions/calendar.js';
import { type Expiry, expiriesFrom } from './expiry.js';
import type { SimulatedInstrument } from './instrument.js';
import { BASES, type BaseSpec, INDICES, STOCKS } from './model/companies.js';
import { Grids } from './model/grid.js';
import { basesOf } from './model/market.js';
import { OPTION_TICK_PAISE } from './model/pricing.js';

export const FEWEST_INSTRUMENTS = BASES.length;
export const MOST_INSTRUMENTS = 9000;

const NFO_SEGMENT = 2;
const WEEKS_LISTED = 14;
const KIND_CODE = { FUT: 0, CE: 1, PE: 2 } as const;
type Kind = keyof typeof KIND_CODE;

export interface UniverseOptions {
  readonly calendar: Calendar;
  readonly seed: number;
  /** IST day number on which the simulator starts: which contracts are listed. */
  readonly today: number;
  /** How many instruments, 53 to 9000. */
  readonly count: number;
}

/**
 * What is listed: indices, the 50 stocks, then index futures, stock futures, and option chains from the money
 * outwards until `count` is reached.
 */
export function listInstruments(options: UniverseOptions): SimulatedInstrument[] {
  const { count } = options;
  if (!Number.isInteger(count) || count < FEWEST_INSTRUMENTS || count > MOST_INSTRUMENTS) {
    throw new RangeError(`instruments must be ${FEWEST_INSTRUMENTS} to ${MOST_INSTRUMENTS}, not ${count}`);
  }
  const listed = BASES.map(cashInstrument);
  const tokens = new Set(listed.map((i) => i.token));
  for (const contract of contracts(options)) {
    if (listed.length >= count) break;
    if (tokens.has(contract.token)) continue;
    tokens.add(contract.token);
    listed.push(contract);
  }
  return listed;
}

function cashInstrument(spec: BaseSpec): SimulatedInstrument {
  return {
    token: spec.token,
    symbol: spec.symbol,
    exchange: 'NSE',
    segment: spec.index ? 'INDICES' : 'NSE',
    name: spec.name,
    type: spec.index ? 'INDEX' : 'EQ',
    expiryDay: null,
    strikePaise: 0,
    lotSize: spec.index ? 0 : 1,
    tickPaise: spec.tickPaise,
    underlyingToken: spec.token,
  };
}

/** Every contract that could be listed, the most wanted first. */
function* contracts({ calendar, seed, today }: UniverseOptions): Generator<SimulatedInstrument> {
  const bases = basesOf(seed, new Grids(calendar), () => false);
  const money = (spec: BaseSpec) => bases.get(spec.token)!.day(today).official.open;
  const expiries = expiriesFrom(calendar, today, WEEKS_LISTED);
  const monthlies = expiries.filter((e) => e.monthly);
  const [nifty, bank] = INDICES as [BaseSpec, BaseSpec];
  const [near, next, far] = monthlies as [Expiry, Expiry, Expiry];

  for (const spec of [nifty, bank]) for (const expiry of [near, next]) yield contract(spec, expiry, 'FUT', 0);
  for (const spec of STOCKS) yield contract(spec, near, 'FUT', 0);
  const weekly = expiries.find((e) => !e.monthly)!;
  yield* chains(
    [
      [nifty, weekly],
      [nifty, near],
      [bank, near],
    ],
    money,
    0,
    45,
  );
  for (const spec of STOCKS) yield contract(spec, next, 'FUT', 0);
  const weeklies = expiries.slice(0, 5).filter((e) => e !== weekly && e !== near);
  yield* chains([...weeklies.map((e) => [nifty, e] as const), [nifty, next], [bank, next]], money, 0, 60);
  for (const spec of [nifty, bank, ...STOCKS]) yield contract(spec, far, 'FUT', 0);
  yield* chains(
    STOCKS.map((s) => [s, near] as const),
    money,
    0,
    15,
  );
  yield* chains(
    [
      [nifty, weekly],
      [nifty, near],
      [bank, near],
    ],
    money,
    45,
    120,
  );
  yield* chains(
    STOCKS.map((s) => [s, next] as const),
    money,
    0,
    15,
  );
  yield* chains([[nifty, far], [bank, far], ...weeklies.map((e) => [nifty, e] as const)], money, 0, 120);
  yield* chains(
    STOCKS.flatMap((s) => [[s, near] as const, [s, next] as const]),
    money,
    15,
    30,
  );
}

/** Calls and puts of several chains, from `from` to `to` strikes away from the money on either side. */
function* chains(
  of: ReadonlyArray<readonly [BaseSpec, Expiry]>,
  money: (spec: BaseSpec) => number,
  from: number,
  to: number,
): Generator<SimulatedInstrument> {
  for (let away = from; away <= to; away++) {
    for (const [spec, expiry] of of) {
      const step = spec.strikeStepPaise;
      const middle = Math.round(money(spec) / step) * step;
      for (const strike of away === 0 ? [middle] : [middle - away * step, middle + away * step]) {
        if (strike <= 0) continue;
        yield contract(spec, expiry, 'CE', strike);
        yield contract(spec, expiry, 'PE', strike);
      }
    }
  }
}

function contract(spec: BaseSpec, expiry: Expiry, kind: Kind, strikePaise: number): SimulatedInstrument {
  const name = spec.derivativeName!;
  return {
    token: contractToken(spec, expiry, kind, strikePaise),
    symbol: `${name}${expiry.code}${kind === 'FUT' ? '' : strikePaise / 100}${kind}`,
    exchange: 'NFO',
    segment: kind === 'FUT' ? 'NFO-FUT' : 'NFO-OPT',
    name,
    type: kind,
    expiryDay: expiry.day,
    strikePaise,
    lotSize: spec.lotSize,
    tickPaise: OPTION_TICK_PAISE,
    underlyingToken: spec.token,
  };
}

/**
 * A contract's token is its terms in 23 bits: underlying (6), kind (2), week of expiry (6), strike (9), then the
 * segment byte. So a symbol keeps its token over restarts, and after 64 weeks tokens come back, as exchanges' do.
 */
function contractToken(spec: BaseSpec, expiry: Expiry, kind: Kind, strikePaise: number): number {
  const underlying = BASES.indexOf(spec);
  const week = Math.floor(expiry.day / 7) & 63;
  const strike = kind === 'FUT' ? 0 : (strikePaise / spec.strikeStepPaise) & 511;
  const exchangeToken = (((((underlying << 2) | KIND_CODE[kind]) << 6) | week) << 9) | strike;
  return exchangeToken * 256 + NFO_SEGMENT;
}
