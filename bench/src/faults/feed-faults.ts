import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';

/*
 * What happens to the feed. Silence that the service cannot know of is not among these: a connection on which nothing
 * comes for less than 5 s without heartbeats, or 10 s with them, is one on which nothing was traded (README).
 */

export const feedFaults: readonly Fault[] = [
  {
    name: 'feed drop',
    holes: true,
    strike: async (world) => {
      const refusingMs = world.random.between(0, 3_000);
      await world.exchange({ kind: 'drop', ...(refusingMs > 500 ? { seconds: refusingMs / 1000 } : {}) });
      await sleep(refusingMs);
    },
  },
  {
    name: 'feed reset',
    holes: true,
    strike: async (world) => {
      world.feedProxy.set({ kind: 'cut' });
      await world.pause(0, 2_000);
      world.feedProxy.set({ kind: 'open' });
    },
  },
  {
    // A volume lump and stale snapshots come after it: nothing of some instruments until the feed is back.
    name: 'volume lump after a hole',
    holes: true,
    strike: async (world) => {
      const hiddenSeconds = world.random.between(2, 5);
      await world.exchange({ kind: 'drop', seconds: hiddenSeconds + 0.5 });
      await world.exchange({ kind: 'volumeLump', seconds: hiddenSeconds });
      await sleep(hiddenSeconds * 1000 + 500);
    },
  },
  {
    name: 'feed flapping',
    holes: true,
    strike: async (world) => {
      const until = performance.now() + world.random.between(2_000, 4_000);
      while (performance.now() < until) {
        await world.exchange({ kind: 'drop' });
        await sleep(300);
      }
    },
  },
  {
    name: 'feed stall',
    holes: true,
    strike: async (world) => {
      const lasting = world.random.between(6_000, 9_000);
      await world.exchange({ kind: 'stall', seconds: lasting / 1000 });
      await sleep(lasting);
    },
  },
  {
    name: 'network stall',
    holes: false,
    strike: async (world) => {
      // Nothing is lost: it comes late, all at once.
      world.feedProxy.set({ kind: 'silent' });
      await world.pause(500, 4_500);
      world.feedProxy.set({ kind: 'open' });
    },
  },
  {
    name: 'heartbeats only',
    holes: true,
    strike: async (world) => {
      const lasting = world.random.between(12_000, 15_000);
      await world.exchange({ kind: 'heartbeatOnly', seconds: lasting / 1000 });
      await sleep(lasting);
    },
  },
  {
    name: 'market-wide halt',
    holes: true,
    strike: async (world) => {
      const lasting = world.random.between(12_000, 18_000);
      await world.exchange({ kind: 'halt', seconds: lasting / 1000 });
      await sleep(lasting);
    },
  },
  {
    name: 'corrupt frame',
    holes: true,
    strike: async (world) => {
      const kind = world.random.pick(['corruptFrame', 'truncatedFrame'] as const);
      await world.exchange({ kind, count: 1 + Math.floor(world.random.between(0, 3)) });
      await world.pause(300, 1_500);
    },
  },
  {
    name: 'unknown packets',
    holes: false,
    strike: async (world) => {
      await world.exchange({ kind: 'unknownPacket', count: 10 });
      await world.pause(300, 1_500);
    },
  },
  {
    name: 'duplicates',
    holes: false,
    strike: async (world) => {
      await world.exchange({ kind: 'duplicate', count: 100 });
      await world.pause(1_000, 2_000);
    },
  },
  {
    name: 'late ticks',
    holes: false,
    strike: async (world) => {
      const lateSeconds = world.random.between(0.5, 8);
      await world.exchange({ kind: 'lateTick', count: 10, seconds: lateSeconds });
      await sleep(lateSeconds * 1000 + 1_000);
    },
  },
  {
    name: 'clock skew',
    holes: false,
    strike: async (world) => {
      const skewMs = Math.round(world.random.between(500, 20_000)) * world.random.pick([-1, 1]);
      const lasting = world.random.between(2_000, 5_000);
      await world.exchange({ kind: 'clockSkew', skewMs, seconds: lasting / 1000 });
      await sleep(lasting);
    },
  },
];
