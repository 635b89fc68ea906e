import type { Fault } from './fault.js';
import type { World } from './world.js';

const needsDisk = (world: World) =>
  world.disks ? undefined : 'a disk of its own cannot be mounted (needs Linux and root)';

export const databaseFaults: readonly Fault[] = [
  {
    name: 'database stop',
    holes: false,
    strike: async (world) => {
      await world.cluster.stop();
      await world.pause(500, 5_000);
      await world.cluster.start();
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
    name: 'database restarts',
    holes: false,
    strike: async (world) => {
      for (let i = 0; i < 2; i++) {
        await world.cluster.stop();
        await world.cluster.start();
        await world.pause(100, 800);
      }
    },
  },
  {
    name: 'database cut off',
    holes: false,
    strike: async (world) => {
      world.proxy.set({ kind: 'cut' });
      await world.pause(500, 6_000);
      world.proxy.set({ kind: 'open' });
    },
  },
  {
    name: 'database silent',
    holes: false,
    strike: async (world) => {
      world.proxy.set({ kind: 'silent' });
      await world.pause(500, 6_000);
      // Some networks deliver what they held, some never do.
      if (world.random.next() < 0.5) world.proxy.set({ kind: 'cut' });
      world.proxy.set({ kind: 'open' });
    },
  },
  {
    name: 'database slow',
    holes: false,
    strike: async (world) => {
      const delayMs = world.random.between(20, 400);
      world.proxy.set({ kind: 'slow', delayMs, bytesPerSecond: world.random.between(20_000, 200_000) });
      await world.pause(3_000, 8_000);
      world.proxy.set({ kind: 'open' });
    },
  },
  {
    name: 'sessions ended',
    holes: false,
    strike: async (world) => {
      for (let i = 0; i < 5; i++) {
        await world.cluster.endSessions();
        await world.pause(100, 700);
      }
    },
  },
  {
    name: 'connection limit',
    holes: false,
    strike: async (world) => {
      await world.cluster.query('alter role tickscope_app connection limit 0');
      await world.cluster.endSessions();
      await world.pause(500, 5_000);
      await world.cluster.query('alter role tickscope_app connection limit -1');
    },
  },
  {
    name: 'database read-only',
    holes: false,
    strike: async (world) => {
      const set = (value: string) =>
        world.cluster.query(
          `alter database ${world.cluster.database} set default_transaction_read_only = ${value}`,
        );
      await set('on');
      await world.cluster.endSessions();
      await world.pause(500, 5_000);
      await world.cluster.asAdmin('postgres', (admin) =>
        admin.query(`alter database ${world.cluster.database} reset default_transaction_read_only`),
      );
      await world.cluster.endSessions();
    },
  },
  {
    name: 'database disk full',
    holes: false,
    missing: needsDisk,
    strike: async (world) => {
      await world.disks!.database.fill();
      await world.pause(2_000, 6_000);
      await world.disks!.database.empty();
      // Without room for its log PostgreSQL gives up; whoever runs it starts it again.
      await world.cluster.start();
    },
  },
  {
    name: 'spool disk full',
    holes: false,
    missing: needsDisk,
    strike: async (world) => {
      await world.disks!.spool.fill();
      if (world.random.next() < 0.5) world.proxy.set({ kind: 'cut' });
      await world.pause(1_000, 5_000);
      world.proxy.set({ kind: 'open' });
      await world.pause(0, 1_000);
      await world.disks!.spool.empty();
    },
  },
];
