import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { onPlainPostgres } from '../fixtures/databases.js';
import { createHarness, type Harness, openMarket } from './harness.js';
import { INFY, NIFTY, NOW } from './market.js';

const server = onPlainPostgres();
let db: Database;
let harness: Harness;
const listeners: Array<(tokens: readonly number[]) => void> = [];
const looked: number[] = [];
const away = new Set<number>();
const silent = (token: number, silentMs: number) => ({ token, feed: 'kite-1', silentMs, usualMs: 1_040 });
const get = async (url: string) => {
  const answer = await harness.api.app.inject(url);
  return { status: answer.statusCode, body: answer.json() };
};

beforeAll(async () => {
  db = await openMarket(server);
  harness = await createHarness(
    db,
    {},
    {
      feedHealth: {
        stale: () => [silent(INFY, 31_000), silent(NIFTY, 95_500)],
        unanswered: () => [{ ...silent(INFY, 6_000), usualMs: null }],
        counts: () => ({ late: 3, duplicates: 40, dropped: 0 }),
        token: () => ({
          expiresAt: NOW + 3_600_000,
          valid: true,
          validAtNextOpen: false,
          message: 'The access token dies in 60 minutes.',
        }),
      },
      fallback: {
        quote: (token) =>
          away.has(token)
            ? {
                token,
                receivedAt: NOW,
                quote: {
                  brokerToken: token,
                  exchangeTime: NOW - 1_000,
                  lastTradeTime: NOW - 2_000,
                  lastPrice: 1_600,
                  volume: 9_999,
                  openInterest: null,
                  averagePrice: 1_590,
                  open: 1_580,
                  high: 1_610,
                  low: 1_570,
                  previousClose: 1_500,
                },
              }
            : undefined,
        onQuotes: (listener) => {
          listeners.push(listener);
          return () => undefined;
        },
        status: () => ({
          active: away.size > 0,
          since: away.size > 0 ? NOW : null,
          instruments: away.size,
          problem: null,
        }),
      },
      interest: { looked: (token) => void looked.push(token), watch: () => undefined },
    },
  );
});
afterAll(async () => harness.stop());

test('/health/feed counts who is silent and shows the token’s end, without a name', async () => {
  const { status, body } = await get('/health/feed');
  expect(status).toBe(200);
  expect(body.instruments).toEqual({ stale: 2, unanswered: 1, late: 3, duplicates: 40, dropped: 0 });
  expect(body.token).toEqual({
    expiresAt: new Date(NOW + 3_600_000).toISOString(),
    valid: true,
    validAtNextOpen: false,
    message: 'The access token dies in 60 minutes.',
  });
  expect(body.fallback).toEqual({ active: false, since: null, instruments: 0, problem: null });
  expect(JSON.stringify(body)).not.toContain('INFY');
});

test('/api/feed names them, the longest silent first', async () => {
  const { body } = await get('/api/feed');
  expect(body.stale).toMatchObject([
    { instrument: { symbol: 'NIFTY 50' }, feed: 'kite-1', silentSeconds: 95.5, usualSeconds: 1 },
    { instrument: { symbol: 'INFY' }, silentSeconds: 31 },
  ]);
  expect(body.unanswered).toMatchObject([{ instrument: { symbol: 'INFY' }, usualSeconds: null }]);
});

test('a quote by REST takes the place of the last tick, says so, and has no book', async () => {
  const quote = async () => (await get('/api/quote?instrument=NSE:INFY')).body.quotes[0];
  const before = await quote();
  expect(before.source).toBe('feed');
  away.add(INFY);
  expect(await quote()).toMatchObject({
    source: 'quote',
    lastPrice: 1_600,
    change: 100,
    time: new Date(NOW - 1_000).toISOString(),
    volume: 9_999,
    bid: { price: null, quantity: null },
    lastQuantity: null,
  });
  expect((await get('/health/feed')).body.fallback).toMatchObject({ active: true, instruments: 1 });
  const { rows } = await db.pool.query('select ltp from quotes_latest where instrument_token = $1', [INFY]);
  expect(rows[0].ltp).toBe(before.lastPrice);
  away.clear();
  expect(await quote()).toEqual(before);
});

test('who asks for an instrument by any route looks at it', async () => {
  looked.length = 0;
  await get('/api/depth?instrument=NSE:INFY');
  await get('/api/ticks?instrument=NSE:NIFTY 50');
  await get('/api/quote?instrument=NSE:NOSUCH');
  expect(looked).toEqual([INFY, NIFTY]);
});
