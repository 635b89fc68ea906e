import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { black76, type OptionTerms } from '../../src/options/black76.js';
import { chainVolatilities, type QuotedOption, RUPEE_RATE } from '../../src/options/chain.js';
import { parityForward } from '../../src/options/forward.js';
import { impliedVolatility } from '../../src/options/implied-volatility.js';
import { maxPain } from '../../src/options/max-pain.js';

describe('Black-76', () => {
  it('agrees with published values', () => {
    // J. Hull, "Options, Futures, and Other Derivatives", 9th ed., example 18.6: F = K = 20 (put), r 9 %, 4 months, 25 %.
    const put: OptionTerms = { type: 'PE', forward: 20, strike: 20, years: 4 / 12, rate: 0.09 };
    expect(black76(put, 0.25)).toBeCloseTo(1.1166, 4);
    // Hull, example 15.6: S 42, K 40, r 10 %, 6 months, 20 %: call 4.76, put 0.81.
    const stock = { forward: 42 * Math.exp(0.1 * 0.5), strike: 40, years: 0.5, rate: 0.1 };
    expect(black76({ type: 'CE', ...stock }, 0.2)).toBeCloseTo(4.76, 2);
    expect(black76({ type: 'PE', ...stock }, 0.2)).toBeCloseTo(0.81, 2);
  });

  it('keeps put-call parity', () => {
    const terms = { forward: 25_130, strike: 25_000, years: 0.02, rate: 0.065 };
    const difference = black76({ type: 'CE', ...terms }, 0.13) - black76({ type: 'PE', ...terms }, 0.13);
    expect(difference).toBeCloseTo(130 * Math.exp(-0.065 * 0.02), 8);
  });
});

describe('implied volatility', () => {
  it('is the volatility that made the price, for any option with a time value', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('CE' as const, 'PE' as const),
        fc.double({ min: 0.5, max: 2, noNaN: true }),
        fc.double({ min: 1 / 365 / 24, max: 3, noNaN: true }),
        fc.double({ min: 0.02, max: 3, noNaN: true }),
        (type, moneyness, years, volatility) => {
          const terms = { type, forward: 25_000, strike: 25_000 * moneyness, years, rate: 0.065 };
          const price = black76(terms, volatility);
          const intrinsic = Math.max((type === 'CE' ? 1 : -1) * (terms.forward - terms.strike), 0);
          // Less than a hundredth of a paisa of time value is lost in the digits of the price.
          fc.pre(price - intrinsic * Math.exp(-0.065 * years) > 1e-4);
          const found = impliedVolatility(terms, price);
          expect(found).not.toBeNull();
          expect(Math.abs(black76(terms, found!) - price)).toBeLessThan(1e-7);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('finds the volatility itself where the price depends on it', () => {
    for (const volatility of [0.03, 0.12, 0.35, 1.2]) {
      for (const strike of [24_000, 24_900, 25_000, 25_100, 26_500]) {
        const terms: OptionTerms = {
          type: strike < 25_000 ? 'PE' : 'CE',
          forward: 25_000,
          strike,
          years: 0.1,
          rate: 0,
        };
        const price = black76(terms, volatility);
        if (price > 0.05) expect(impliedVolatility(terms, price)).toBeCloseTo(volatility, 9);
      }
    }
  });

  it('is null where there is none, and never an error', () => {
    const call: OptionTerms = { type: 'CE', forward: 25_000, strike: 24_000, years: 0.05, rate: 0.065 };
    for (const price of [0, -1, 900, 24_999, 25_000, 1e9, Number.NaN, Number.POSITIVE_INFINITY]) {
      const found = impliedVolatility(call, price);
      if (price < 1_000 * Math.exp(-0.065 * 0.05) || !(price < 25_000))
        expect(found, String(price)).toBeNull();
    }
    expect(impliedVolatility({ ...call, years: 0 }, 1_100)).toBeNull();
    expect(impliedVolatility({ ...call, forward: 0 }, 1_100)).toBeNull();
    fc.assert(
      fc.property(fc.double(), fc.double(), fc.double(), fc.double(), (forward, strike, years, price) => {
        const found = impliedVolatility({ type: 'PE', forward, strike, years, rate: 0.065 }, price);
        expect(found === null || found > 0).toBe(true);
      }),
    );
  });
});

describe('a chain', () => {
  const years = 10 / 365;
  const forward = 25_140;
  const smile = (strike: number) => 0.12 + ((strike - 25_000) / 10_000) ** 2;
  const quoted = (strike: number, type: 'CE' | 'PE', over: Partial<QuotedOption> = {}): QuotedOption => {
    const price = black76({ type, forward, strike, years, rate: RUPEE_RATE }, smile(strike));
    return { strike, type, lastPrice: price, bidPrice: null, askPrice: null, ...over };
  };
  const strikes = Array.from({ length: 21 }, (_, i) => 24_000 + i * 100);
  const options = strikes.flatMap((strike) => [quoted(strike, 'CE'), quoted(strike, 'PE')]);

  it('takes its forward from the options, so call and put of a strike agree whatever the spot says', () => {
    const found = chainVolatilities(options, 24_000, years);
    options.forEach((option, i) => {
      if (found[i] !== null) expect(found[i]).toBeCloseTo(smile(option.strike), 6);
    });
    expect(found.filter((iv) => iv === null).length).toBeLessThan(4);
  });

  it('prefers the middle of the book to the last price, which may be hours old', () => {
    const fair = quoted(25_100, 'CE').lastPrice!;
    const stale = quoted(25_100, 'CE', { lastPrice: fair * 2, bidPrice: fair - 0.5, askPrice: fair + 0.5 });
    const others = options.filter(({ strike, type }) => strike !== 25_100 || type !== 'CE');
    expect(chainVolatilities([stale, ...others], null, years)[0]).toBeCloseTo(smile(25_100), 6);
  });

  it('uses the spot where no strike has both sides, and says nothing where there is neither', () => {
    const calls = options.filter(({ type }) => type === 'CE');
    const spot = forward * Math.exp(-RUPEE_RATE * years);
    const at = calls.findIndex(({ strike }) => strike === 25_100);
    expect(chainVolatilities(calls, spot, years)[at]).toBeCloseTo(smile(25_100), 6);
    expect(chainVolatilities(calls, null, years).every((iv) => iv === null)).toBe(true);
    expect(chainVolatilities(options, forward, -1).every((iv) => iv === null)).toBe(true);
    expect(chainVolatilities([], null, years)).toEqual([]);
  });

  it('reads a forward off put-call parity at the money', () => {
    const pairs = strikes.map((strike) => ({
      strike,
      call: quoted(strike, 'CE').lastPrice!,
      put: quoted(strike, 'PE').lastPrice!,
    }));
    expect(parityForward(pairs, years, RUPEE_RATE)).toBeCloseTo(forward, 6);
    expect(parityForward([], years, RUPEE_RATE)).toBeNull();
  });
});

describe('max pain', () => {
  it('is where all options together are worth least', () => {
    // Worth at 100: puts 110 and 120 pay 10*30 + 20*10 = 500; at 110: call 100 pays 10*10, put 120 pays 10*10 = 200;
    // at 120: calls 100 and 110 pay 20*10 + 10*20 = 400.
    const strikes = [
      { strike: 100, call: 10, put: 5 },
      { strike: 110, call: 20, put: 30 },
      { strike: 120, call: 40, put: 10 },
    ];
    expect(maxPain(strikes)).toBe(110);
    expect(maxPain([...strikes].reverse())).toBe(110);
  });

  it('is null without open interest, and the lower of equals', () => {
    expect(maxPain([])).toBeNull();
    expect(maxPain([{ strike: 100, call: 0, put: 0 }])).toBeNull();
    expect(
      maxPain([
        { strike: 100, call: 1, put: 0 },
        { strike: 110, call: 0, put: 1 },
      ]),
    ).toBe(100);
  });
});
