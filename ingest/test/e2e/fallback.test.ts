import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { emptyFolder, freePort, Tickscope } from './process.js';

/* The socket stays away, the broker's REST does not: what somebody looks at goes on by quotes, and is no data. */

let folder: Awaited<ReturnType<typeof emptyFolder>>;
let port: number;
let service: Tickscope;
const url = (path: string) => `http://127.0.0.1:${port}${path}`;
const get = async <T>(path: string) => (await (await fetch(url(path))).json()) as T;
interface Quote {
  readonly source: string;
  readonly time: string;
  readonly lastPrice: number;
  readonly bid: { price: number | null };
}
const quote = async () => (await get<{ quotes: Quote[] }>('/api/quote?instrument=NSE:INFY')).quotes[0]!;
const newestTick = async () =>
  (await get<{ ticks: Array<{ seq: number }> }>('/api/ticks?instrument=NSE:INFY&limit=1')).ticks[0]?.seq;
const faults = (body: object) => {
  const simulator = /simulator at (http:\/\/127\.0\.0\.1:\d+)/.exec(service.output)![1]!;
  return fetch(`${simulator}/simulator/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
};

beforeAll(async () => {
  folder = await emptyFolder();
  port = await freePort();
  service = new Tickscope(['serve'], folder.path, {
    TICKSCOPE_PORT: String(port),
    SIMULATOR_INSTRUMENTS: '60',
    SIMULATOR_RATE: '100',
    FALLBACK_AFTER_SECONDS: '2',
  });
  await service.ready(url('/health/ready'), 120_000);
}, 180_000);
afterAll(async () => {
  await service.stop();
  await folder.remove();
}, 180_000);

test('what somebody looks at is quoted by REST while the feed is away, marked, and stored nowhere', async () => {
  await expect.poll(async () => (await quote()).source, { timeout: 20_000 }).toBe('feed');
  const stream = new WebSocket(`ws://127.0.0.1:${port}/api/stream`);
  const streamed: string[] = [];
  stream.on('message', (data) => {
    const message = JSON.parse(String(data)) as { type: string; data?: { source?: string } };
    if (message.type === 'tick') streamed.push(String(message.data?.source));
  });
  stream.once('open', () => stream.send('{"type":"subscribe","symbols":["NSE:INFY"]}'));
  await expect.poll(() => streamed.at(-1), { timeout: 20_000 }).toBe('feed');

  await faults({ kind: 'drop', seconds: 30 });
  await expect.poll(async () => (await quote()).source, { timeout: 20_000 }).toBe('quote');
  await expect.poll(() => streamed.at(-1), { timeout: 20_000 }).toBe('quote');
  const first = await quote();
  expect(first.bid.price).toBeNull();
  const health = await get<{ status: string; fallback: { active: boolean } }>('/health/feed');
  expect(health).toMatchObject({ status: 'down', fallback: { active: true, problem: null } });
  const anotherThan = ({ time }: Quote) =>
    expect.poll(async () => (await quote()).time, { timeout: 20_000 }).not.toBe(time);
  await anotherThan(first);
  // What came before the drop is committed.
  await expect
    .poll(async () => (await fetch(url('/metrics'))).text(), { timeout: 60_000 })
    .toMatch(/^tickscope_queue_ticks 0$/m);
  const ticksUntil = await newestTick();
  const second = await quote();
  await anotherThan(second);
  expect(second.source).toBe('quote');
  expect(await newestTick()).toBe(ticksUntil);

  await expect.poll(async () => (await quote()).source, { timeout: 60_000 }).toBe('feed');
  await expect.poll(newestTick, { timeout: 20_000 }).not.toBe(ticksUntil);
  await expect.poll(() => streamed.at(-1), { timeout: 20_000 }).toBe('feed');
  await expect
    .poll(async () => (await get<{ fallback: { active: boolean } }>('/health/feed')).fallback.active)
    .toBe(false);
  // The outage is a hole like any other.
  await expect
    .poll(
      async () =>
        (await get<{ repairs: Array<{ cause: string }> }>('/api/gaps?limit=50')).repairs.map(
          ({ cause }) => cause,
        ),
      { timeout: 20_000 },
    )
    .toContain('disconnect');
  stream.close();
}, 180_000);
