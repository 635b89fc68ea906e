import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.js';
import { emptyFolder, run, Tickscope } from './process.js';

const KEYS = { apiKey: 'the-key', accessToken: 'token-of-today', apiSecret: 'the-secret' };

let simulator: Simulator;
let folder: Awaited<ReturnType<typeof emptyFolder>>;
let service: Tickscope;
let env: Record<string, string>;

beforeAll(async () => {
  folder = await emptyFolder();
  simulator = await startSimulator({ port: 0, calendar: 'nonstop', instruments: 60, rate: 200, ...KEYS });
  env = {
    KITE_API_KEY: KEYS.apiKey,
    KITE_API_SECRET: KEYS.apiSecret,
    KITE_API_URL: simulator.url,
    KITE_TICKER_URL: simulator.wsUrl,
    TICKSCOPE_PORT: '0',
  };
  service = new Tickscope(['serve'], folder.path, env);
});
afterAll(async () => {
  service.child.kill('SIGTERM');
  await service.exit;
  await simulator.stop();
  await folder.remove();
});

/** Where it listens: the port was free to choose. */
const url = () => /^open\s+(http:\S+)/m.exec(service.stdout)?.[1] ?? 'http://127.0.0.1:1';
const health = async () => (await fetch(`${url()}/health/ready`)).status;

test('without a token it stays up, says that a login is needed, and belongs to the simulator although the broker is called kite', async () => {
  await expect.poll(() => service.stdout, { timeout: 60_000 }).toContain('A login is needed');
  expect(service.stdout).toContain('SIMULATED data (simulator:1)');
  expect((await fetch(`${url()}/health`)).status).toBe(200);
  expect(await health()).toBe(503);
}, 180_000);

test('a wrong token is refused with a sentence that does not repeat it', async () => {
  const { code, stderr } = await run(['login', '--access-token', 'token-of-yesterday'], folder.path, env);
  expect(code).toBe(1);
  expect(stderr).toContain('does not accept the access token');
  expect(stderr).not.toContain('token-of-yesterday');
}, 180_000);

test('after a login it takes the token without a restart and records', async () => {
  const { code, stdout } = await run(
    ['login', '--access-token', KEYS.accessToken, '--json'],
    folder.path,
    env,
  );
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toHaveProperty('userId');
  await expect.poll(health, { timeout: 30_000 }).toBe(200);
  const quote = async () => await (await fetch(`${url()}/api/quote?instrument=NSE:NIFTY%2050`)).text();
  await expect.poll(quote, { timeout: 30_000 }).toMatch(/"lastPrice":\d/);
}, 180_000);

test('a connection that was refused for a while comes back with a login that gives the same token', async () => {
  const fault = (kind: string, seconds?: number) =>
    fetch(`${simulator.url}/simulator/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind, seconds }),
    });
  await fault('reject403', 600);
  await fault('drop');
  const warnings = async () => await (await fetch(`${url()}/api/status`)).text();
  await expect.poll(warnings, { timeout: 30_000 }).toMatch(/"warnings":\["The access token is not accepted/);
  await fetch(`${simulator.url}/simulator/faults`, { method: 'DELETE' });
  expect(await health()).toBe(503);
  const { code } = await run(['login', '--access-token', KEYS.accessToken], folder.path, env);
  expect(code).toBe(0);
  await expect.poll(health, { timeout: 30_000 }).toBe(200);
}, 180_000);

test('no secret is in what it printed or logged', () => {
  for (const secret of Object.values(KEYS)) expect(service.output).not.toContain(secret);
});
