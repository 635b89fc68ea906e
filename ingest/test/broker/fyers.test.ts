import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BrokerError } from '../../src/broker/broker.js';
import { FyersHistory } from '../../src/broker/fyers/history.js';
import { fyersSymbol } from '../../src/broker/fyers/symbols.js';
import { TestClock } from '../candles/market.js';
import { type Answer, recordingServer } from './recording-server.js';

const TOKEN = 'eyJ0eXAiOiJKV1QiLCJhbGciOi.secret';
const APP = 'ABCD1234XY-100';
const FROM = Date.parse('2026-11-20T09:15:00+05:30');
const MINUTE = 60_000;

describe('what Fyers calls an instrument', () => {
  it.each([
    ['NSE', 'INFY', 'EQ', 'NSE:INFY-EQ'],
    ['NSE', 'BAJAJ-AUTO', 'EQ', 'NSE:BAJAJ-AUTO-EQ'],
    ['NSE', 'M&M', 'EQ', 'NSE:M&M-EQ'],
    ['NSE', 'IDEA-BE', 'EQ', 'NSE:IDEA-BE'],
    ['NSE', 'NIFTY 50', 'INDEX', 'NSE:NIFTY50-INDEX'],
    ['NSE', 'INDIA VIX', 'INDEX', 'NSE:INDIAVIX-INDEX'],
    ['NFO', 'NIFTY26NOVFUT', 'FUT', 'NSE:NIFTY26NOVFUT'],
    ['NFO', 'NIFTY26D0125000CE', 'CE', 'NSE:NIFTY26D0125000CE'],
    ['BFO', 'SENSEX26NOV80000PE', 'PE', 'BSE:SENSEX26NOV80000PE'],
    ['BSE', 'INFY', 'EQ', undefined],
    ['NSE', 'NIFTY ALPHA 50', 'INDEX', undefined],
    ['MCX', 'GOLD26DECFUT', 'FUT', undefined],
  ] as const)('%s:%s, %s: %s', (exchange, symbol, instrumentType, name) => {
    expect(fyersSymbol({ exchange, symbol, instrumentType })).toBe(name);
  });
});

describe('the history of Fyers', () => {
  let server: Awaited<ReturnType<typeof recordingServer>>;
  let history: FyersHistory;
  let clock: TestClock;
  const minutes = (hasOpenInterest = true) =>
    history.minutes({ symbol: 'NSE:M&M-EQ', from: FROM, to: FROM + 3 * MINUTE, hasOpenInterest });
  const failure = () =>
    minutes().then(
      () => expect.unreachable(),
      (error: BrokerError) => error,
    );
  const answers = (...list: Answer[]) => {
    server.answers = list;
  };

  beforeEach(async () => {
    server = await recordingServer();
    clock = new TestClock(FROM);
    history = new FyersHistory({
      appId: APP,
      root: `${server.url}/data`,
      clock,
      perSecond: 0,
      retryBaseMs: 1,
    });
    history.setAccessToken(TOKEN);
  });
  afterEach(async () => {
    history.close();
    await server.close();
  });

  it('is asked for as its documentation says, and read in rupees and milliseconds', async () => {
    const second = FROM / 1000;
    answers({
      body: JSON.stringify({
        s: 'ok',
        candles: [
          [second, 3000.5, 3001, 2999.95, 3000, 1200, 0],
          [second + 60, 3000, 3000, 3000, 3000, 0, 10],
          ['not', 'a', 'candle'],
          [second + 120, null, 1, 1, 1, 1],
          [second + 180, 1, 1, 1, 1, 1],
        ],
      }),
    });
    expect(await minutes()).toEqual([
      { time: FROM, open: 3000.5, high: 3001, low: 2999.95, close: 3000, volume: 1200, openInterest: 0 },
      { time: FROM + MINUTE, open: 3000, high: 3000, low: 3000, close: 3000, volume: 0, openInterest: 10 },
    ]);
    const [request] = server.requests;
    const url = new URL(request!.url, server.url);
    expect(url.pathname).toBe('/data/history');
    expect(Object.fromEntries(url.searchParams)).toEqual({
      symbol: 'NSE:M&M-EQ',
      resolution: '1',
      date_format: '0',
      range_from: String(second),
      range_to: String(second + 179),
      cont_flag: '1',
      oi_flag: '1',
    });
    expect(request!.authorization).toBe(`${APP}:${TOKEN}`);
  });

  it('has no open interest where there is none, and no candle where nothing traded', async () => {
    answers({ body: `{"s":"ok","candles":[[${FROM / 1000},1,1,1,1,5,0]]}` }, { body: '{"s":"no_data"}' });
    expect(await minutes(false)).toMatchObject([{ openInterest: null }]);
    expect(await minutes()).toEqual([]);
  });

  it.each([
    ['a token that died', 401, '{"s":"error","code":-8,"message":"Your token has expired"}', 'login_needed'],
    ['a token refused with 200', 200, '{"s":"error","code":-16,"message":"no"}', 'login_needed'],
    [
      'a symbol that is none',
      400,
      '{"s":"error","code":-300,"message":"Invalid symbol provided"}',
      'rejected',
    ],
    ['one refused with 200', 200, '{"s":"error","code":-300,"message":"Invalid symbol"}', 'rejected'],
    ['a forbidden history', 403, '{"s":"error","code":-403,"message":"No subscription"}', 'no_permission'],
    ['too many requests', 429, '{"s":"error","code":-429,"message":"Limit"}', 'rate_limited'],
    ['a page', 502, '<html>Bad gateway</html>', 'unavailable'],
    ['a page with 200', 200, '<html>Maintenance</html>', 'unavailable'],
    ['something else', 200, '{"s":"ok"}', 'unavailable'],
  ])('%s says so', async (_what, status, body, kind) => {
    server.always = { status, body };
    const error = await failure();
    expect(error).toBeInstanceOf(BrokerError);
    expect(error.kind).toBe(kind);
    expect(server.requests).toHaveLength(kind === 'unavailable' ? 3 : 1);
    expect(history.isLoggedIn).toBe(kind !== 'login_needed');
    expect(history.isReady).toBe(kind !== 'login_needed' && kind !== 'rate_limited');
  });

  it('is asked again after what may pass, and is ready again with another token', async () => {
    answers({ status: 500, body: '' }, { body: '{"s":"no_data"}' });
    expect(await minutes()).toEqual([]);
    server.always = { status: 401, body: '{"s":"error","code":-15,"message":"no"}' };
    await failure();
    expect(history.isReady).toBe(false);
    history.setAccessToken('another');
    expect(history.isReady).toBe(true);
  });

  it('tries a refused token again after a while, and is not shut out by the answer to an older one', async () => {
    server.always = { status: 401, body: '{"s":"error","code":-15,"message":"no"}' };
    await failure();
    clock.ms += 301_000;
    expect(history.isReady).toBe(true);
    const late = failure();
    await expect.poll(() => server.requests.length).toBe(2);
    history.setAccessToken('another');
    expect((await late).kind).toBe('login_needed');
    expect(history.isReady).toBe(true);
  });

  it('is left alone when it was asked too often: a minute, an hour, the rest of the day', async () => {
    server.always = { status: 429, body: '{"s":"error","code":-429,"message":"request limit reached"}' };
    for (const restMs of [60_000, 3_600_000]) {
      await failure();
      const { length } = server.requests;
      expect((await failure()).kind).toBe('rate_limited');
      expect(server.requests).toHaveLength(length);
      clock.ms += restMs - 1;
      expect(history.isReady).toBe(false);
      clock.ms += 1;
      expect(history.isReady).toBe(true);
    }
    await failure();
    clock.ms = Date.parse('2026-11-20T23:59:59+05:30');
    expect(history.isReady).toBe(false);
    clock.ms += 1000;
    expect(history.isReady).toBe(true);
  });

  it('never says what the credentials are', async () => {
    server.always = {
      status: 400,
      body: JSON.stringify({ s: 'error', code: -50, message: `${APP}:${TOKEN} is bad` }),
    };
    const { message } = await failure();
    expect(message).toContain('is bad');
    expect(message).not.toContain(TOKEN);
    expect(message).not.toContain(APP);
  });
});
