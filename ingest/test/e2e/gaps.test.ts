import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { emptyFolder, freePort, Tickscope } from './process.js';

/*
 * Holes as a desk meets them: the real service on the bundled simulator, whose feed is cut and whose process is killed.
 * Nobody asks for a candle; what was lost comes back by itself.
 */

const READY_WITHIN_MS = 120_000;
/** A hole waits for its minute to end, two seconds for the broker, and its turn. */
const REPAIRED_WITHIN_MS = 150_000;

interface Repair {
  readonly id: number;
  readonly kind: string;
  readonly cause: string;
  readonly status: string;
  readonly source: string | null;
  readonly instruments: number;
  readonly instrumentsLeft: number;
  readonly from: string;
  readonly to: string | null;
}

describe('a hole', () => {
  let folder: Awaited<ReturnType<typeof emptyFolder>>;
  let port: number;
  let service: Tickscope;
  const url = (path: string) => `http://127.0.0.1:${port}${path}`;
  const start = async () => {
    service = new Tickscope(['serve'], folder.path, {
      TICKSCOPE_PORT: String(port),
      SIMULATOR_INSTRUMENTS: '60',
      SIMULATOR_RATE: '100',
    });
    await service.ready(url('/health/ready'), READY_WITHIN_MS);
  };
  const simulator = () => /simulator at (http:\/\/127\.0\.0\.1:\d+)/.exec(service.output)![1]!;
  const get = async <T>(path: string) => (await (await fetch(url(path))).json()) as T;
  const repairs = async (): Promise<Repair[]> =>
    (await get<{ repairs: Repair[] }>('/api/gaps?limit=100')).repairs;
  const holeOf = async (cause: string) =>
    (await repairs()).filter((row) => row.kind === 'connection' && row.cause === cause);
  const metric = async (name: string) => {
    const text = await (await fetch(url('/metrics'))).text();
    return Number(new RegExp(`^${name.replace(/[{}]/g, '\\$&')} (.+)$`, 'm').exec(text)?.[1]);
  };
  /** Until the feed has been heard for a while: what comes then is lost by somebody who listened. */
  const heard = () =>
    expect
      .poll(
        async () =>
          (await get<{ feeds?: Array<{ connected: boolean }> }>('/health/feed')).feeds?.[0]?.connected ??
          false,
        {
          timeout: READY_WITHIN_MS,
        },
      )
      .toBe(true)
      .then(() => new Promise((resolve) => setTimeout(resolve, 8_000)));

  beforeAll(async () => {
    folder = await emptyFolder();
    port = await freePort();
    await start();
  }, 180_000);
  afterAll(async () => {
    await service.stop();
    await folder.remove();
  }, 180_000);

  test('of a cut feed is one row, and repaired by itself', async () => {
    await heard();
    await fetch(`${simulator()}/simulator/faults`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ kind: 'drop', seconds: 6 }),
    });
    await expect.poll(() => holeOf('disconnect'), { timeout: 60_000 }).toHaveLength(1);
    const [hole] = await holeOf('disconnect');
    expect(hole!.instruments).toBeGreaterThan(20);
    await expect
      .poll(async () => (await holeOf('disconnect')).map(({ status }) => status), {
        timeout: REPAIRED_WITHIN_MS,
      })
      .toEqual(['RECOVERED']);
    const after = await get<{ repair: Repair; lacking: unknown[] }>(`/api/gaps/${hole!.id}`);
    expect(after.repair).toMatchObject({ id: hole!.id, instrumentsLeft: 0, source: 'HISTORICAL_API' });
    expect(after.lacking).toEqual([]);
    // Coverage says the same: nothing is missing where the row was.
    const { from, to } = after.repair;
    const { gaps } = await get<{ gaps: unknown[] }>(`/api/gaps?from=${from}&to=${to}`);
    expect(gaps).toEqual([]);
    expect(await metric('tickscope_gap_rows{status="PENDING"}')).toBe(0);
    expect(await metric('tickscope_repairs_total{result="healed"}')).toBeGreaterThan(0);

    const retry = (id: number) => fetch(url(`/api/gaps/${id}/retry`), { method: 'POST' });
    expect((await retry(hole!.id)).status).toBe(409);
    expect((await retry(987_654)).status).toBe(404);
  }, 240_000);

  test('that spans a kill -9 is found at the next start, and repaired too', async () => {
    await heard();
    service.child.kill('SIGKILL');
    await service.exit;
    await start();
    await heard();
    await expect.poll(() => holeOf('restart'), { timeout: 60_000 }).toHaveLength(1);
    expect((await holeOf('disconnect')).map(({ status }) => status)).toEqual(['RECOVERED']);
    await expect
      .poll(async () => (await holeOf('restart')).map(({ status }) => status), {
        timeout: REPAIRED_WITHIN_MS,
      })
      .toEqual(['RECOVERED']);
  }, 300_000);
});
