import { cp, readdir, readFile, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Fault } from './fault.js';
import type { World } from './world.js';

const ENDS_WITHIN_MS = 60_000;

export const serviceFaults: readonly Fault[] = [
  {
    name: 'service kill -9',
    holes: true,
    strike: async (world) => {
      await world.killService();
      await world.pause(0, 2_000);
      world.startService();
    },
  },
  {
    name: 'killed while it starts',
    holes: true,
    strike: async (world) => {
      await world.killService();
      world.startService();
      await world.pause(300, 3_000);
      await world.killService();
      world.startService();
    },
  },
  {
    name: 'killed without database',
    holes: true,
    strike: async (world) => {
      world.proxy.set({ kind: 'cut' });
      await world.pause(500, 4_000);
      await world.killService();
      world.proxy.set({ kind: 'open' });
      world.startService();
    },
  },
  {
    name: 'killed with the database',
    holes: true,
    strike: async (world) => {
      await Promise.all([world.cluster.kill(), world.killService()]);
      await world.cluster.start();
      world.startService();
    },
  },
  {
    name: 'torn record',
    holes: true,
    strike: async (world) => {
      // Its commit is kept from the database, so that the end of the spool is all there is of it.
      world.proxy.set({ kind: 'cut' });
      await world.pause(500, 2_000);
      await world.killService();
      const last = (await segments(world)).at(-1);
      if (last) {
        const { length } = await readFile(last);
        await truncate(last, Math.max(8, length - Math.floor(world.random.between(1, 400))));
      }
      world.kills.pop(); // more is lost than a kill -9 takes
      world.proxy.set({ kind: 'open' });
      world.startService();
    },
  },
  {
    // Between the commit and the deletion of its segment: the segment is there again at the next start.
    name: 'segment comes back',
    holes: true,
    strike: async (world) => {
      world.proxy.set({ kind: 'cut' });
      await world.pause(500, 2_000);
      await world.killService();
      const kept = join(world.folder, 'kept-spool');
      await rm(kept, { recursive: true, force: true });
      await cp(world.spoolDir, kept, { recursive: true });
      world.proxy.set({ kind: 'open' });
      world.startService();
      await world.flowing();
      await world.killService();
      await cp(kept, world.spoolDir, { recursive: true });
      world.startService();
    },
  },
  {
    name: 'service frozen',
    holes: false,
    strike: async (world) => {
      world.service.kill('SIGSTOP');
      await world.pause(500, 5_000);
      world.service.kill('SIGCONT');
    },
  },
  {
    name: 'service restarts',
    holes: true,
    strike: async (world) => {
      const code = await world.service.stop(ENDS_WITHIN_MS);
      if (code !== 0) throw new Error(`It stopped with ${code}.`);
      world.startService();
    },
  },
  {
    name: 'second writer',
    holes: false,
    strike: async (world) => {
      const second = world.newService([], { TICKSCOPE_PORT: '0' });
      const code = await Promise.race([second.exit, sleep(ENDS_WITHIN_MS)]);
      second.kill('SIGKILL');
      if (code !== 2)
        throw new Error(`A second writer was not refused with exit code 2, but ended with ${code}.`);
    },
  },
  {
    name: 'takeover',
    holes: true,
    strike: async (world) => {
      const first = world.service;
      const next = world.newService(['--wait']);
      await world.pause(2_000, 4_000);
      if (world.random.next() < 0.5) await world.killService(first);
      else first.kill('SIGTERM');
      await first.exit;
      world.service = next;
    },
  },
];

/** The spool's files, oldest first. */
async function segments(world: World): Promise<string[]> {
  const names = await readdir(world.spoolDir, { recursive: true });
  return names
    .filter((name) => name.endsWith('.seg'))
    .sort()
    .map((name) => join(world.spoolDir, name));
}
