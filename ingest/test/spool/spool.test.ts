import { copyFile, mkdtemp, open, readdir, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import pino from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Spool, SpoolFull } from '../../src/spool/spool.js';

const log = pino({ level: 'silent' });
let dir: string;
const opened: Spool[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tickscope-spool-'));
});
afterEach(async () => {
  for (const spool of opened.splice(0)) await spool.close();
  await rm(dir, { recursive: true, force: true });
});

async function openSpool(options: { maxBytes?: number; segmentBytes?: number; dir?: string } = {}) {
  const spool = await Spool.open({ dir, maxBytes: 1e9, fsyncMs: 1_000, log, ...options });
  opened.push(spool);
  return spool;
}

const payload = (id: number, bytes = 40) => Buffer.alloc(bytes, `record ${id} `);

async function filled(from: number, to: number, options: { segmentBytes?: number } = {}) {
  const spool = await openSpool(options);
  for (let id = from; id <= to; id++) await spool.append(id, payload(id));
  return spool;
}

const segments = async () => (await readdir(dir)).filter((name) => name.endsWith('.seg')).sort();

test('what was appended is there after a restart, in order and byte for byte', async () => {
  const before = await filled(7, 30, { segmentBytes: 200 });
  expect((await segments()).length).toBeGreaterThan(3);
  await before.close();
  const spool = await openSpool();
  expect(spool.ids).toEqual(Array.from({ length: 24 }, (_, i) => i + 7));
  for (const id of spool.ids) expect(await spool.read(id)).toEqual(payload(id));
  await spool.append(31, payload(31));
  expect(await spool.read(31)).toEqual(payload(31));
});

test('a process that died without closing loses nothing that was appended', async () => {
  await filled(1, 5);
  const spool = await openSpool();
  expect(spool.ids).toEqual([1, 2, 3, 4, 5]);
});

describe('a segment that was cut at any byte', () => {
  test('keeps every record that is whole, and goes on', async () => {
    await (await filled(1, 4)).close();
    const [name] = await segments();
    const whole = join(dir, name!);
    const size = (await stat(whole)).size;
    const kept = join(dir, 'kept');
    await copyFile(whole, kept);
    for (let bytes = 0; bytes <= size; bytes++) {
      await copyFile(kept, whole);
      await truncate(whole, bytes);
      const spool = await Spool.open({ dir, maxBytes: 1e9, fsyncMs: 1_000, log });
      const records = Math.max(0, Math.floor((bytes - 8) / 56));
      expect(spool.ids, `${bytes} bytes`).toEqual([1, 2, 3, 4].slice(0, records));
      for (const id of spool.ids) expect(await spool.read(id)).toEqual(payload(id));
      await spool.append(records + 1, payload(99));
      expect(await spool.read(records + 1)).toEqual(payload(99));
      await spool.close();
      for (const each of await segments()) await rm(join(dir, each));
    }
  });

  test('and one that ends in zeros, as a power cut leaves it, does too', async () => {
    await (await filled(1, 4)).close();
    const path = join(dir, (await segments())[0]!);
    await writeFile(path, Buffer.concat([await readFile(path), Buffer.alloc(500)]));
    expect((await openSpool()).ids).toEqual([1, 2, 3, 4]);
  });
});

test('a flipped byte anywhere never gives a wrong record', async () => {
  await (await filled(1, 12, { segmentBytes: 200 })).close();
  const names = await segments();
  const originals = new Map(
    await Promise.all(names.map(async (name) => [name, await readFile(join(dir, name))] as const)),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.nat(names.length - 1),
      fc.nat(1_000),
      fc.integer({ min: 1, max: 255 }),
      async (s, at, flip) => {
        for (const name of await readdir(dir)) await rm(join(dir, name));
        for (const [name, bytes] of originals) await writeFile(join(dir, name), bytes);
        const bytes = Buffer.from(originals.get(names[s]!)!);
        bytes[at % bytes.length]! ^= flip;
        await writeFile(join(dir, names[s]!), bytes);
        const spool = await Spool.open({ dir, maxBytes: 1e9, fsyncMs: 1_000, log });
        // A prefix of what was there: nothing after the damage, nothing damaged.
        expect(spool.ids).toEqual(Array.from({ length: spool.ids.length }, (_, i) => i + 1));
        for (const id of spool.ids) expect(await spool.read(id)).toEqual(payload(id));
        await spool.close();
      },
    ),
    { numRuns: 60 },
  );
});

test('a damaged segment in the middle is set aside with all that follows, and kept for people to look at', async () => {
  await (await filled(1, 12, { segmentBytes: 200 })).close();
  const names = await segments();
  const file = await open(join(dir, names[1]!), 'r+');
  await file.write(Buffer.from([1, 2, 3]), 0, 3, 30);
  await file.close();
  const spool = await openSpool();
  expect(spool.ids).toEqual([1, 2, 3, 4]);
  expect((await readdir(dir)).filter((name) => name.endsWith('.damaged'))).toHaveLength(names.length - 1);
});

test('trimming deletes only segments that hold nothing later', async () => {
  const spool = await filled(1, 12, { segmentBytes: 200 });
  await spool.trim(5);
  expect(spool.ids[0]).toBe(5);
  expect(await spool.read(6)).toEqual(payload(6));
  await spool.trim(12);
  expect(spool.ids).toEqual([]);
  expect(await segments()).toEqual([]);
  await spool.append(13, payload(13));
  expect(spool.ids).toEqual([13]);
});

test('a segment that was deleted although its record was not committed yet cannot be mistaken for another', async () => {
  await (await filled(1, 12, { segmentBytes: 200 })).close();
  await rm(join(dir, (await segments())[0]!));
  const spool = await openSpool();
  expect(spool.ids[0]).toBe(5);
  await expect(spool.read(3)).rejects.toThrow('no record 3');
});

test('a spool that is full refuses the newest and keeps what it has', async () => {
  const spool = await openSpool({ maxBytes: 500, segmentBytes: 120 });
  let last = 0;
  await expect(
    (async () => {
      for (;;) {
        await spool.append(last + 1, payload(last + 1));
        last++;
      }
    })(),
  ).rejects.toThrow(SpoolFull);
  expect(spool.bytes).toBeLessThanOrEqual(500);
  expect(spool.ids.at(-1)).toBe(last);
  await spool.trim(last - 2);
  await spool.append(last + 1, payload(last + 1));
  expect(await spool.read(last + 1)).toEqual(payload(last + 1));
});

test('records that went to the database without the spool leave no trace in it', async () => {
  const spool = await filled(1, 3);
  await spool.append(9, payload(9));
  expect(spool.ids).toEqual([1, 2, 3, 9]);
  await spool.close();
  expect((await openSpool()).ids).toEqual([1, 2, 3, 9]);
});

test('what is set aside is neither read again nor lost', async () => {
  const spool = await filled(1, 3);
  await spool.setAside('of a database that was restored');
  expect(spool.ids).toEqual([]);
  await spool.append(4, payload(4));
  await spool.close();
  expect((await openSpool()).ids).toEqual([4]);
  expect((await readdir(dir)).filter((name) => name.endsWith('.damaged'))).toHaveLength(1);
});

test('what is appended is on the disk itself within the interval, by one sync for all that came in it', async () => {
  const probe = await open(join(dir, 'probe'), 'w');
  const datasync = vi.spyOn(Object.getPrototypeOf(probe), 'datasync');
  await probe.close();
  try {
    const spool = await Spool.open({ dir, maxBytes: 1e9, fsyncMs: 300, log });
    expect(datasync).not.toHaveBeenCalled();
    await Promise.all([1, 2, 3].map((id) => spool.append(id, payload(id))));
    await expect.poll(() => datasync.mock.calls.length).toBe(1);
    await spool.append(4, payload(4));
    await expect.poll(() => datasync.mock.calls.length).toBe(2);
    await spool.close();
  } finally {
    datasync.mockRestore();
  }
});
