import { describe, expect, it } from 'vitest';
import type { Instrument, InstrumentType } from '../../src/instruments/instrument.js';
import { InstrumentSearch } from '../../src/instruments/search.js';
import { slipsBetween } from '../../src/instruments/vocabulary.js';
import { instrumentOf } from '../fixtures/instruments.js';

const NIFTY = 256265;
const BANK = 260105;
const RELIANCE = 738561;
const MONTHS = ['NOV', 'DEC'];
const EXPIRIES = ['2026-11-24', '2026-12-29'];

/** A market: indices, stocks, futures and chains as Kite's dump has them. */
function market(): Instrument[] {
  const list: Instrument[] = [];
  const add = (token: number, symbol: string, type: InstrumentType, over: Partial<Instrument> = {}) =>
    list.push(instrumentOf(token, symbol, type, { name: symbol, ...over }));
  let next = 10_000_000;
  const contracts = (name: string, underlyingToken: number, money: number, step: number, away: number) =>
    EXPIRIES.forEach((expiry, i) => {
      const over = { exchange: 'NFO', name, underlying: name, underlyingToken, expiry };
      add(next++, `${name}26${MONTHS[i]}FUT`, 'FUT', { ...over, segment: 'NFO-FUT' });
      for (let strike = money - away * step; strike <= money + away * step; strike += step) {
        for (const type of ['CE', 'PE'] as const) {
          add(next++, `${name}26${MONTHS[i]}${strike}${type}`, type, {
            ...over,
            segment: 'NFO-OPT',
            strike,
            optionType: type,
          });
        }
      }
    });
  add(NIFTY, 'NIFTY 50', 'INDEX');
  add(BANK, 'NIFTY BANK', 'INDEX');
  add(264969, 'INDIA VIX', 'INDEX');
  add(RELIANCE, 'RELIANCE', 'EQ', { name: 'RELIANCE INDUSTRIES' });
  add(408065, 'INFY', 'EQ', { name: 'INFOSYS' });
  add(519937, 'M&M', 'EQ', { name: 'MAHINDRA & MAHINDRA' });
  add(341249, 'HDFCBANK', 'EQ', { name: 'HDFC BANK' });
  contracts('NIFTY', NIFTY, 25_000, 50, 60);
  contracts('BANKNIFTY', BANK, 57_000, 100, 60);
  contracts('RELIANCE', RELIANCE, 1_400, 20, 15);
  return list;
}

const search = new InstrumentSearch(market());
const first = (text: string, filters = {}) => search.find(text, filters, 5)[0]?.symbol;
const priced = (text: string, price: number, limit = 3) =>
  search.find(text, {}, limit, (token) => (token === NIFTY ? price : undefined)).map((i) => i.symbol);

describe('searching as people type', () => {
  it.each([
    ['nifty ce', 'NIFTY26NOV25000CE'],
    ['nifty 25000 ce', 'NIFTY26NOV25000CE'],
    ['25000 ce nifty', 'NIFTY26NOV25000CE'],
    ['nifty 25000ce', 'NIFTY26NOV25000CE'],
    ['nifty25000 call', 'NIFTY26NOV25000CE'],
    ['nifty dec 25100 put', 'NIFTY26DEC25100PE'],
    ['nifty 24nov fut', 'NIFTY26NOVFUT'],
    ['nifty nov fut', 'NIFTY26NOVFUT'],
    ['fut december nifty', 'NIFTY26DECFUT'],
    ['bank nifty', 'NIFTY BANK'],
    ['bank nifty fut', 'BANKNIFTY26NOVFUT'],
    ['banknifty', 'NIFTY BANK'],
    ['nifty', 'NIFTY 50'],
    ['nifty50', 'NIFTY 50'],
    ['reliance industries', 'RELIANCE'],
    ['industries reliance', 'RELIANCE'],
    ['reliance industries 1400 pe', 'RELIANCE26NOV1400PE'],
    ['relaince', 'RELIANCE'],
    ['infosis', 'INFY'],
    ['hdfc bank', 'HDFCBANK'],
    ['mahindra', 'M&M'],
    ['m&m', 'M&M'],
    ['vix', 'INDIA VIX'],
    ['NFO:NIFTY26NOV25000CE', 'NIFTY26NOV25000CE'],
    ['nifty26nov2500', 'NIFTY26NOV25000CE'],
    ['nse:infy', 'INFY'],
  ])('finds %j', (text, symbol) => {
    expect(first(text)).toBe(symbol);
  });

  it('puts the strikes near the money of the nearest expiry first', () => {
    expect(priced('nifty ce', 25_430)).toEqual([
      'NIFTY26NOV25450CE',
      'NIFTY26NOV25400CE',
      'NIFTY26NOV25500CE',
    ]);
    expect(priced('nifty nov', 24_010, 5).slice(0, 3)).toEqual([
      'NIFTY26NOVFUT',
      'NIFTY26NOV24000CE',
      'NIFTY26NOV24000PE',
    ]);
  });

  it('finds nothing for what nothing fits, and takes any text', () => {
    for (const text of ['zzzzzz', 'nifty zzzzzz', '25000 zz ce', '%_\\', '((', '🦀', '"', '.'.repeat(64)]) {
      expect(search.find(text, {}, 5).filter(({ symbol }) => symbol.includes('zz'))).toEqual([]);
    }
    expect(search.find('zzzzzz', {}, 5)).toEqual([]);
    expect(search.find('nifty zzzzzz', {}, 5)).toEqual([]);
  });

  it('keeps to filters written in any case', () => {
    expect(first('reliance', { exchange: 'nfo', instrumentType: 'PE' })).toMatch(/^RELIANCE26NOV\d+PE$/);
    expect(first('25000', { underlying: 'nifty', expiry: '2026-12-29' })).toBe('NIFTY26DEC25000CE');
  });
});

it('counts slips of the keyboard', () => {
  expect(slipsBetween('relaince', 'reliance')).toBe(1);
  expect(slipsBetween('infosis', 'infosys')).toBe(1);
  expect(slipsBetween('nifty', 'nifty')).toBe(0);
  expect(slipsBetween('abc', '')).toBe(3);
});
