import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FEED, listening } from './listening.js';
import { at, calendar, INFY, NIFTY, packet } from './market.js';
import { Reference, type Said } from './reference.js';

/** What may happen next to one instrument on a connection. Seconds and counts are small, so that edges are hit. */
const event = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('packet' as const),
      wait: fc.nat(9),
      lag: fc.nat(3),
      rise: fc.nat(3),
      price: fc.nat(4),
      wider: fc.nat(2),
      lower: fc.nat(2),
      fresh: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('again' as const) }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('overtaken' as const), back: fc.integer({ min: 1, max: 70 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('lost' as const), away: fc.nat(90) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('leap' as const),
      seconds: fc.constantFrom(60, 3600, 20_000, 86_400),
    }),
  },
);

const starts = [at('09:07'), at('09:14:30'), at('10:00'), at('15:29:30'), at('15:20', '2026-11-17')];

describe.each([
  ['a stock', INFY, 'cash'],
  ['an index', NIFTY, 'index'],
])('%s', (_name, token, group) => {
  it('is classified as the rules say, whatever comes', () => {
    fc.assert(
      fc.property(fc.constantFrom(...starts), fc.array(event, { maxLength: 60 }), (start, events) => {
        const ear = listening({ start });
        const reference = new Reference(calendar, group, token === NIFTY);
        let now = start;
        let hole = true;
        let held = Number.NaN;
        let said: Said = {
          ltp: 150_000,
          volume: 1000,
          traded: Math.floor(start / 1000) - 86_400,
          sent: Math.floor(start / 1000),
          high: 150_000,
          low: 150_000,
        };
        let date = '';
        ear.connect(now, [token]);
        for (const e of events) {
          let hears = said;
          if (e.kind === 'leap') {
            // A connection that ends and comes back: silence itself is coverage's matter.
            ear.pipeline.disconnected(FEED, now, 'disconnect');
            held = heldUntil();
            now += e.seconds * 1000;
            ear.connect(now, [token]);
            hole = true;
            continue;
          }
          if (e.kind === 'lost') {
            ear.pipeline.disconnected(FEED, now, 'disconnect');
            held = heldUntil();
            now += e.away * 1000;
            ear.connect(now, [token]);
            hole = true;
            continue;
          }
          if (e.kind === 'packet') {
            now += e.wait * 1000;
            const second = Math.floor(now / 1000);
            const day = new Date(now + 19_800_000).toISOString().slice(0, 10);
            const traded = e.fresh || e.rise > 0 ? Math.max(said.traded, second - e.lag) : said.traded;
            const newDay = day !== date && traded > second - 3600;
            if (newDay) date = day;
            hears = {
              ltp: 150_000 + e.price,
              volume: newDay ? e.rise : said.volume + e.rise,
              traded,
              sent: second,
              high: newDay ? 150_000 : said.high + e.wider * 3,
              low: newDay ? 150_000 : said.low - e.lower * 3,
            };
            said = hears;
          } else if (e.kind === 'overtaken') {
            const traded = Math.max(said.traded - e.back, 1_000_000_000);
            hears = { ...said, volume: Math.max(0, said.volume - 1), traded, ltp: 149_000 };
          }
          // An index packet carries neither.
          if (token === NIFTY) hears = { ...hears, volume: 0, traded: 0 };
          ear.hear(now, packet({ token, ...inMs(hears) }));
          const expected = reference.hear(hears, hole, held);
          hole = false;
          const heard = ear.take().ticks;
          if (expected === null) {
            expect(heard).toEqual([]);
          } else {
            const { token: _t, seq: _s, ltp: _l, ...rest } = heard[0]!;
            expect(rest).toEqual(expected);
          }
        }

        function heldUntil(): number {
          const { closedEpoch, closedTo } = ear.pipeline.coverage(FEED);
          return ear.slots.epoch[ear.slots.ofToken(token)] === closedEpoch && closedEpoch >= 0
            ? closedTo
            : Number.NaN;
        }
      }),
      { numRuns: 400 },
    );
  });
});

function inMs(said: Said): Said {
  return { ...said, traded: said.traded * 1000, sent: said.sent * 1000 };
}
