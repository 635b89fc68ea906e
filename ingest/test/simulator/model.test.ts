import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { dateToDayNumber, dayNumberToDate, istMidnight } from '../../src/sessions/ist.js';
import { nseCalendar } from '../../src/sessions/nse-calendar.js';
import { alwaysOpen } from '../../src/simulator/calendars.js';
import { SimulatedExchange } from '../../src/simulator/exchange.js';
import type { SimulatedInstrument } from '../../src/simulator/instrument.js';
import { LiveState } from '../../src/simulator/liveState.js';
import type { ExchangeCandle } from '../../src/simulator/model/candle.js';

const calendars = { always: alwaysOpen(), nse: nseCalendar() };
const NOW = Date.parse('2026-11-21T09:00:00Z');
const DAY = 86_400_000;

/** Days at the edges of NSE's eras, special days, and one in the year whose holidays are not published. */
const ERA_DAYS = [
  '2024-03-02',
  '2024-11-01',
  '2026-07-31',
  '2026-08-03',
  '2026-12-04',
  '2026-12-07',
  '2027-03-09',
];

const scenario = fc.record({
  calendar: fc.constantFrom<'always' | 'nse'>('always', 'nse'),
  seed: fc.integer({ min: 0, max: 1e9 }),
  day: fc.oneof(
    fc.constantFrom(...ERA_DAYS),
    fc
      .integer({ min: dateToDayNumber('2024-01-01'), max: dateToDayNumber('2027-12-31') })
      .map(dayNumberToDate),
  ),
  pick: fc.nat(),
});

function aggregate(minutes: readonly ExchangeCandle[]) {
  return {
    open: minutes[0]!.open,
    high: Math.max(...minutes.map((m) => m.high)),
    low: Math.min(...minutes.map((m) => m.low)),
    close: minutes.at(-1)!.close,
    volume: minutes.reduce((sum, m) => sum + m.volume, 0),
    oi: minutes.at(-1)!.oi,
  };
}

const row = (c: ExchangeCandle) => [c.time, c.open, c.high, c.low, c.close, c.volume, c.oi];

/** Contracts are looked at within their life, everything else on the day asked for. */
function dayFor(
  exchange: SimulatedExchange,
  instrument: SimulatedInstrument,
  wanted: string,
  pick: number,
): string {
  if (instrument.expiryDay === null) return wanted;
  const { first, last } = exchange.market.span(instrument);
  return dayNumberToDate(first + (pick % (last - first + 1)));
}

describe('the simulated market', () => {
  it('tells one story in ticks, minutes and days', () => {
    let days = 0;
    fc.assert(
      fc.property(scenario, ({ calendar, seed, day: wanted, pick }) => {
        const now = pick % 3 === 0 ? istMidnight(wanted) + DAY / 2 : NOW;
        const exchange = SimulatedExchange.simulate({
          calendar: calendars[calendar],
          seed,
          instruments: 700,
          now,
        });
        const instrument = exchange.instruments[pick % exchange.instruments.length]!;
        const day = dayFor(exchange, instrument, wanted, pick);
        const from = istMidnight(day);
        const minutes = exchange.minuteCandles(instrument.token, from, from + DAY);
        const events = exchange.eventsBetween(instrument.token, from, from + DAY);
        const [candle] = exchange.dayCandles(instrument.token, from, from + DAY);
        expect(minutes.length > 0).toBe(candle !== undefined);
        if (!candle) {
          expect(events).toEqual([]);
          return;
        }
        days++;
        const auctions = events.filter((e) => e.kind === 'auction');
        const traded = events.filter((e) => e.kind !== 'oi');
        const whole = aggregate(minutes);
        const inAuctions = auctions.reduce((sum, e) => sum + e.quantity, 0);
        expect(candle).toEqual({
          ...whole,
          time: from,
          open: traded[0]!.pricePaise,
          high: Math.max(whole.high, ...auctions.map((e) => e.pricePaise)),
          low: Math.min(whole.low, ...auctions.map((e) => e.pricePaise)),
          close: traded.at(-1)!.pricePaise,
          volume: whole.volume + inAuctions,
        });
        const index = instrument.type === 'INDEX';
        const group = exchange.groupOf(instrument, dateToDayNumber(day));
        const wrong: string[] = [];
        for (const m of minutes) {
          if (!exchange.calendar.isOpen(group, m.time)) wrong.push('a minute outside the sessions');
        }
        const fromTrades = new Map<number, ExchangeCandle>();
        let oi = 0;
        let last = 0;
        for (const e of events) {
          if (e.at <= last) wrong.push('events are out of order');
          last = e.at;
          if (e.kind === 'auction') continue;
          const time = e.at - (e.at % 60_000);
          const c = fromTrades.get(time);
          if (e.kind === 'oi') {
            oi = e.oi!;
            c!.oi = oi;
            continue;
          }
          if (e.pricePaise % instrument.tickPaise !== 0) wrong.push(`price ${e.pricePaise} is off the tick`);
          if (!index && (e.quantity <= 0 || e.quantity % instrument.lotSize !== 0))
            wrong.push(`quantity ${e.quantity} is not in lots`);
          if (c) {
            c.high = Math.max(c.high, e.pricePaise);
            c.low = Math.min(c.low, e.pricePaise);
            c.close = e.pricePaise;
            c.volume += e.quantity;
          } else {
            const p = e.pricePaise;
            if (fromTrades.size === 0) oi = exchange.packetAt(instrument.token, e.at).openInterest;
            fromTrades.set(time, { time, open: p, high: p, low: p, close: p, volume: e.quantity, oi });
          }
        }
        expect(wrong).toEqual([]);
        expect(JSON.stringify([...fromTrades.values()].map(row))).toBe(JSON.stringify(minutes.map(row)));
        if (index) expect(events.length).toBe(minutes.length * 60);
      }),
      { numRuns: 120 },
    );
    expect(days).toBeGreaterThan(50);
  });

  it('shows the same state whether it was followed or asked for', () => {
    fc.assert(
      fc.property(scenario, fc.nat({ max: DAY }), ({ calendar, seed, pick }, offset) => {
        const exchange = SimulatedExchange.simulate({
          calendar: calendars[calendar],
          seed,
          instruments: 300,
          now: NOW,
        });
        const instrument = exchange.instruments[pick % exchange.instruments.length]!;
        const start = istMidnight('2026-11-19') + offset;
        const end = start + 90 * 60_000;
        const live = new LiveState(exchange.market, instrument, start);
        while (live.next.at <= end) live.step();
        const fresh = new LiveState(exchange.market, instrument, end);
        expect(live.fields).toEqual(fresh.fields);
        expect(live.next.at).toBe(fresh.next.at);
      }),
      { numRuns: 60 },
    );
  });

  it('aggregates wider buckets from 09:15 IST, clipped to the sessions', () => {
    const exchange = SimulatedExchange.simulate({ calendar: calendars.always, now: NOW });
    const from = istMidnight('2026-11-19');
    const hours = exchange.candles(256265, '60minute', from, from + DAY);
    expect(new Date(hours[0]!.time).toISOString()).toBe('2026-11-18T18:45:00.000Z');
    expect(hours).toHaveLength(24);
    const minutes = exchange.minuteCandles(256265, from, from + DAY);
    for (const hour of hours) {
      const inside = minutes.filter((m) => m.time >= hour.time && m.time < hour.time + 3_600_000);
      expect(hour).toEqual({ time: hour.time, ...aggregate(inside) });
    }
  });

  it('knows of a bucket in progress only what has happened', () => {
    const exchange = SimulatedExchange.simulate({ calendar: calendars.always, now: NOW });
    const token = exchange.named('NSE:INFY')!.token;
    const from = istMidnight('2026-11-20');
    const until = from + 10 * 3_600_000 + 31_234;
    const trades = exchange.eventsBetween(token, from, until + 1);
    const day = exchange.candles(token, 'day', from, from + DAY, until)[0]!;
    expect(day).toMatchObject({
      open: trades[0]!.pricePaise,
      close: trades.at(-1)!.pricePaise,
      high: Math.max(...trades.map((t) => t.pricePaise)),
      volume: trades.reduce((sum, t) => sum + t.quantity, 0),
    });
    const minutes = exchange.candles(token, 'minute', from, from + DAY, until);
    expect(minutes.at(-1)!.time).toBe(until - (until % 60_000));
    expect(minutes.reduce((sum, m) => sum + m.volume, 0)).toBe(day.volume);
  });

  it('prices calls and puts that agree with their underlying', () => {
    const exchange = SimulatedExchange.simulate({ calendar: calendars.nse, now: NOW });
    const calls = exchange.instruments.filter((i) => i.type === 'CE' && i.name === 'NIFTY');
    const first = calls[0]!;
    const put = exchange.instruments.find(
      (i) => i.type === 'PE' && i.strikePaise === first.strikePaise && i.expiryDay === first.expiryDay,
    )!;
    const at = Date.parse('2026-11-20T06:00:00Z');
    const spot = exchange.packetAt(256265, at).lastPrice;
    const call = exchange.packetAt(first.token, at).lastPrice;
    expect(
      Math.abs(call - exchange.packetAt(put.token, at).lastPrice - (spot - first.strikePaise)),
    ).toBeLessThan(15_000);
  });

  it('answers 400 days of 1d for 500 instruments, and a day of minutes of a year ago', () => {
    const exchange = SimulatedExchange.simulate({ calendar: calendars.always, now: NOW });
    const started = performance.now();
    let rows = 0;
    for (const i of exchange.instruments) rows += exchange.dayCandles(i.token, NOW - 400 * DAY, NOW).length;
    const took = performance.now() - started;
    expect(rows).toBeGreaterThan(40_000);
    const minutes = exchange.minuteCandles(256265, istMidnight('2025-05-05'), istMidnight('2025-05-06'));
    expect(minutes.length).toBeGreaterThan(370);
    console.info(`500 x 400 days: ${took.toFixed(0)} ms, ${rows} rows`);
  });
});
