import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiConfig } from '../../src/api/services.js';
import type { Database } from '../../src/db/database.js';
import { onPlainPostgres } from '../fixtures/databases.js';
import { createHarness, openMarket } from './harness.js';

const READ = { method: 'GET', url: '/api/quote?instrument=NSE:INFY' } as const;
const HEAL = { method: 'POST', url: '/api/candles', payload: { instrument_token: 408065 } } as const;
const ADMIN = [
  { method: 'POST', url: '/api/instruments/sync' },
  { method: 'POST', url: '/api/session', payload: { access_token: 'x' } },
  { method: 'POST', url: '/api/subscriptions', payload: { instruments: ['NSE:INFY'] } },
  { method: 'DELETE', url: '/api/subscriptions?instrument=NSE:RELIANCE' },
] as const;

describe('who may do what', () => {
  const server = onPlainPostgres();
  let db: Database;
  beforeAll(async () => {
    db = await openMarket(server);
  });
  afterAll(() => db?.close());

  type Call = { method: 'GET' | 'POST' | 'DELETE'; url: string; payload?: object };
  const as = async (
    config: Partial<ApiConfig>,
    work: (status: (call: Call, headers?: Record<string, string>) => Promise<number>) => Promise<void>,
  ) => {
    const harness = await createHarness(db, config);
    try {
      await work(async (call, headers = {}) => {
        const response = await harness.api.app.inject({
          ...call,
          headers: { host: '127.0.0.1:8000', ...headers },
        });
        if (response.statusCode >= 400) expect(response.json().error.message).toMatch(/^[A-Z].*\.$/);
        return response.statusCode;
      });
    } finally {
      await harness.stop();
    }
  };

  it('on loopback without a token reads freely, and changes only for this machine’s own names', async () => {
    await as({}, async (status) => {
      expect(await status(READ)).toBe(200);
      expect(await status(READ, { host: 'evil.example' })).toBe(200);
      for (const call of ADMIN) {
        expect(await status(call)).toBe(200);
        expect(await status(call, { host: '[::1]:8000', origin: 'http://localhost:8000' })).toBe(403); // another origin than its host
        expect(await status(call, { host: 'localhost:8000', origin: 'http://localhost:8000' })).toBe(200);
        expect(await status(call, { host: 'evil.example:8000' })).toBe(403); // DNS rebinding
        expect(await status(call, { host: 'evil.example:8000', origin: 'http://evil.example:8000' })).toBe(
          403,
        );
        expect(await status(call, { origin: 'http://evil.example' })).toBe(403);
        expect(await status(call, { origin: 'null' })).toBe(403);
        expect(await status(call, { host: '127.0.0.1.evil.example' })).toBe(403);
      }
    });
  });

  it('off loopback opens nothing but health without a token', async () => {
    await as({ host: '0.0.0.0', token: 'top', readToken: 'look' }, async (status) => {
      for (const url of ['/health', '/health/ready', '/health/db', '/health/feed']) {
        expect(await status({ method: 'GET', url })).toBe(200);
      }
      for (const call of [
        READ,
        HEAL,
        ...ADMIN,
        ...['/', '/metrics', '/docs/json', '/nowhere', '/assets/app.js'].map((url) => ({
          method: 'GET' as const,
          url,
        })),
      ]) {
        expect(await status(call), call.url).toBe(401);
        expect(await status(call, { authorization: 'Bearer wrong' })).toBe(401);
        expect(await status(call, { authorization: 'Bearer' })).toBe(401);
      }
      expect(await status(READ, { authorization: 'Bearer look' })).toBe(200);
      expect(await status(HEAL, { authorization: 'Bearer look' })).toBe(200);
      expect(await status(READ, { authorization: `Basic ${btoa('anyone:look')}` })).toBe(200);
      for (const call of ADMIN) {
        expect(await status(call, { authorization: 'Bearer look' })).toBe(403);
        expect(await status(call, { authorization: 'bearer top' })).toBe(200);
        // A browser that remembers the password, driven by another page.
        expect(
          await status(call, { authorization: `Basic ${btoa(':top')}`, origin: 'https://evil.example' }),
        ).toBe(403);
      }
    });
  });

  it('stays shut off loopback when no token is configured', async () => {
    await as({ host: '0.0.0.0' }, async (status) => {
      expect(await status(READ)).toBe(401);
      expect(await status(READ, { authorization: 'Bearer ' })).toBe(401);
      expect(await status(ADMIN[0])).toBe(401);
      expect(await status({ method: 'GET', url: '/health' })).toBe(200);
    });
  });

  it('asks for a configured token on loopback too', async () => {
    await as({ token: 'top' }, async (status) => {
      expect(await status(READ)).toBe(401);
      expect(await status(READ, { authorization: 'Bearer top' })).toBe(200);
      expect(await status(ADMIN[0])).toBe(401);
    });
  });

  it('lets no other origin read unless it is named', async () => {
    const origin = 'http://127.0.0.1:3000';
    const closed = await createHarness(db);
    const response = await closed.api.app.inject({ ...READ, headers: { origin } });
    expect(response.headers['access-control-allow-origin']).toBeUndefined();
    expect(response.headers['content-security-policy']).toContain("default-src 'none'");
    expect(response.headers['x-content-type-options']).toBe('nosniff');
    expect(response.headers['strict-transport-security']).toBeUndefined();
    await closed.stop();
    const open = await createHarness(db, { corsOrigins: [origin], token: 'top' });
    const preflight = await open.api.app.inject({
      method: 'OPTIONS',
      url: '/api/quote',
      headers: {
        origin,
        'access-control-request-method': 'GET',
        'access-control-request-headers': 'authorization',
      },
    });
    expect([preflight.statusCode, preflight.headers['access-control-allow-origin']]).toEqual([204, origin]);
    const other = await open.api.app.inject({
      ...READ,
      headers: { origin: 'http://evil.example', authorization: 'Bearer top' },
    });
    expect(other.headers['access-control-allow-origin']).not.toBe('http://evil.example');
    await open.stop();
  });

  it('asks every route that there is for a token, and every one that changes something for the admin’s', async () => {
    const harness = await createHarness(db, { token: 'top', readToken: 'look' });
    const ask = async (method: string, path: string, token?: string) => {
      const url = path.replaceAll(/\{[^}]+\}/g, '1');
      const headers = { host: '127.0.0.1:8000', ...(token && { authorization: `Bearer ${token}` }) };
      return (await harness.api.app.inject({ method: method as 'GET', url, headers })).statusCode;
    };
    try {
      const docs = await harness.api.app.inject({
        url: '/docs/json',
        headers: { authorization: 'Bearer top' },
      });
      const { paths } = docs.json<{ paths: Record<string, Record<string, unknown>> }>();
      const routes = Object.entries(paths).flatMap(([path, methods]) =>
        Object.keys(methods).map((method) => ({ method: method.toUpperCase(), path })),
      );
      expect(routes.length).toBeGreaterThan(30);
      const changing = routes.filter(({ method }) => method !== 'GET');
      expect(changing.length).toBeGreaterThan(5);
      for (const { method, path } of routes.filter(({ path }) => !path.startsWith('/health')))
        expect(await ask(method, path), `${method} ${path} without a token`).toBe(401);
      // Healing is what a reader may do.
      const healing = ['/api/candles', '/api/candles/batch'];
      for (const { method, path } of changing.filter((route) => !healing.includes(route.path)))
        expect(await ask(method, path, 'look'), `${method} ${path} as a reader`).toBe(403);
    } finally {
      await harness.stop();
    }
  });

  it('counts refusals too, so that a token cannot be found by trying', async () => {
    await as({ token: 'top', rateLimitPerMinute: 3 }, async (status) => {
      const guess = (n: number) => status(READ, { authorization: `Bearer guess-${n}` });
      expect([await guess(1), await guess(2), await guess(3), await guess(4)]).toEqual([401, 401, 401, 429]);
    });
  });

  it('slows down who asks too often, but never health', async () => {
    await as({ rateLimitPerMinute: 3 }, async (status) => {
      const answers = [await status(READ), await status(READ), await status(READ), await status(READ)];
      expect(answers).toEqual([200, 200, 200, 429]);
      expect(await status({ method: 'GET', url: '/health' })).toBe(200);
    });
  });
});
