import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';
import type { ExchangeFault, World } from './world.js';

/*
 * What the broker's REST side does while holes wait to be healed: a hole is made, and candles are asked for. Whatever the
 * broker answers, what is called complete afterwards must be what was traded.
 */

/** Faults that go on while others strike, so that the minutes under them end. */
const LASTING_SECONDS = 45;
const ASKED = 5;

export const brokerFaults: readonly Fault[] = [
  healing('broker 429', () => ({ kind: 'rate429', seconds: 5 })),
  healing('broker 500', () => ({ kind: 'http500', seconds: 5 })),
  healing('broker timeout', () => ({ kind: 'slow', seconds: 5, latencyMs: 12_000 })),
  healing('partial last candle', () => ({ kind: 'partialLastCandle', seconds: LASTING_SECONDS })),
  healing('empty history', () => ({ kind: 'emptyHistory', seconds: LASTING_SECONDS })),
  {
    name: 'broker 403',
    holes: true,
    strike: async (world) => {
      await world.exchange({ kind: 'reject403', seconds: 4 });
      await world.exchange({ kind: 'drop' });
      await sleep(5_000);
      // A dead token does not come back to life: somebody logs in.
      const response = await fetch(world.url('/api/session'), {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ access_token: `simulated-${Date.now()}` }),
      });
      if (!response.ok) throw new Error(`The login was refused: ${response.status} ${await response.text()}`);
    },
  },
];

function healing(name: string, request: () => ExchangeFault): Fault {
  return {
    name,
    holes: true,
    strike: async (world) => {
      await world.exchange({ kind: 'drop' });
      await world.exchange(request());
      await world.pause(500, 1_500);
      await askForCandles(world);
      await world.pause(1_000, 3_000);
    },
  };
}

/** As somebody who looks at the last minutes does. The answer may be anything but an error. */
async function askForCandles(world: World): Promise<void> {
  const { instruments } = await world.get<{ instruments: Array<{ token: number }> }>(
    '/api/instruments?limit=50',
  );
  const from = Date.now() - 5 * 60_000;
  for (let i = 0; i < ASKED; i++) {
    const { token } = world.random.pick(instruments);
    await world.get(`/api/candles?instrument=${token}&interval=1m&from=${from}&to=${Date.now()}&wait_ms=500`);
  }
}
