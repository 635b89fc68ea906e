import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { replayConfig } from '../../src/cli/commands/replay.js';
import { ConfigInvalid, parseConfig, readEnvironment } from '../../src/config/config.js';

const FOLDER = '/srv/tickscope';
const parse = (env: Record<string, string>) => parseConfig(env, FOLDER);
const problemsOf = (env: Record<string, string>): readonly string[] => {
  try {
    parse(env);
  } catch (error) {
    if (error instanceof ConfigInvalid) return error.problems;
    throw error;
  }
  return [];
};

describe('with nothing set', () => {
  const config = parse({});

  test('it is the demo: embedded database, simulator, loopback', () => {
    expect(config.database.url).toBeUndefined();
    expect(config.broker).toBe('simulator');
    expect(config.http).toMatchObject({ host: '127.0.0.1', port: 8000, token: undefined });
    expect(config.dataDir).toBe('/srv/tickscope/.tickscope');
    expect(config.instruments).toEqual([]);
    expect(config.feedMode).toBe('full');
    expect(config.batch).toEqual({ maxTicks: 1000, maxDelayMs: 50 });
    expect(config.warnings).toEqual([]);
  });

  test('ticks are kept 7 days, candles for ever', () => {
    expect(config.retention).toEqual({
      ticksDays: 7,
      depthDays: 7,
      candlesDays: { '1m': 0, '5m': 0, '15m': 0, '1h': 0, '1d': 0 },
      compressTicksAfterDays: 1,
      compressDepthAfterDays: 1,
    });
  });

  test('it is frozen through and through', () => {
    expect(Object.isFrozen(config)).toBe(true);
    expect(Object.isFrozen(config.http)).toBe(true);
    expect(Object.isFrozen(config.retention.candlesDays)).toBe(true);
  });
});

describe('the broker', () => {
  test('is kite as soon as there is an API key', () => {
    const config = parse({ KITE_API_KEY: 'abc' });
    expect(config.broker).toBe('kite');
    expect(config.heal).toMatchObject({ settleSeconds: 120, daySettleMinutes: 120 });
    expect(config.kite.tokenFile).toBe('/srv/tickscope/.tickscope/kite-token');
  });

  test('settles at once when it is simulated, unless told otherwise', () => {
    expect(parse({}).heal).toMatchObject({ settleSeconds: 2, daySettleMinutes: 0 });
    expect(parse({ BROKER_SETTLE_SECONDS: '0' }).heal.settleSeconds).toBe(0);
  });

  test.each([
    ['fyers', 'BROKER: fyers is not built yet; use kite or simulator.'],
    ['zerodha', 'BROKER: "zerodha" is none of simulator, kite, fyers.'],
  ])('%s is refused with a sentence', (name, sentence) => {
    expect(problemsOf({ BROKER: name })).toEqual([sentence]);
  });

  test('kite without a key is refused', () => {
    expect(problemsOf({ BROKER: 'kite' })).toEqual([expect.stringContaining('KITE_API_KEY')]);
  });

  test('never takes history from one place and ticks from another', () => {
    expect(problemsOf({ KITE_API_KEY: 'a', KITE_API_URL: 'http://127.0.0.1:8010' })).toHaveLength(1);
    expect(problemsOf({ KITE_API_KEY: 'a', KITE_TICKER_URL: 'ws://127.0.0.1:8010' })).toHaveLength(1);
    expect(problemsOf({ KITE_TICKER_URL: 'ws://127.0.0.1:8010' })).toHaveLength(1);
    expect(parse({ KITE_API_URL: 'http://127.0.0.1:8010/' }).kite).toMatchObject({
      apiUrl: 'http://127.0.0.1:8010',
      tickerUrl: 'ws://127.0.0.1:8010',
    });
  });

  test('fyers stands behind the broker when it is asked to, with its app id and one token', () => {
    const live = { KITE_API_KEY: 'a', BACKUP_BROKER: 'fyers', FYERS_APP_ID: 'b-100' };
    expect(parse(live).fyers).toEqual({
      appId: 'b-100',
      accessToken: undefined,
      tokenFile: '/srv/tickscope/.tickscope/fyers-token',
      apiUrl: undefined,
    });
    expect(parse({}).fyers).toBeUndefined();
    expect(problemsOf({ ...live, FYERS_APP_ID: '' })).toEqual([expect.stringContaining('FYERS_APP_ID')]);
    expect(problemsOf({ ...live, BACKUP_BROKER: 'upstox' })).toEqual([expect.stringContaining('"upstox"')]);
    expect(problemsOf({ ...live, FYERS_ACCESS_TOKEN: 'c', FYERS_TOKEN_FILE: 'd' })).toEqual([
      expect.stringContaining('FYERS_ACCESS_TOKEN'),
    ]);
  });

  test('real history never fills holes of simulated data, nor the other way round', () => {
    const fyers = { BACKUP_BROKER: 'fyers', FYERS_APP_ID: 'b-100' };
    const simulated = 'http://127.0.0.1:8010/fyers/data';
    expect(problemsOf(fyers)).toEqual([expect.stringContaining('BACKUP_BROKER')]);
    expect(problemsOf({ ...fyers, KITE_API_KEY: 'a', FYERS_API_URL: simulated })).toEqual([
      expect.stringContaining('FYERS_API_URL'),
    ]);
    expect(parse({ ...fyers, FYERS_API_URL: simulated }).fyers?.apiUrl).toBe(simulated);
    const live = parse({ ...fyers, KITE_API_KEY: 'a' });
    expect(live.fyers?.apiUrl).toBeUndefined();
    expect(replayConfig(live)).toMatchObject({ broker: 'simulator', fyers: undefined });
  });

  test('takes its access token from one place', () => {
    const both = { KITE_API_KEY: 'a', KITE_ACCESS_TOKEN: 'b', KITE_TOKEN_FILE: 'c' };
    expect(problemsOf(both)).toEqual([expect.stringContaining('KITE_ACCESS_TOKEN')]);
    expect(parse({ KITE_API_KEY: 'a', KITE_TOKEN_FILE: 'secrets/token' }).kite.tokenFile).toBe(
      '/srv/tickscope/secrets/token',
    );
  });
});

describe('listening', () => {
  test.each(['0.0.0.0', '::', '192.168.1.4', 'tickscope.example'])('on %s needs a token', (host) => {
    expect(problemsOf({ TICKSCOPE_HOST: host })).toEqual([expect.stringContaining('TICKSCOPE_TOKEN')]);
    expect(problemsOf({ TICKSCOPE_HOST: host, TICKSCOPE_TOKEN: 'secret' })).toEqual([]);
    expect(problemsOf({ TICKSCOPE_HOST: host, TICKSCOPE_READ_TOKEN: 'secret' })).toHaveLength(1);
  });

  test.each(['127.0.0.1', '127.1.2.3', '::1', 'localhost'])('on %s needs none', (host) => {
    expect(problemsOf({ TICKSCOPE_HOST: host })).toEqual([]);
  });

  test('readers cannot be given the token that may do everything', () => {
    expect(problemsOf({ TICKSCOPE_TOKEN: 'same', TICKSCOPE_READ_TOKEN: 'same' })).toHaveLength(1);
  });

  test('a token must survive a WebSocket header', () => {
    expect(problemsOf({ TICKSCOPE_TOKEN: 'two words' })).toHaveLength(1);
  });

  test('web origins are origins', () => {
    expect(parse({ CORS_ORIGINS: 'http://127.0.0.1:3000, https://a.example' }).http.corsOrigins).toEqual([
      'http://127.0.0.1:3000',
      'https://a.example',
    ]);
    expect(problemsOf({ CORS_ORIGINS: '*' })).toHaveLength(1);
    expect(problemsOf({ CORS_ORIGINS: 'http://a.example/path' })).toHaveLength(1);
  });
});

describe('numbers and words', () => {
  test.each([
    ['TICKSCOPE_PORT', '65536'],
    ['TICKSCOPE_PORT', '80a'],
    ['TICKSCOPE_PORT', '-1'],
    ['TICKSCOPE_PORT', '1e3'],
    ['BATCH_MAX_TICKS', '0'],
    ['BATCH_MAX_TICKS', '10.5'],
    ['BATCH_MAX_DELAY_MS', 'NaN'],
    ['DB_POOL_MAX', '1'],
    ['RETENTION_TICKS_DAYS', '-7'],
    ['VIX_LOW_BELOW', 'low'],
    ['FEED_MODE', 'fastest'],
    ['LOG_LEVEL', 'verbose'],
    ['RETENTION', 'none'],
    ['DATABASE_URL', 'mysql://127.0.0.1/x'],
    ['DATABASE_URL', 'postgres://user:p[ss@127.0.0.1:port/x'],
    ['KITE_TICKER_URL', 'http://127.0.0.1'],
  ])('%s=%s is refused, naming the variable', (name, value) => {
    const problems = problemsOf({ KITE_API_URL: 'http://127.0.0.1:1', [name]: value });
    expect(problems).toEqual([expect.stringMatching(new RegExp(`^${name}: `))]);
  });

  test('empty means unset', () => {
    expect(parse({ TICKSCOPE_PORT: ' ', DATABASE_URL: '' }).http.port).toBe(8000);
  });

  test('RETENTION=lean shortens candles, and an age that is set wins', () => {
    const lean = parse({ RETENTION: 'lean', RETENTION_CANDLES_5M_DAYS: '0' }).retention.candlesDays;
    expect(lean).toEqual({ '1m': 30, '5m': 0, '15m': 183, '1h': 365, '1d': 0 });
  });

  test('volatility regimes are in order', () => {
    expect(problemsOf({ VIX_LOW_BELOW: '25' })).toEqual([expect.stringContaining('VIX_HIGH_FROM')]);
  });

  test('a list of instruments is trimmed, without duplicates', () => {
    expect(parse({ INSTRUMENTS: 'NSE:INFY, 256265,,NSE:INFY , NSE:M&M' }).instruments).toEqual([
      'NSE:INFY',
      '256265',
      'NSE:M&M',
    ]);
    expect(problemsOf({ INSTRUMENTS: "NSE:INFY,'; drop table ticks" })).toHaveLength(1);
  });
});

test('one message lists every problem', () => {
  const problems = problemsOf({
    TICKSCOPE_PORT: 'x',
    BROKER: 'fyers',
    TICKSCOPE_HOST: '0.0.0.0',
    LOG_LEVEL: 'loud',
    CORS_ORIGINS: '*',
  });
  expect(problems.map((problem) => problem.split(':')[0]).sort()).toEqual([
    'BROKER',
    'CORS_ORIGINS',
    'LOG_LEVEL',
    'TICKSCOPE_PORT',
    'TICKSCOPE_TOKEN',
  ]);
  const error = new ConfigInvalid(problems);
  for (const problem of problems) expect(error.message).toContain(problem);
});

test('secrets are in no message', () => {
  const problems = problemsOf({
    DATABASE_URL: 'mysql://user:hunter2@127.0.0.1/x',
    KITE_API_KEY: 'topsecret',
    TICKSCOPE_TOKEN: 'spaces in hunter3',
    KITE_API_URL: 'http://127.0.0.1:1',
  });
  expect(problems).toHaveLength(3);
  expect(problems.join()).not.toMatch(/hunter|topsecret/);
});

test('a .env file is read, the environment wins over it', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tickscope-config-'));
  try {
    writeFileSync(join(folder, '.env'), 'TICKSCOPE_PORT=8100\nLOG_LEVEL=warn # quiet\n');
    const config = parseConfig(readEnvironment({ LOG_LEVEL: 'error' }, folder), folder);
    expect(config.http.port).toBe(8100);
    expect(config.logLevel).toBe('error');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
