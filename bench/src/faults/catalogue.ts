import { setTimeout as sleep } from 'node:timers/promises';
import type { World } from './world.js';

/** One thing that goes wrong. When `strike` resolves it is over; the suite then waits until ticks flow again. */
export interface Fault {
  readonly name: string;
  /** True when the feed is not heard for a while, so that minutes lie in holes. */
  readonly holes: boolean;
  strike(world: World): Promise<void>;
}

const seconds = (ms: number) => ms / 1000;

export const FAULTS: readonly Fault[] = [
  {
    name: 'nothing',
    holes: false,
    strike: (world) => world.pause(2_000, 4_000),
  },
  {
    name: 'feed drop',
    holes: true,
    strike: async (world) => {
      const lasting = world.random.between(0, 3_000);
      await world.exchange({ kind: 'drop', ...(lasting > 500 ? { seconds: seconds(lasting) } : {}) });
      await sleep(lasting);
    },
  },
  {
    name: 'database kill -9',
    holes: false,
    strike: async (world) => {
      await world.cluster.kill();
      await world.pause(0, 4_000);
      await world.cluster.start();
    },
  },
  {
    name: 'database away',
    holes: false,
    strike: async (world) => {
      world.proxy.set({ kind: 'cut' });
      await world.pause(500, 6_000);
      world.proxy.set({ kind: 'open' });
    },
  },
  {
    name: 'service kill -9',
    holes: true,
    strike: async (world) => {
      await world.killService();
      await world.pause(0, 2_000);
      world.startService();
    },
  },
];
