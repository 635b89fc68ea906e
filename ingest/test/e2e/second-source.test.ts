import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.js';
import { emptyFolder, freePort, run, Tickscope } from './process.js';

/* Kite gives no history. Fyers does, once it has a token. */

const KEYS = { apiKey: 'the-key', accessToken: 'token-of-today', apiSecret: 'the-secret' };

interface Repair {
  readonly kind: string;
  readonly status: string;
  readonly source: string | null;
  readonly instrumentsLeft: number;
}

let simulator: Simulator;
let folder: Awaited<ReturnType<typeof emptyFolder>>;
let env: Record<string, string>;
let service: Tickscope;
let port: number;
const url = (path: string) => `http://127.0.0.1:${port}${path}`;
const get = async <T>(path: string) => (await (await fetch(url(path))).json()) as T;
const fault = (body: object) =>
  fetch(`${simulator.url}/simulator/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
const warnings = async () => (await get<{ warnings?: string[] }>('/api/status')).warnings?.join(' ') ?? '';
const repairs = async () =>
  (await get<{ repairs?: Repair[] }>('/api/gaps?limit=100')).repairs?.filter(
    ({ kind }) => kind === 'connection',
  );

beforeAll(async () => {
  folder = await emptyFolder();
  port = await freePort();
  simulator = await startSimulator({ port: 0, calendar: 'nonstop', instruments: 60, rate: 100, ...KEYS });
  env = {
    KITE_API_KEY: KEYS.apiKey,
    KITE_ACCESS_TOKEN: KEYS.accessToken,
    KITE_API_URL: simulator.url,
    KITE_TICKER_URL: simulator.wsUrl,
    BACKUP_BROKER: 'fyers',
    FYERS_APP_ID: 'ABCD-100',
    FYERS_TOKEN_FILE: 'fyers-token',
    FYERS_API_URL: `${simulator.url}/fyers/data`,
    BROKER_SETTLE_SECONDS: '2',
    TICKSCOPE_PORT: String(port),
  };
  service = new Tickscope(['serve'], folder.path, env);
  await service.ready(url('/health/ready'), 120_000);
}, 180_000);
afterAll(async () => {
  await service.stop();
  await simulator.stop();
  await folder.remove();
}, 180_000);

test('it is said what the second source needs', async () => {
  expect(await warnings()).toContain('Fyers needs a new access token');
  const { stdout } = await run(['doctor', '--json'], folder.path, env);
  expect(stdout).toContain('token file of Fyers');
}, 180_000);

test('what the first does not give comes from the second, as soon as it has a token', async () => {
  await expect
    .poll(async () => (await get<{ quotes?: unknown[] }>('/api/quote?instrument=NSE:INFY')).quotes?.length, {
      timeout: 60_000,
    })
    .toBe(1);
  await new Promise((resolve) => setTimeout(resolve, 5_000));
  await fault({ kind: 'drop', seconds: 6 });
  await fault({ kind: 'emptyHistory' });
  await expect.poll(repairs, { timeout: 60_000 }).toHaveLength(1);

  const file = join(folder.path, 'fyers-token');
  await writeFile(file, 'token-of-fyers');
  await chmod(file, 0o600);
  await expect.poll(warnings, { timeout: 30_000 }).not.toContain('Fyers');
  await expect
    .poll(repairs, { timeout: 170_000 })
    .toMatchObject([{ status: 'RECOVERED', source: 'BACKUP_SOURCE', instrumentsLeft: 0 }]);
}, 300_000);
