import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { Spool } from '../../src/spool/spool.js';
import { at, INFY, NIFTY } from '../batch/market.js';
import { eachDatabase, quiet } from '../fixtures/databases.js';
import { coverage, FEED, pipelineOn, ticks } from './writing.js';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tickscope-spooled-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

/** A database whose writer's connection can be kept from opening. */
function gated(db: Database) {
  const gate = {
    away: false,
    connect: async (name: string) => {
      if (gate.away && name === 'tickscope ticks') throw new Error('connection refused');
      return db.connect(name);
    },
    /** Ends the writer's connection as a restart of the server does. */
    async leave() {
      gate.away = true;
      await db.pool.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'tickscope ticks'`,
      );
    },
  };
  return gate;
}

const spools = (options: { maxBytes?: number; segmentBytes?: number } = {}) => ({
  openSpool: (id: string) =>
    Spool.open({ dir: join(dir, id), maxBytes: 1e9, fsyncMs: 50, log: quiet, ...options }),
});

const second = (s: number) => at('10:00') + s * 1000;

function hear(p: ReturnType<typeof pipelineOn>, from: number, to: number) {
  for (let s = from; s <= to; s++) {
    p.hear(second(s), { traded: second(s), volume: s }, { token: NIFTY, sent: second(s), ltp: 100 + s });
  }
}

/** Waits until everything received is in the spool. */
async function spooled(p: ReturnType<typeof pipelineOn>, flushes = 1) {
  await expect
    .poll(async () => {
      const files = await readdir(dir, { recursive: true });
      return p.pipeline.stats().inSpool >= flushes && files.some((name) => name.endsWith('.seg'));
    })
    .toBe(true);
}

async function storedSeqs(db: Database) {
  const { rows } = await db.pool.query(
    'select count(*)::int as n, count(distinct seq)::int as m from tick_data',
  );
  expect(rows[0].n).toBe(rows[0].m);
  return rows[0].n as number;
}

eachDatabase((server) => {
  describe('a process that is killed while the database is away', () => {
    it('hands over everything that it had put into the spool, once, and what it covered', async () => {
      const db = await server.open();
      const gate = gated(db);
      const before = pipelineOn(gate, at('10:00'), {}, [], spools());
      await before.pipeline.start();
      before.pipeline.sink.connected(FEED, at('10:00'), [INFY, NIFTY]);
      hear(before, 1, 5);
      await before.committed();
      await gate.leave();
      hear(before, 6, 20);
      await spooled(before);
      const heard = await ticks(db);
      expect(heard.length).toBeLessThanOrEqual(12);

      // Killed: nothing is stopped, its files are as they are.
      const after = pipelineOn(db, at('10:05'), {}, [], spools());
      await after.pipeline.start();
      const stored = await ticks(db);
      expect(stored).toHaveLength(40);
      expect(await storedSeqs(db)).toBe(40);
      expect(stored.reduce((sum, t) => sum + (t.delta ?? 0) + (t.unplaced ?? 0), 0)).toBe(20);
      const [row] = await coverage(db);
      expect(row).toMatchObject({ cause: 'restart' });
      expect(row!.to).toBeGreaterThanOrEqual(second(17));
      expect(row!.to).toBeLessThanOrEqual(second(20));
      expect(after.pipeline.latest(INFY)).toMatchObject({ volume: 20 });
      await after.pipeline.stop();
      before.pipeline.sink.disconnected(FEED, second(21), 'restart');
      gate.away = false;
      await before.pipeline.stop();
    });

    it('stores nothing twice when it died between the commit and the trimming of the spool', async () => {
      const db = await server.open();
      const before = pipelineOn(db, at('10:00'), {}, [], spools());
      await before.pipeline.start();
      before.pipeline.sink.connected(FEED, at('10:00'), [INFY, NIFTY]);
      const copies = join(dir, 'copies');
      hear(before, 1, 5);
      await before.committed();
      const [id] = (await readdir(dir)).filter((name) => name !== 'copies');
      // The active segment still holds what is committed.
      await cp(join(dir, id!), copies, { recursive: true });
      before.pipeline.sink.disconnected(FEED, second(6), 'restart');
      await before.pipeline.stop();
      expect((await readdir(copies)).length).toBe(1);
      await rm(join(dir, id!), { recursive: true });
      await cp(copies, join(dir, id!), { recursive: true });
      const after = pipelineOn(db, at('10:05'), {}, [], spools());
      await after.pipeline.start();
      expect(await storedSeqs(db)).toBe(10);
      await after.pipeline.stop();
    });
  });

  it('drains in order after the database was away for longer than memory holds, while ticks go on', async () => {
    const db = await server.open();
    const gate = gated(db);
    const p = pipelineOn(
      gate,
      at('10:00'),
      { batchTicks: 8, queueTicks: 64, heldBytes: 20_000 },
      [],
      spools({ segmentBytes: 4_000 }),
    );
    await p.pipeline.start();
    p.pipeline.sink.connected(FEED, at('10:00'), [INFY, NIFTY]);
    hear(p, 1, 3);
    await p.committed();
    await gate.leave();
    for (let s = 4; s <= 200; s++) {
      hear(p, s, s);
      if (s % 10 === 0) await spooled(p, s / 10);
    }
    expect(p.pipeline.stats()).toMatchObject({ dropped: 0, healthy: false });
    // A disk that fails once is read again.
    const read = vi.spyOn(Spool.prototype, 'read').mockRejectedValueOnce(new Error('EIO: i/o error, read'));
    gate.away = false;
    hear(p, 201, 210);
    await p.committed();
    expect(read.mock.calls.length).toBeGreaterThan(1);
    read.mockRestore();
    expect(await storedSeqs(db)).toBe(420);
    const stored = await ticks(db);
    expect(stored.filter((t) => t.token === INFY && t.trade).map((t) => t.delta)).toEqual(
      Array.from({ length: 209 }, () => 1),
    );
    p.pipeline.sink.disconnected(FEED, second(211), 'restart');
    expect(await p.pipeline.stop()).toBe(0);
    expect((await coverage(db)).map(({ cause }) => cause)).toEqual(['restart']);
    expect(
      (await readdir(dir, { recursive: true })).filter((name) => name.endsWith('.seg')).length,
    ).toBeLessThanOrEqual(1);
  });

  it('leaves to the next start what a stop could not commit, and says that nothing is lost', async () => {
    const db = await server.open();
    const gate = gated(db);
    const p = pipelineOn(gate, at('10:00'), { stopWithinMs: 200 }, [], spools());
    await p.pipeline.start();
    gate.away = true;
    p.pipeline.sink.connected(FEED, at('10:00'), [INFY, NIFTY]);
    hear(p, 1, 8);
    p.pipeline.sink.disconnected(FEED, second(9), 'restart');
    expect(await p.pipeline.stop()).toBe(0);
    expect(await ticks(db)).toEqual([]);
    const again = pipelineOn(db, at('10:01'), {}, [], spools());
    await again.pipeline.start();
    expect(await ticks(db)).toHaveLength(16);
    expect((await coverage(db)).map(({ cause }) => cause)).toEqual(['restart']);
    await again.pipeline.stop();
  });

  it('holds in memory what a full spool does not take, and drops and says so beyond that', async () => {
    const db = await server.open();
    const gate = gated(db);
    const p = pipelineOn(
      gate,
      at('10:00'),
      { batchTicks: 4, queueTicks: 16, heldBytes: 20_000 },
      [],
      spools({ maxBytes: 30_000, segmentBytes: 8_000 }),
    );
    await p.pipeline.start();
    p.pipeline.sink.connected(FEED, at('10:00'), [INFY, NIFTY]);
    hear(p, 1, 3);
    await p.committed();
    await gate.leave();
    for (let s = 4; s <= 400; s++) {
      hear(p, s, s);
      if (s % 5 === 0) await new Promise((resolve) => setTimeout(resolve, 3));
    }
    expect(p.pipeline.stats().dropped).toBeGreaterThan(0);
    gate.away = false;
    await p.committed();
    for (let s = 401; s <= 420; s++) {
      hear(p, s, s);
      await p.committed();
    }
    const { dropped } = p.pipeline.stats();
    p.pipeline.sink.disconnected(FEED, second(421), 'disconnect');
    expect(await p.pipeline.stop()).toBe(0);
    expect(await storedSeqs(db)).toBe(840 - dropped);
    const rows = await coverage(db);
    expect(rows.map(({ cause }) => cause)).toEqual([...rows.slice(1).map(() => 'overload'), 'disconnect']);
    expect(rows.length).toBeGreaterThan(1);
  });

  it('is not brought into a database that was restored to before the spool began', async () => {
    const db = await server.open();
    const gate = gated(db);
    const before = pipelineOn(gate, at('10:00'), { stopWithinMs: 100 }, [], spools());
    await before.pipeline.start();
    before.pipeline.sink.connected(FEED, at('10:00'), [INFY, NIFTY]);
    hear(before, 1, 4);
    await before.committed();
    await gate.leave();
    hear(before, 5, 8);
    await spooled(before);
    before.pipeline.sink.disconnected(FEED, second(9), 'restart');
    await before.pipeline.stop();
    await db.pool.query('update writer_state set last_batch_id = last_batch_id - 3');
    const rows = await ticks(db);
    // The segment still holds the committed flushes: those that are missing are brought in, none twice.
    await rm(join(dir, (await readdir(dir))[0]!), { recursive: true });
    const other = pipelineOn(db, at('10:01'), {}, [], {
      openSpool: async (id) => {
        const spool = await Spool.open({ dir: join(dir, id), maxBytes: 1e9, fsyncMs: 50, log: quiet });
        await spool.append(1_000, Buffer.from('of another past'));
        return spool;
      },
    });
    await other.pipeline.start();
    expect(await ticks(db)).toEqual(rows);
    await other.pipeline.stop();
    const left = await readdir(dir, { recursive: true });
    expect(left.filter((name) => name.endsWith('.damaged'))).toHaveLength(1);
  });

  it('refuses the commits of a writer that another has followed', async () => {
    const db = await server.open();
    const old = pipelineOn(db, at('10:00'));
    await old.pipeline.start();
    old.pipeline.sink.connected(FEED, at('10:00'), [INFY, NIFTY]);
    hear(old, 1, 3);
    await old.committed();
    const next = pipelineOn(db, at('10:01'));
    await next.pipeline.start();
    const stored = await ticks(db);
    hear(old, 4, 8);
    expect((await old.pipeline.failed).message).toMatch(/Another Tickscope/);
    expect(await ticks(db)).toEqual(stored);
    await next.pipeline.stop();
    old.pipeline.sink.disconnected(FEED, second(9), 'restart');
    expect(await old.pipeline.stop()).toBeGreaterThan(0);
  });

  it('commits nothing before the writer’s place is ours again', async () => {
    const db = await server.open();
    let release: () => void = () => undefined;
    let held = Promise.resolve();
    const p = pipelineOn(db, at('10:00'), {}, [], { mayWrite: () => held });
    await p.pipeline.start();
    p.pipeline.sink.connected(FEED, at('10:00'), [INFY, NIFTY]);
    hear(p, 1, 3);
    await p.committed();
    held = new Promise((resolve) => {
      release = resolve;
    });
    hear(p, 4, 6);
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(await ticks(db)).toHaveLength(6);
    release();
    await p.committed();
    expect(await ticks(db)).toHaveLength(12);
    p.pipeline.sink.disconnected(FEED, second(9), 'restart');
    await p.pipeline.stop();
  });
});
