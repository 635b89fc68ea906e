import { chmod, lstat, mkdtemp, readlink, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import { startEmbeddedPostgres } from '../../src/db/embedded.js';
import { barredFolder, reachableBinaries } from '../../src/db/embedded-reach.js';
import { quiet } from '../fixtures/databases.js';

const asRoot = process.getuid?.() === 0;
const nobody = { uid: 65_534, gid: 65_534 };
const folders: string[] = [];

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true });
});

async function privateFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'tickscope-private-'));
  folders.push(folder);
  return folder;
}

describe('the way to the embedded PostgreSQL', () => {
  it('is barred by a folder that only its owner may enter', async () => {
    const folder = await privateFolder();
    expect(await barredFolder(path.join(folder, 'x'), nobody)).toBe(folder);
    await chmod(folder, 0o711);
    expect(await barredFolder(path.join(folder, 'x'), nobody)).toBeUndefined();
  });

  it('leaves binaries alone that everybody can reach', async () => {
    const binaries = { postgres: '/usr/bin/env', initdb: '/usr/bin/env', pgCtl: '/usr/bin/env' };
    expect(await reachableBinaries(binaries, nobody, quiet)).toBe(binaries);
  });

  // Only root runs the server as somebody else, so only root can meet the barrier.
  it.runIf(asRoot)('leads around a private folder, and to the same data after a restart', async () => {
    const dir = path.join(await privateFolder(), 'simulator:1', 'postgres');
    const query = async (url: string, sql: string) => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      try {
        return (await client.query(sql)).rows;
      } finally {
        await client.end();
      }
    };
    const first = await startEmbeddedPostgres({ dir, log: quiet });
    await query(first.url, 'create table kept as select 42 as answer');
    await first.stop();
    expect((await lstat(dir)).isSymbolicLink()).toBe(true);
    folders.push(await readlink(dir));

    const second = await startEmbeddedPostgres({ dir, log: quiet });
    expect(await query(second.url, 'select answer from kept')).toEqual([{ answer: 42 }]);
    await second.stop();
  });
});
