import { expect, it } from 'vitest';
import type { Instrument, InstrumentType } from '../../src/instruments/instrument.js';
import { InstrumentSearch } from '../../src/instruments/search.js';
import { instrumentOf } from '../fixtures/instruments.js';

let nextToken = 1;
const instrument = (symbol: string, type: InstrumentType, over: Partial<Instrument> = {}) =>
  instrumentOf(nextToken++, symbol, type, over);
const option = (underlying: string, expiry: string, strike: number, type: 'CE' | 'PE') =>
  instrument(`${underlying}${expiry.slice(2, 4)}X${strike}${type}`, type, {
    exchange: 'NFO',
    segment: 'NFO-OPT',
    underlying,
    expiry,
    strike,
    optionType: type,
  });

const search = new InstrumentSearch([
  option('BANKNIFTY', '2026-11-24', 25_000, 'CE'),
  option('NIFTY', '2026-12-29', 25_000, 'CE'),
  option('NIFTY', '2026-11-24', 25_000, 'PE'),
  option('NIFTY', '2026-11-24', 25_000, 'CE'),
  option('NIFTY', '2026-10-27', 25_000, 'CE'),
  instrument('NIFTY BANK', 'INDEX'),
  instrument('INFY', 'EQ', { name: 'INFOSYS' }),
  instrument('NIFTY 50', 'INDEX'),
  instrument('OLD', 'EQ', { active: false }),
]);
const symbols = (text: string, filters = {}, limit = 20) =>
  search.find(text, filters, limit).map((i) => i.symbol);

it('takes words in any case and order: symbol, name, strike, type and month', () => {
  expect(symbols('infosys')).toEqual(['INFY']);
  expect(symbols('nse:infy')).toEqual(['INFY']);
  expect(symbols('bank nifty')[0]).toBe('NIFTY BANK');
  expect(symbols('nov 25000 pe')).toEqual(['NIFTY26X25000PE']);
  expect(symbols('no such thing')).toEqual([]);
});

it('puts the symbol itself first, then whole words, then the nearest expiry', () => {
  expect(symbols('nifty 50')[0]).toBe('NIFTY 50');
  const found = search.find('nifty 25000 ce', {}, 20).map((i) => `${i.underlying} ${i.expiry}`);
  expect(found).toEqual(['NIFTY 2026-10-27', 'NIFTY 2026-11-24', 'NIFTY 2026-12-29', 'BANKNIFTY 2026-11-24']);
});

it('keeps to its filters and its limit, and leaves out what is not active', () => {
  expect(symbols('nifty', { exchange: 'nfo' }, 2)).toHaveLength(2);
  expect(symbols('', { expiry: '2026-12-29' })).toEqual(['NIFTY26X25000CE']);
  expect(symbols('old')).toEqual([]);
  expect(symbols('old', { inactive: true })).toEqual(['OLD']);
});
