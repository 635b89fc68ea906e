import { chmod, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.js';
import { onPlainPostgres } from '../fixtures/databases.js';
import { emptyFolder, run, Tickscope } from './process.js';

/*
 * Everything that can go wrong with the broker and the API is made to go wrong under LOG_LEVEL=trace, and all that was
 * written, logged, answered, counted or stored is searched for every credential that was in play.
 */

const SECRETS = {
  apiKey: 'kKey7Qx2mZp4',
  apiSecret: 'sSecret9Rt5nLw3',
  accessToken: 'aToken1Vb8cHy6',
  requestToken: 'rRequest3Df7gJk',
  wrongToken: 'wWrong5Ty2uIo9',
  token: 'tAdmin4Er6tYu8',
  readToken: 'tReader2Sd9fGh1',
  fyersAppId: 'fApp5Lk8jHg2-100',
  fyersToken: 'fToken6Mn4bVc7',
};

const server = onPlainPostgres();
let simulator: Simulator;
let folder: Awaited<ReturnType<typeof emptyFolder>>;
let service: Tickscope;
let env: Record<string, string>;
let databasePassword: string;
/** All that anybody was told. */
let told = '';

beforeAll(async () => {
  folder = await emptyFolder();
  const db = await server.open();
  databasePassword = new URL(db.url).password;
  const { apiKey, apiSecret, accessToken } = SECRETS;
  simulator = await startSimulator({
    port: 0,
    calendar: 'nonstop',
    instruments: 60,
    rate: 200,
    apiKey,
    apiSecret,
    accessToken,
  });
  env = {
    DATABASE_URL: db.url,
    KITE_API_KEY: apiKey,
    KITE_API_SECRET: apiSecret,
    KITE_API_URL: simulator.url,
    KITE_TICKER_URL: simulator.wsUrl,
    TICKSCOPE_PORT: '0',
    TICKSCOPE_TOKEN: SECRETS.token,
    TICKSCOPE_READ_TOKEN: SECRETS.readToken,
    BACKUP_BROKER: 'fyers',
    FYERS_APP_ID: SECRETS.fyersAppId,
    FYERS_ACCESS_TOKEN: SECRETS.fyersToken,
    FYERS_API_URL: `${simulator.url}/fyers/data`,
    LOG_LEVEL: 'trace',
  };
  service = new Tickscope(['serve'], folder.path, env);
});
afterAll(async () => {
  await service.kill();
  await simulator.stop();
  await folder.remove();
});

const url = () => /^open\s+(http:\S+)/m.exec(service.stdout)?.[1] ?? 'http://127.0.0.1:1';

async function ask(path: string, options: RequestInit = {}): Promise<number> {
  const answer = await fetch(`${url()}${path}`, {
    ...options,
    headers: {
      authorization: `Bearer ${SECRETS.token}`,
      'content-type': 'application/json',
      ...options.headers,
    },
  });
  told += `${JSON.stringify([...answer.headers])}\n${await answer.text()}\n`;
  return answer.status;
}

const post = (path: string, body: unknown, headers = {}) =>
  ask(path, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers });

async function fault(kind: string, seconds: number): Promise<void> {
  await fetch(`${simulator.url}/simulator/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ kind, seconds }),
  });
}

const noFaults = () => fetch(`${simulator.url}/simulator/faults`, { method: 'DELETE' });

async function command(...args: string[]): Promise<number | NodeJS.Signals> {
  const { code, stdout, stderr } = await run(args, folder.path, env);
  told += `${stdout}\n${stderr}\n`;
  return code;
}

/** Opens the stream and says how that ended. */
function stream(protocols: string[], headers = {}): Promise<string> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`${url().replace('http', 'ws')}/api/stream`, protocols, { headers });
    socket.once('open', () => {
      told += socket.protocol;
      socket.close();
      resolve('open');
    });
    socket.once('unexpected-response', (_request, response) => {
      told += JSON.stringify(response.headers);
      response.on('data', (text: Buffer) => {
        told += text.toString();
      });
      response.once('end', () => resolve(String(response.statusCode)));
    });
    socket.once('error', () => undefined);
  });
}

test('no credential is in anything that is written, logged, answered, counted or stored, whatever goes wrong', async () => {
  await expect.poll(() => service.stdout, { timeout: 120_000 }).toContain('A login is needed');
  expect(await ask('/health/feed')).toBeLessThan(600);

  // Logins that are refused, by HTTP and by command; bodies that are broken after the secret.
  expect(await post('/api/session', { access_token: SECRETS.wrongToken })).toBe(403);
  expect(await post('/api/session', { request_token: SECRETS.requestToken, access_token: 'x' })).toBe(400);
  expect(await post('/api/session', { access_token: `${SECRETS.wrongToken} !` })).toBe(400);
  expect(await post('/api/session', `{"access_token":"${SECRETS.wrongToken}"`)).toBe(400);
  expect(await command('login', '--access-token', SECRETS.wrongToken)).toBe(1);
  await fault('http500', 60);
  expect(await post('/api/session', { access_token: SECRETS.accessToken })).toBe(502);
  await noFaults();
  expect(await post('/api/session', { request_token: SECRETS.requestToken })).toBe(200);
  await expect.poll(() => ask('/health/ready'), { timeout: 30_000 }).toBe(200);

  const candles = '/api/candles?instrument=NSE:NIFTY%2050&interval=1m';
  await expect.poll(() => ask(candles), { timeout: 30_000 }).toBe(200);

  // The feed refused and cut off, the broker angry, the database thrown out.
  await fault('reject403', 60);
  await fault('drop', 1);
  await expect.poll(() => ask('/health/ready'), { timeout: 20_000 }).toBe(503);
  expect(await ask(candles)).toBe(200);
  await noFaults();
  expect(await post('/api/session', { access_token: SECRETS.accessToken })).toBe(200);
  await fault('rate429', 1);
  await ask('/api/candles?instrument=NSE:NIFTY%20BANK&interval=1m&wait_ms=500');
  const db = await server.open({ migrated: false });
  await db.pool.query(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'tickscope%' and pid <> pg_backend_pid()`,
  );
  await ask('/health/db');

  // Tokens that are wrong, and right ones that the answer could repeat.
  expect(await ask('/api/status', { headers: { authorization: `Bearer ${SECRETS.wrongToken}` } })).toBe(401);
  const asReader = { headers: { authorization: `Bearer ${SECRETS.readToken}` } };
  expect(await post('/api/session', { access_token: SECRETS.accessToken }, asReader.headers)).toBe(403);
  for (const path of ['/api/status', '/health', '/health/db', '/health/feed', '/docs/json', '/'])
    await ask(path, asReader);
  expect(await stream(['tickscope.v1', SECRETS.wrongToken])).toBe('401');
  expect(await stream(['tickscope.v1', SECRETS.readToken])).toBe('open');
  expect(await stream(['tickscope.v1', SECRETS.readToken], { origin: 'https://evil.example' })).toBe('403');
  expect(await ask('/metrics', asReader)).toBe(200);
  await command('doctor', '--json');
  await command('backup', 'saved');
  await command('serve');

  service.child.kill('SIGTERM');
  expect(await service.exit, service.output).toBe(0);
  told += service.output;
  expect(service.output).toContain('"level":20'); // there was something to search: debug lines
  for (const [name, secret] of Object.entries({ ...SECRETS, databasePassword }))
    expect(
      told.split('\n').filter((line) => line.includes(secret)),
      name,
    ).toEqual([]);

  // On disk there is one place for a credential, and that is the owner's alone.
  const holding: string[] = [];
  for (const entry of await readdir(folder.path, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const content = await readFile(path, 'latin1');
    if (Object.values(SECRETS).some((secret) => content.includes(secret))) holding.push(path);
  }
  expect(holding).toEqual([join(folder.path, '.tickscope', 'kite-token')]);
  expect((await stat(holding[0]!)).mode & 0o777).toBe(0o600);
}, 300_000);

test('a token file that others may read is not used, and doctor says what to do', async () => {
  const file = join(folder.path, '.tickscope', 'kite-token');
  await mkdir(join(folder.path, '.tickscope'), { recursive: true });
  await writeFile(file, SECRETS.accessToken);
  await chmod(file, 0o644);
  const { code, stdout } = await run(['doctor'], folder.path, env);
  expect(code).toBe(1);
  expect(stdout).toMatch(/FAIL {2}token file: [^\n]*mode 644[^\n]*\n +chmod 600/);
}, 180_000);
