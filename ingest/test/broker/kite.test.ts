import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Fastify, { type FastifyInstance, type FastifyRequest } from 'fastify';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KiteBroker, type KiteBrokerOptions } from '../../src/broker/kite.js';

const RECORDED = join(import.meta.dirname, '../../../../shared/kite');
const recorded = existsSync(RECORDED);
if (!recorded) console.warn(`Recorded Kite answers are not there (${RECORDED}): their tests are skipped.`);

interface Reply {
  status?: number;
  type?: string;
  body: string;
}

const JSON_TYPE = 'application/json';
const ok = (data: unknown): Reply => ({ body: JSON.stringify({ status: 'success', data }) });
const exception = (status: number, error_type: string, message: string): Reply => ({
  status,
  body: JSON.stringify({ status: 'error', error_type, message, data: null }),
});
const IST = (text: string): number => Date.parse(`${text}+05:30`);
const DAY = 86_400_000;

let server: FastifyInstance;
let broker: KiteBroker;
let requests: FastifyRequest[];
let answer: (request: FastifyRequest) => Reply;
let counted: Array<{ endpoint: string; status: string }>;
let dropped: Array<{ endpoint: string; rows: number }>;
let logged: string;
let now: number;

function makeBroker(options: Partial<KiteBrokerOptions> = {}): KiteBroker {
  const write = (line: string) => {
    logged += line;
  };
  broker = new KiteBroker({
    apiKey: 'the-key',
    accessToken: 'the-token',
    root: `http://127.0.0.1:${(server.server.address() as { port: number }).port}`,
    clock: { now: () => now },
    log: pino({ level: 'trace' }, { write }),
    historicalPerSecond: 0,
    quotePerSecond: 0,
    otherPerSecond: 0,
    retryBaseMs: 5,
    onRequest: ({ endpoint, status }) => counted.push({ endpoint, status }),
    onDropped: (d) => dropped.push(d),
    ...options,
  });
  return broker;
}

beforeEach(async () => {
  [requests, counted, dropped, logged, now] = [[], [], [], '', IST('2026-11-20T10:00:00')];
  answer = () => ok({ candles: [] });
  server = Fastify();
  server.addContentTypeParser('*', { parseAs: 'string' }, (_r, body, done) => done(null, body));
  server.all('/*', async (request, reply) => {
    requests.push(request);
    const { status = 200, type = JSON_TYPE, body } = answer(request);
    return reply.code(status).header('content-type', type).send(body);
  });
  await server.listen({ port: 0, host: '127.0.0.1' });
  makeBroker();
});
afterEach(async () => {
  await broker.close();
  await broker.close();
  await server.close();
});

const query = (i = 0) => requests[i]!.query as Record<string, string>;
const request = (over: object = {}) => ({
  brokerToken: 408065,
  interval: '1m' as const,
  from: IST('2017-12-15T09:15:00'),
  to: IST('2017-12-15T15:30:00'),
  ...over,
});

describe.skipIf(!recorded)('the Kite broker, answered as recorded', () => {
  const file = (name: string) => readFileSync(join(RECORDED, name), 'utf8');

  it('reads minutes without open interest', async () => {
    answer = () => ({ body: file('mocks_historical_minute.json') });
    const candles = await broker.candles(request());
    expect(candles.length).toBe(6);
    expect(candles[0]).toEqual({
      time: IST('2017-12-15T09:15:00'),
      open: 1704.5,
      high: 1705,
      low: 1699.25,
      close: 1702.8,
      volume: 2499,
      openInterest: null,
    });
  });

  it('reads minutes with open interest, and only those asked for', async () => {
    answer = () => ({ body: file('mocks_historical_oi.json') });
    const candles = await broker.candles(
      request({ from: IST('2019-12-04T09:16:00'), to: IST('2019-12-04T09:18:00') }),
    );
    expect(candles.map((c) => [c.time, c.openInterest])).toEqual([
      [IST('2019-12-04T09:16:00'), 13667775],
      [IST('2019-12-04T09:17:00'), 13758000],
    ]);
    expect(dropped).toEqual([]);
  });

  it('reads quotes, their times in IST whatever the zone of the process', async () => {
    answer = () => ({ body: file('mocks_quote.json') });
    const quotes = await broker.quotes([{ exchange: 'NSE', symbol: 'INFY' }]);
    expect([...quotes]).toEqual([
      [
        408065,
        {
          brokerToken: 408065,
          exchangeTime: IST('2021-06-08T15:45:56'),
          lastTradeTime: IST('2021-06-08T15:45:52'),
          lastPrice: 1412.95,
          volume: 7360198,
          openInterest: 0,
          averagePrice: 1412.47,
          open: 1396,
          high: 1421.75,
          low: 1395.55,
          previousClose: 1389.65,
        },
      ],
    ]);
    expect(query()).toEqual({ i: 'NSE:INFY' });
  });

  it('reads the instrument dump', async () => {
    answer = () => ({ type: 'text/csv', body: file('mocks_instruments_all.csv') });
    const instruments = await broker.instruments();
    expect(instruments.length + (dropped[0]?.rows ?? 0)).toBe(
      file('mocks_instruments_all.csv').trim().split('\n').length - 1,
    );
    expect(instruments[0]).toEqual({
      brokerToken: 3813889,
      symbol: 'CENTRALBK-BE',
      exchange: 'NSE',
      segment: 'NSE',
      name: 'CENTRAL BANK OF INDIA',
      instrumentType: 'EQ',
      expiry: null,
      strike: null,
      lotSize: 1,
      tickSize: 0.05,
    });
  });

  it('reads profile and session, and uses the new token from then on', async () => {
    answer = ({ url }) => ({
      body: file(url.startsWith('/user') ? 'mocks_profile.json' : 'mocks_generate_session.json'),
    });
    expect(await broker.profile()).toEqual({ userId: 'AB1234', userName: 'AxAx Bxx' });
    expect(requests[0]!.headers.authorization).toBe('token the-key:the-token');
    expect(await broker.createSession('req', 'secret')).toEqual({ accessToken: 'XXXXXX' });
    await broker.profile();
    expect(requests[2]!.headers.authorization).toBe('token the-key:XXXXXX');
  });
});

describe('the Kite broker', () => {
  it('asks in IST, includes the last candle begun before the end, and always wants open interest', async () => {
    await broker.candles(request({ interval: '1h' }));
    expect(requests[0]!.url).toContain('/instruments/historical/408065/60minute?');
    expect(query()).toMatchObject({
      from: '2017-12-15 09:15:00',
      to: '2017-12-15 15:29:59',
      continuous: '0',
      oi: '1',
    });
    expect(requests[0]!.headers['x-kite-version']).toBe('3');
  });

  it.each([
    ['1m', 'minute', 60],
    ['5m', '5minute', 100],
    ['15m', '15minute', 200],
    ['1h', '60minute', 400],
    ['1d', 'day', 2000],
  ] as const)('asks for %s as %s, for %d days at most', async (interval, name, days) => {
    expect(broker.maxCandleRangeMs(interval)).toBe(days * DAY);
    const from = IST('2020-01-01T00:00:00');
    await broker.candles(request({ interval, from, to: from + days * DAY }));
    expect(requests[0]!.url).toContain(`/${name}?`);
    await expect(
      broker.candles(request({ interval, from, to: from + days * DAY + 1 })),
    ).rejects.toMatchObject({
      kind: 'rejected',
    });
    expect(requests.length).toBe(1);
  });

  it('rejects a swapped range without asking', async () => {
    await expect(broker.candles(request({ to: 0 }))).rejects.toMatchObject({ kind: 'rejected' });
    expect(requests.length).toBe(0);
  });

  it('drops and counts rows that are no candle, sorts the others and takes the last of two for one minute', async () => {
    const row = (minute: string, o = 10, h = 12, l = 9, c = 11, v: unknown = 5, ...oi: unknown[]) => [
      `2017-12-15T09:${minute}:00+0530`, o, h, l, c, v, ...oi,
    ]; // biome-ignore format: a row
    answer = () =>
      ok({
        candles: [
          row('17'),
          row('16', 10, 12, 9, 11, 5, 0),
          row('16', 10, 12, 9, 11.5, 6, 7),
          row('18', 10, 9.5, 9, 9.2),
          row('19', 10, 12, 10.5, 11),
          row('20', Number.NaN),
          row('21', 10, 12, 9, 11, -1),
          row('22', 10, 12, 9, 11, 1.5),
          ['2017-12-15T09:23:00Z', 10, 12, 9, 11, 5],
          ['nonsense', 10, 12, 9, 11, 5],
          [1, 2],
          null,
        ],
      });
    const candles = await broker.candles(request());
    expect(candles.map((c) => [c.time, c.close, c.openInterest])).toEqual([
      [IST('2017-12-15T09:16:00'), 11.5, 7],
      [IST('2017-12-15T09:17:00'), 11, null],
    ]);
    expect(dropped).toEqual([{ endpoint: 'historical', rows: 9 }]);
  });

  it('keeps an open interest of 0, which the official client loses, and gives an index none', async () => {
    answer = () => ok({ candles: [['2017-12-15T09:16:00+0530', 10, 12, 9, 11, 0, 0]] });
    expect((await broker.candles(request()))[0]!.openInterest).toBe(0);
    expect((await broker.candles(request({ brokerToken: 256265 })))[0]!.openInterest).toBeNull();
  });

  it('asks for quotes 500 at a time and leaves out what the broker does not know', async () => {
    answer = (r) => {
      const asked = ([] as string[]).concat((r.query as { i: string[] }).i);
      const known = asked.filter((key) => key !== 'NSE:S7');
      return ok(
        Object.fromEntries(
          known.map((key) => [
            key,
            {
              instrument_token: Number(key.slice(5)) * 256 + 1,
              last_price: 1,
              ohlc: { open: 1, high: 1, low: 1, close: 1 },
            },
          ]),
        ),
      );
    };
    const keys = Array.from({ length: 1100 }, (_, i) => ({ exchange: 'NSE', symbol: `S${i}` }));
    const quotes = await broker.quotes(keys);
    expect(requests.map((r) => (r.query as { i: string[] }).i.length).sort()).toEqual([100, 500, 500]);
    expect(quotes.size).toBe(1099);
    expect(await broker.quotes([])).toEqual(new Map());
  });

  it('gives an index quote no volume, open interest or average price', async () => {
    answer = () =>
      ok({
        'NSE:NIFTY 50': {
          instrument_token: 256265,
          timestamp: '2026-11-20 10:00:00',
          last_trade_time: '1970-01-01 05:30:00',
          last_price: 25000.5,
          volume: 0,
          oi: 0,
          average_price: 0,
          ohlc: { open: 1, high: 2, low: 1, close: 2 },
        },
        'NSE:ODD': { instrument_token: 'x' },
      });
    const quotes = await broker.quotes([{ exchange: 'NSE', symbol: 'NIFTY 50' }]);
    expect(quotes.get(256265)).toMatchObject({
      volume: null,
      openInterest: null,
      averagePrice: null,
      lastTradeTime: null,
    });
    expect(dropped).toEqual([{ endpoint: 'quote', rows: 1 }]);
  });

  it('reads indices, futures and options from the dump and drops what it does not know', async () => {
    const header =
      'instrument_token,exchange_token,tradingsymbol,name,last_price,expiry,strike,tick_size,lot_size,instrument_type,segment,exchange';
    answer = () => ({
      type: 'text/csv; charset=utf-8',
      body: [
        header,
        '256265,1001,NIFTY 50,NIFTY 50,0,,0,0,0,EQ,INDICES,NSE',
        '12345602,48225,NIFTY26NOVFUT,"NIFTY",0,2026-11-24,0,0.05,65,FUT,NFO-FUT,NFO',
        '12345858,48226,NIFTY26NOV25000CE,"NIFTY, ""50""",0,2026-11-24,25000.0,0.05,65,CE,NFO-OPT,NFO',
        'abc,1,X,,0,,0,0.05,1,EQ,NSE,NSE',
        '77,1,,,0,,0,0.05,1,EQ,NSE,NSE',
        '78,1,ODD,,0,,0,0.05,1,WARRANT,NSE,NSE',
        '79,1',
      ].join('\r\n'),
    });
    const instruments = await broker.instruments();
    expect(instruments).toEqual([
      expect.objectContaining({ brokerToken: 256265, instrumentType: 'INDEX', lotSize: 0, tickSize: 0 }),
      expect.objectContaining({ symbol: 'NIFTY26NOVFUT', expiry: '2026-11-24', strike: null, name: 'NIFTY' }),
      expect.objectContaining({
        instrumentType: 'CE',
        strike: 25000,
        name: 'NIFTY, "50"',
        segment: 'NFO-OPT',
      }),
    ]);
    expect(dropped).toEqual([{ endpoint: 'instruments', rows: 4 }]);
  });

  it.each([
    ['TokenException', 403, 'login_needed', 1],
    ['PermissionException', 403, 'no_permission', 1],
    ['InputException', 400, 'rejected', 1],
    ['NetworkException', 429, 'rate_limited', 3],
    ['NetworkException', 503, 'unavailable', 3],
    ['DataException', 502, 'unavailable', 3],
    ['GeneralException', 500, 'unavailable', 3],
    ['GeneralException', 404, 'rejected', 1],
  ])('takes a %s with status %d for %s and asks %d times', async (type, status, kind, times) => {
    answer = () => exception(status, type, 'Bad the-token of the-key');
    const error = await broker.candles(request()).catch((e: unknown) => e);
    expect(error).toMatchObject({ name: 'BrokerError', kind, status });
    expect(requests.length).toBe(times);
    expect(counted).toEqual(Array(times).fill({ endpoint: 'historical', status: String(status) }));
    expect(String(error) + logged).not.toMatch(/the-token|the-key/);
  });

  it('succeeds when a retry does', async () => {
    answer = () =>
      requests.length < 3 ? exception(429, 'NetworkException', 'Too many requests') : ok({ candles: [] });
    expect(await broker.candles(request())).toEqual([]);
    expect(counted.map((c) => c.status)).toEqual(['429', '429', '200']);
  });

  it.each([
    [
      'an HTML error page',
      { status: 502, type: 'text/html', body: '<html>Bad gateway</html>' },
      'unavailable',
      3,
    ],
    [
      'an HTML page with status 200',
      { type: 'text/html', body: '<html>Maintenance</html>' },
      'unavailable',
      3,
    ],
    ['JSON cut short', { body: '{"status":"succ' }, 'unavailable', 3],
    ['JSON of another shape', { body: '{"status":"success","data":{"bars":[]}}' }, 'unavailable', 1],
    ['an empty body', { body: '' }, 'unavailable', 3],
    ['a plain 429', { status: 429, type: 'text/plain', body: 'slow down' }, 'rate_limited', 3],
  ])('makes a clear error of %s', async (_what, reply: Reply, kind, times) => {
    answer = () => reply;
    await expect(broker.candles(request())).rejects.toMatchObject({ name: 'BrokerError', kind });
    expect(requests.length).toBe(times);
  });

  it('calls a broker that cannot be reached or does not answer unavailable', async () => {
    makeBroker({ root: 'http://127.0.0.1:9', attempts: 2 });
    await expect(broker.profile()).rejects.toMatchObject({ kind: 'unavailable' });
    expect(counted).toEqual(Array(2).fill({ endpoint: 'profile', status: 'error' }));
    await server.close();
    server = Fastify();
    server.all('/*', () => new Promise(() => undefined));
    await server.listen({ port: 0, host: '127.0.0.1' });
    makeBroker({ timeoutMs: 50, attempts: 1 });
    await expect(broker.profile()).rejects.toMatchObject({ kind: 'unavailable' });
  });

  it('never sends a login twice and keeps its secrets out of the error', async () => {
    answer = () => exception(503, 'NetworkException', 'no luck with my-request my-secret');
    const error = await broker.createSession('my-request', 'my-secret').catch((e: unknown) => e);
    expect(requests.length).toBe(1);
    expect(String(error) + logged).not.toMatch(/my-request|my-secret/);
  });

  it('says when the token dies: the first 06:00 IST after it was set', () => {
    expect(broker.tokenExpiresAt()).toBe(IST('2026-11-21T06:00:00'));
    now = IST('2026-11-22T05:30:00');
    broker.setAccessToken('next');
    expect(broker.tokenExpiresAt()).toBe(IST('2026-11-22T06:00:00'));
    broker.setAccessToken('older', IST('2026-11-20T18:00:00'));
    expect(broker.tokenExpiresAt()).toBe(IST('2026-11-21T06:00:00'));
    expect(
      new KiteBroker({
        apiKey: 'k',
        clock: { now: () => now },
        log: pino({ enabled: false }),
      }).tokenExpiresAt(),
    ).toBeUndefined();
  });

  it('keeps 3 historical requests a second however many are asked for, and shows what is left', async () => {
    makeBroker({ historicalPerSecond: 3 });
    const arrivals: number[] = [];
    answer = () => {
      arrivals.push(performance.now());
      return ok({ candles: [] });
    };
    expect(broker.limits().find((l) => l.endpoint === 'historical')!.remaining).toBe(3);
    await Promise.all(Array.from({ length: 7 }, () => broker.candles(request())));
    for (let i = 3; i < 7; i++) expect(arrivals[i]! - arrivals[i - 3]!).toBeGreaterThanOrEqual(1000);
    expect(broker.limits().find((l) => l.endpoint === 'historical')!.remaining).toBeLessThan(3);
  });

  it('refuses what waits when it is closed', async () => {
    makeBroker({ historicalPerSecond: 1 });
    const asked = [1, 2, 3].map(() => broker.candles(request()).catch((e: unknown) => e));
    await asked[0];
    await broker.close();
    expect(await asked[1]).toMatchObject({ kind: 'unavailable' });
    expect(await asked[2]).toMatchObject({ kind: 'unavailable' });
  });
});
