import { describe, expect, it } from 'vitest';
import { dateToDayNumber, dayNumberToDate } from '../../src/sessions/ist.js';
import { nseCalendar } from '../../src/sessions/nse-calendar.js';
import { alwaysOpen } from '../../src/simulator/calendars.js';
import { expiriesFrom } from '../../src/simulator/expiry.js';
import { listInstruments } from '../../src/simulator/universe.js';

const always = alwaysOpen();
const nse = nseCalendar();
const list = (today: string, count: number, calendar = always) =>
  listInstruments({ calendar, seed: 1, today: dateToDayNumber(today), count });

describe('the universe', () => {
  it('has the size asked for, with unique tokens and symbols', () => {
    for (const count of [53, 54, 500, 3000, 9000]) {
      const instruments = list('2026-11-21', count);
      expect(instruments).toHaveLength(count);
      expect(new Set(instruments.map((i) => i.token)).size).toBe(count);
      expect(new Set(instruments.map((i) => i.symbol)).size).toBe(count);
    }
    expect(() => list('2026-11-21', 52)).toThrow('53 to 9000');
  });

  it('carries the segment in the last byte of the token', () => {
    const bytes = { INDICES: 9, NSE: 1, 'NFO-FUT': 2, 'NFO-OPT': 2 } as Record<string, number>;
    for (const i of list('2026-11-21', 2000)) {
      expect(i.token & 0xff).toBe(bytes[i.segment]);
      expect(i.token).toBeLessThan(2 ** 31);
    }
  });

  it('keeps the token of a symbol over restarts', () => {
    const later = new Map(list('2026-12-10', 9000).map((i) => [i.symbol, i]));
    const kept = list('2026-11-21', 9000).filter((i) => later.has(i.symbol));
    expect(kept.length).toBeGreaterThan(1000);
    for (const i of kept) {
      expect(later.get(i.symbol)).toMatchObject({ token: i.token, expiryDay: i.expiryDay });
    }
  });

  it('names contracts as Kite does', () => {
    const symbols = list('2026-11-21', 3000).map((i) => i.symbol);
    expect(symbols).toEqual(expect.arrayContaining(['NIFTY26NOVFUT', 'NIFTY26DECFUT', 'RELIANCE26NOVFUT']));
    expect(symbols.filter((s) => /^NIFTY26D01\d{5}CE$/.test(s)).length).toBeGreaterThan(50);
    expect(symbols.filter((s) => /^BANKNIFTY26NOV\d{5}PE$/.test(s)).length).toBeGreaterThan(50);
  });

  it('moves an expiry on a closed day to the trading day before', () => {
    const [first] = expiriesFrom(nse, dateToDayNumber('2026-11-21'), 1);
    expect(dayNumberToDate(first!.day)).toBe('2026-11-23');
    expect(first).toMatchObject({ monthly: true, code: '26NOV' });
  });
});
