import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PortTaken } from '../../src/api/server.js';
import { BrokerError } from '../../src/broker/broker.js';
import type { Database } from '../../src/db/database.js';
import { onPlainPostgres } from '../fixtures/databases.js';
import { createHarness, type Harness, openMarket } from './harness.js';
import { DAY, INFY } from './market.js';

describe('bad input gets a sentence, the right status, and leaves the server alive', () => {
  const server = onPlainPostgres();
  let db: Database;
  let harness: Harness;
  beforeAll(async () => {
    db = await openMarket(server);
    harness = await createHarness(db);
  });
  afterAll(async () => {
    await harness?.stop();
    await db?.close();
  });

  const send = (options: {
    method?: 'GET' | 'POST' | 'DELETE' | 'PUT';
    url: string;
    payload?: string | object;
    type?: string;
  }) =>
    harness.api.app.inject({
      method: options.method ?? 'GET',
      url: options.url,
      headers: { host: 'localhost:8000', ...(options.type && { 'content-type': options.type }) },
      ...(options.payload !== undefined && { payload: options.payload }),
    });

  it.each([
    [
      'an interval that is none',
      `?instrument=NSE:INFY&interval=7m`,
      400,
      /^interval must be one of 1m, 5m, 15m, 1h, 1d; got "7m"\.$/,
    ],
    ['no instrument', `?interval=1m`, 400, /^instrument is missing\.$/],
    ['NaN for a time', `?instrument=NSE:INFY&from=NaN`, 400, /^from must be ISO 8601 .*got "NaN"\.$/],
    ['NaN for a number', `?instrument=NSE:INFY&limit=NaN`, 400, /^limit must be integer; got "NaN"\.$/],
    [
      'a swapped range',
      `?instrument=NSE:INFY&from=2025-11-20&to=2025-11-18`,
      400,
      /^from .* must be before to .*swapped/,
    ],
    [
      'an empty range',
      `?instrument=NSE:INFY&from=1763600000000&to=1763600000000`,
      400,
      /^from .* must be before to/,
    ],
    [
      'ten years of minutes',
      `?instrument=NSE:INFY&from=2015-01-01&to=2025-01-01`,
      400,
      /^from.* more than 50000 candles of 1m/,
    ],
    [
      'forty always-open days of minutes',
      `?instrument=NSE:INFY&from=2025-01-01&to=2025-02-10`,
      400,
      /more than 50000 candles of 1m/,
    ],
    [
      'seconds for milliseconds',
      `?instrument=NSE:INFY&from=1763600000`,
      400,
      /^from counts milliseconds .*looks like seconds/,
    ],
    [
      'a time without a zone',
      `?instrument=NSE:INFY&from=2025-11-20T09:15:00`,
      400,
      /^from must be ISO 8601 with a zone/,
    ],
    [
      'a day that does not exist',
      `?instrument=NSE:INFY&from=2025-02-30`,
      400,
      /^from must be a date .*2025-02-30/,
    ],
    ['a limit of zero', `?instrument=NSE:INFY&limit=0`, 400, /^limit must be >= 1; got "?0"?\.$/],
    ['a wait of a day', `?instrument=NSE:INFY&wait_ms=86400000`, 400, /^wait_ms must be <= 30000/],
    ['a fill that is none', `?instrument=NSE:INFY&fill=linear`, 400, /^fill must be one of none, previous/],
    [
      'a misspelt symbol',
      `?instrument=NSE:INFFY`,
      404,
      /^There is no instrument "NSE:INFFY"\. Did you mean NSE:INFY/,
    ],
    ['a symbol without exchange', `?instrument=INFY`, 404, /Did you mean NSE:INFY/],
    ['an unknown token', `?instrument=1`, 404, /^There is no instrument "1"\./],
    ['a token beyond all numbers', `?instrument=99999999999999999999999`, 404, /There is no instrument/],
    [
      'SQL in a symbol',
      `?instrument=${encodeURIComponent("NSE:INFY'; drop table instruments; --")}`,
      404,
      /^There is no instrument/,
    ],
    ['a NUL in a symbol', `?instrument=NSE:IN%00FY`, 400, /^instrument must be a token/],
    [
      'a symbol of 200 letters',
      `?instrument=${'A'.repeat(200)}`,
      400,
      /^instrument must NOT have more than 100 characters/,
    ],
  ])('%s', async (_, query, status, sentence) => {
    const response = await send({ url: `/api/candles${query}` });
    expect(response.statusCode, response.body).toBe(status);
    const { error } = response.json();
    expect(error.message).toMatch(sentence);
    expect(error.code).toMatch(/^[a-z_]+$/);
    expect((await db.pool.query('select count(*) from instruments')).rows[0].count).toBe(9);
  });

  it('names the caller’s own field names in a body', async () => {
    const payload = {
      instrument_token: INFY,
      from_date: '2025-11-20',
      to_date: '2025-11-01',
      interval: '1m',
    };
    const response = await send({ method: 'POST', url: '/api/candles', payload });
    expect(response.json().error.message).toMatch(/^from_date .* must be before to_date/);
    const many = { instruments: Array.from({ length: 101 }, () => INFY) };
    const batch = await send({ method: 'POST', url: '/api/candles/batch', payload: many });
    expect(batch.json().error.message).toMatch(/^instruments must NOT have more than 100 items/);
  });

  it('refuses a body of 10 MB, another type, and broken JSON', async () => {
    const large = await send({
      method: 'POST',
      url: '/api/candles',
      payload: `{"a":"${'x'.repeat(10_000_000)}"}`,
      type: 'application/json',
    });
    expect([large.statusCode, large.json().error.code]).toEqual([413, 'payload_too_large']);
    const xml = await send({ method: 'POST', url: '/api/candles', payload: '<a/>', type: 'application/xml' });
    expect([xml.statusCode, xml.json().error.code]).toEqual([415, 'unsupported_media_type']);
    const broken = await send({
      method: 'POST',
      url: '/api/candles',
      payload: '{"a":',
      type: 'application/json',
    });
    expect([broken.statusCode, broken.json().error.code]).toEqual([400, 'bad_json']);
  });

  it('answers an unknown path or method in the same shape, and counts it under one label', async () => {
    const unknown = await send({ url: '/api/candels?x=1' });
    expect(unknown.statusCode).toBe(404);
    expect(unknown.json().error).toEqual({
      code: 'not_found',
      message: 'There is no GET "/api/candels"; /docs lists what there is.',
    });
    expect((await send({ method: 'PUT', url: '/api/candles', payload: {} })).statusCode).toBe(404);
    expect((await send({ url: '/%E0%A4%A' })).statusCode).toBe(400);
    expect((await send({ url: '/assets/../../package.json' })).statusCode).toBe(404);
    const metrics = (await send({ url: '/metrics' })).body;
    expect(metrics).toContain(
      'tickscope_http_request_seconds_count{method="GET",route="/api/candles",status="400"}',
    );
    expect(metrics).not.toContain('candels');
    expect(metrics).not.toContain('INFY');
  });

  it('hides what broke inside and logs it with its context', async () => {
    harness.breakCandles(new Error('secret detail'));
    const response = await send({ url: '/api/candles?instrument=NSE:INFY' });
    harness.breakCandles(undefined);
    expect(response.statusCode).toBe(500);
    expect(response.body).not.toContain('secret detail');
    expect(harness.errors.join()).toContain('secret detail');
    expect(harness.errors.join()).toContain('/api/candles?instrument=NSE:INFY');
  });

  it('passes on why the broker refused', async () => {
    const login = harness.services.session.login;
    harness.services.session = {
      login: () => Promise.reject(new BrokerError('login_needed', 'Kite refused the token.')),
    };
    const response = await send({ method: 'POST', url: '/api/session', payload: { access_token: 'abc' } });
    expect([response.statusCode, response.json().error]).toEqual([
      403,
      { code: 'broker_login_needed', message: 'Kite refused the token.' },
    ]);
    harness.services.session = { login };
    const neither = await send({ method: 'POST', url: '/api/session', payload: {} });
    expect(neither.json().error.message).toContain('request_token or access_token');
  });

  it('refuses more subscriptions than the connections carry', async () => {
    const { rows } = await db.pool.query('select token from instruments where active');
    const tokens = rows.map((row) => row.token);
    const extra = Array.from({ length: 3 }, (_, i) => 900_000 + i);
    await db.pool.query(
      `insert into instruments (token, symbol, exchange, segment, instrument_type) select t, 'X' || t, 'NSE', 'NSE', 'EQ' from unnest($1::bigint[]) t`,
      [extra],
    );
    const response = await send({
      method: 'POST',
      url: '/api/subscriptions',
      payload: { instruments: [...tokens, ...extra] },
    });
    expect(response.statusCode).toBe(400);
    expect(response.json().error.message).toMatch(
      /^That would be 11 instruments; the connections carry 8\.$/,
    );
    await db.pool.query('delete from instruments where token = any($1::bigint[])', [extra]);
  });

  it('says which port is taken', async () => {
    const address = new URL(await harness.api.start());
    const second = await createHarness(db, { port: Number(address.port) });
    await expect(second.api.start()).rejects.toThrow(PortTaken);
    await second.stop();
    await second.stop();
  });

  it('answers 503 while the database is away', async () => {
    const alone = await openMarket(server);
    const cut = await createHarness(alone);
    await alone.close();
    const quote = await cut.api.app.inject('/api/quote?instrument=NSE:INFY');
    expect([quote.statusCode, quote.json().error.code]).toEqual([503, 'database_unavailable']);
    expect((await cut.api.app.inject('/health')).statusCode).toBe(200);
    const ready = await cut.api.app.inject('/health/ready');
    expect([ready.statusCode, ready.json().database.ok, ready.json().feed.ok]).toEqual([503, false, true]);
    expect((await cut.api.app.inject('/health/db')).statusCode).toBe(503);
    await cut.stop();
  });

  it('documents every route that answers', async () => {
    const { paths, openapi } = (await send({ url: '/docs/json' })).json();
    expect(openapi).toBe('3.1.0');
    const documented = Object.keys(paths);
    for (const path of [
      'candles',
      'candles/batch',
      'quote',
      'depth',
      'depth/history',
      'ticks',
      'oi',
      'vwap',
      'stats',
      'movers',
      'breadth',
      'chain',
      'vix',
      'vix/regime',
      'gaps',
      'completeness',
      'quality',
      'subscriptions',
      'session',
      'instruments',
      'instruments/{instrument}',
      'instruments/sync',
      'expiries',
    ]) {
      expect(documented).toContain(`/api/${path}`);
    }
    expect((await send({ url: '/docs/' })).statusCode).toBe(200);
    expect((await send({ url: `/api/candles?instrument=NSE:INFY&from=${DAY}` })).statusCode).toBe(200);
  });
});
