import { expect, test } from 'vitest';
import { BrokerError, type BrokerQuote } from '../../src/broker/broker.js';
import { QuoteFallback } from '../../src/feed/fallback.js';
import { createMetrics } from '../../src/metrics.js';
import { quiet } from '../fixtures/databases.js';

const quoteOf = (brokerToken: number, lastPrice: number): BrokerQuote => ({
  brokerToken,
  exchangeTime: 1_000,
  lastTradeTime: 900,
  lastPrice,
  volume: 10,
  openInterest: null,
  averagePrice: null,
  open: 1,
  high: 2,
  low: 1,
  previousClose: 1,
});

/** Instruments 1..n are looked at; what the broker calls them is 1000 more. The connection is away from the start. */
function away(options: { instruments?: number; afterMs?: number } = {}) {
  const clock = { ms: 1_000_000, now: () => clock.ms };
  const metrics = createMetrics();
  const state = {
    since: clock.ms as number | undefined,
    mayAsk: true,
    failure: undefined as BrokerError | undefined,
    looked: Array.from({ length: options.instruments ?? 2 }, (_, i) => i + 1),
    price: 100,
  };
  const requests: Array<{ at: number; symbols: string[] }> = [];
  const told: number[][] = [];
  const fallback = new QuoteFallback({
    afterMs: options.afterMs ?? 15_000,
    broker: {
      quotes: async (keys) => {
        requests.push({ at: clock.ms, symbols: keys.map(({ exchange, symbol }) => `${exchange}:${symbol}`) });
        if (state.failure) throw state.failure;
        return new Map(
          keys.map(({ symbol }) => {
            const brokerToken = 1_000 + Number(symbol.slice(1));
            return [brokerToken, quoteOf(brokerToken, state.price)];
          }),
        );
      },
    },
    // Instrument 9 has a connection of its own, which is open.
    feed: { notOpenSince: (brokerToken) => (brokerToken === 1_009 ? undefined : state.since) },
    lookedAt: () => state.looked,
    instrument: (token) =>
      token > 5_000 ? undefined : { exchange: 'NSE', symbol: `S${token}`, brokerToken: 1_000 + token },
    mayAsk: () => state.mayAsk,
    clock,
    log: quiet,
    metrics,
  });
  fallback.onQuotes((tokens) => void told.push([...tokens]));
  const run = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      clock.ms += 1_000;
      await fallback.look();
    }
  };
  return { fallback, clock, state, requests, told, metrics, run };
}

test('nothing is asked while reconnecting may still help, then once a second, all in one request', async () => {
  const { fallback, requests, run } = away();
  await run(14);
  expect(requests).toEqual([]);
  expect(fallback.status()).toMatchObject({ active: false, since: null });
  expect(fallback.quote(1)).toBeUndefined();
  await run(10);
  expect(requests).toHaveLength(10);
  expect(requests.every(({ symbols }) => symbols.join() === 'NSE:S1,NSE:S2')).toBe(true);
  expect(fallback.quote(1)).toMatchObject({ token: 1, quote: { lastPrice: 100 } });
  expect(fallback.status()).toMatchObject({ active: true, instruments: 2, problem: null });
});

test('only what somebody looks at, and only what its connection does not bring', async () => {
  const { fallback, state, requests, run } = away();
  state.looked = [1, 9, 6_000];
  await run(16);
  expect(requests.at(-1)!.symbols).toEqual(['NSE:S1']);
  expect(fallback.quote(9)).toBeUndefined();
});

test('more than one request takes come in turn, none of them twice before the others', async () => {
  const { requests, run } = away({ instruments: 1_200 });
  await run(14 + 3);
  expect(requests.map(({ symbols }) => symbols.length)).toEqual([500, 500, 199]);
  expect(new Set(requests.flatMap(({ symbols }) => symbols)).size).toBe(1_199);
});

test('it ends at once when the socket is back, and says so to who was shown a quote', async () => {
  const { fallback, state, requests, told, metrics, run } = away();
  await run(16);
  const before = requests.length;
  state.since = undefined;
  expect(fallback.quote(1)).toBeUndefined();
  await run(5);
  expect(requests).toHaveLength(before);
  expect(told.at(-1)).toEqual([1, 2]);
  expect(fallback.status()).toEqual({ active: false, since: null, instruments: 0, problem: null });
  const [value] = (await metrics.registry.getSingleMetric('tickscope_fallback_active')!.get()).values;
  expect(value!.value).toBe(0);
});

test('a broker that refuses is not asked every second, and old quotes are not shown for ever', async () => {
  const { fallback, state, requests, run } = away();
  await run(16);
  state.failure = new BrokerError('login_needed', 'The access token is dead.');
  const before = requests.length;
  await run(30);
  expect(requests.length - before).toBe(1);
  expect(fallback.status()).toMatchObject({ active: true, problem: 'The access token is dead.' });
  await run(5);
  expect(fallback.quote(1)).toBeUndefined();
});

test('without a token, outside of hours and when it is switched off nothing is asked', async () => {
  const { state, requests, run } = away();
  state.mayAsk = false;
  await run(60);
  expect(requests).toEqual([]);
  const off = away({ afterMs: 0 });
  off.fallback.start();
  await new Promise((resolve) => setTimeout(resolve, 1_200));
  expect(off.requests).toEqual([]);
  await off.fallback.stop();
});
