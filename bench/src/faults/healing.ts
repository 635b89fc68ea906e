import type { World } from './world.js';

const BATCH = 100;
const HEALED_WITHIN_MS = 30_000;

/** Asks for every minute of every instrument, as somebody who looks at all of it does, until the broker has answered. */
export async function heal(world: World, from: number, interval = '1m'): Promise<void> {
  const { instruments } = await world.get<{ instruments: Array<{ token: number }> }>(
    '/api/instruments?limit=1000',
  );
  const tokens = instruments.map(({ token }) => String(token));
  for (let at = 0; at < tokens.length; at += BATCH) {
    const response = await fetch(world.url('/api/candles/batch'), {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        instruments: tokens.slice(at, at + BATCH),
        interval,
        from,
        to: Date.now(),
        wait_ms: HEALED_WITHIN_MS,
      }),
    });
    if (!response.ok)
      throw new Error(`The candles were not given: ${response.status} ${await response.text()}`);
    await response.arrayBuffer();
  }
}
