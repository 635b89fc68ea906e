import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { CoverageException, CoverageRow, TruthChanges } from '../../src/batch/truth.js';
import { FEED, type Heard, listening } from './listening.js';
import { at, INFY, NIFTY, packet, TCS } from './market.js';

/*
 * A small world: what truly traded is known, a feed tells of it with faults, and whatever is claimed at any flush must
 * hold for what is committed by then, as if the process died right there: each minute that is claimed of an instrument
 * has exactly the true open, high, low, close and volume.
 */

const SECOND = 1000;
const MINUTE = 60_000;
const LENGTH_MS = 6 * MINUTE;
const STOCKS = [INFY, TCS];
const WAY_MS = 20;
/** Twelve seconds before them to the open and close. */
const EDGES = [at('09:14:48'), at('15:29:48')];

interface Trade {
  token: number;
  /** Exchange time. */
  ms: number;
  price: number;
  volume: number;
}

const trade = fc.record({
  stock: fc.nat(1),
  ms: fc.nat(LENGTH_MS),
  price: fc.nat(9),
  volume: fc.integer({ min: 1, max: 5 }),
});
/** Longer than ten seconds: a shorter silence on a living TCP connection loses nothing. */
const stall = fc.record({
  kind: fc.constant('stall' as const),
  from: fc.nat(LENGTH_MS),
  ms: fc.integer({ min: 12_000, max: 60_000 }),
});
const loss = fc.record({
  kind: fc.constant('lost' as const),
  from: fc.nat(LENGTH_MS),
  ms: fc.integer({ min: 10, max: 70_000 }),
  /** When each instrument's snapshot comes after the connection is back. */
  delays: fc.tuple(fc.nat(6000), fc.nat(6000), fc.nat(1500)),
});
const world = fc.record({
  start: fc.constantFrom(at('09:14:30'), at('10:00:20'), at('15:26')),
  trades: fc.array(trade, { maxLength: 120 }),
  faults: fc.array(fc.oneof(loss, stall), { maxLength: 4 }),
  skew: fc.constantFrom(0, 2500, -2500),
  flushEvery: fc.constantFrom(100, 700, 5000),
  queueTicks: fc.constantFrom(100_000, 16),
});
type World = typeof world extends fc.Arbitrary<infer T> ? T : never;

interface Moment {
  at: number;
  order: number;
  act: () => void;
}

function play(w: World, check: (claims: Claims, ticks: Heard[], trades: Trade[]) => void): Claims {
  const ear = listening({ start: w.start, queueTicks: w.queueTicks, batchTicks: 8 });
  const end = w.start + LENGTH_MS;
  const trades: Trade[] = w.trades
    .map((t) => ({ token: STOCKS[t.stock]!, ms: w.start + t.ms, price: 150_000 + t.price, volume: t.volume }))
    .concat(indexTrades(w.start, end))
    .sort((a, b) => a.ms - b.ms);
  const faults = w.faults
    .map((f) => ({ ...f, from: w.start + f.from, to: w.start + f.from + f.ms }))
    .sort((a, b) => a.from - b.from)
    // Of silence across an open or close less than ten seconds may lie in session: by the rules that is none.
    .filter((f) => f.kind === 'lost' || EDGES.every((edge) => f.to < edge || f.from > edge + 12 * SECOND))
    // One after another, with some calm between.
    .filter((f, i, all) => all.slice(0, i).every((g) => f.from > g.to + 8000));
  const tokens = [...STOCKS, NIFTY];
  const moments: Moment[] = [];
  let order = 0;
  const plan = (exchange: number, act: (local: number) => void) => {
    const local = exchange + w.skew + WAY_MS;
    moments.push({ at: local, order: order++, act: () => act(local) });
  };
  /** Since when each instrument is told of on the present connection. */
  const toldFrom = new Map<number, number>();
  const packetOf = (token: number, ms: number) => {
    const past = trades.filter((t) => t.token === token && t.ms <= ms);
    const lastTrade = past.at(-1);
    const second =
      (lastTrade?.ms ?? w.start - 86_400_000) - ((lastTrade?.ms ?? w.start - 86_400_000) % SECOND);
    return packet({
      token,
      ltp: lastTrade?.price ?? 150_000,
      traded: second,
      sent: token === NIFTY ? second : Math.max(second, ms - (ms % SECOND)),
      volume: lastTrade ? past.reduce((sum, t) => sum + t.volume, 0) : 77,
    });
  };
  const isDown = (ms: number) => faults.some((f) => ms >= f.from && ms < f.to);
  const connect = (ms: number, delays: readonly number[]) => {
    plan(ms, (local) => ear.connect(local, tokens));
    for (const [i, token] of tokens.entries()) {
      const from = ms + delays[i]!;
      toldFrom.set(token, from);
      plan(from, (local) => {
        if (!isDown(from)) ear.hear(local, packetOf(token, from));
      });
    }
  };

  connect(w.start, [0, 0, 0]);
  let next = 0;
  const reconnects = faults.filter((f) => f.kind === 'lost');
  const told = new Map<number, Array<{ from: number; start: number }>>();
  for (const token of tokens) told.set(token, [{ from: w.start, start: w.start }]);
  for (const f of reconnects) {
    plan(f.from, (local) => {
      ear.clock.ms = local;
      ear.pipeline.disconnected(FEED, local, 'disconnect');
    });
    if (f.to < end) {
      connect(f.to, f.delays);
      for (const [i, token] of tokens.entries())
        told.get(token)!.push({ from: f.to, start: f.to + f.delays[i]! });
    }
  }
  for (; next < trades.length; next++) {
    const t = trades[next]!;
    if (isDown(t.ms)) continue;
    const connection = told
      .get(t.token)!
      .filter((c) => c.from <= t.ms)
      .at(-1)!;
    // Before its snapshot an instrument is not told of.
    if (t.ms <= connection.start) continue;
    plan(t.ms, (local) => ear.hear(local, packetOfTrade(trades, t)));
  }
  for (let ms = w.start; ms < end + 10 * SECOND; ms += SECOND) {
    plan(ms, (local) => {
      if (!faults.some((f) => f.kind === 'lost' && ms >= f.from && ms < f.to))
        ear.pipeline.alive(FEED, local);
    });
  }
  const claims = new Claims();
  const ticks: Heard[] = [];
  for (let ms = w.start; ms < end + 10 * SECOND; ms += w.flushEvery) {
    plan(ms, (local) => {
      const taken = ear.take(local);
      ticks.push(...taken.ticks);
      claims.add(taken.truth);
      check(claims, ticks, trades);
    });
  }
  moments.sort((a, b) => a.at - b.at || a.order - b.order);
  for (const moment of moments) moment.act();
  return claims;
}

function packetOfTrade(trades: readonly Trade[], t: Trade): Buffer {
  const upTo = trades.slice(0, trades.indexOf(t) + 1).filter((other) => other.token === t.token);
  const second = t.ms - (t.ms % SECOND);
  return packet({
    token: t.token,
    ltp: t.price,
    traded: second,
    sent: second,
    volume: upTo.reduce((sum, other) => sum + other.volume, 0),
  });
}

function indexTrades(from: number, to: number): Trade[] {
  const values: Trade[] = [];
  for (let ms = from - (from % SECOND) + SECOND + 300; ms < to; ms += SECOND) {
    values.push({ token: NIFTY, ms, price: 2_500_000 + ((ms / SECOND) % 7), volume: 0 });
  }
  return values.map((v) => ({ ...v, price: Math.floor(v.price) }));
}

/** The tables of coverage as the flushes left them. */
class Claims {
  readonly rows = new Map<string, CoverageRow>();
  readonly exceptions: CoverageException[] = [];
  readonly proven: Array<{ token: number; from: number; to: number }> = [];
  /** Since when each instrument is carried; nothing is released in this world. */
  readonly assigned = new Map<number, number>();

  add(truth: TruthChanges): void {
    for (const [key, row] of truth.coverage) this.rows.set(key, row);
    this.exceptions.push(...truth.exceptions);
    for (const { token, from, to } of truth.exceptionEnds) {
      const i = this.exceptions.findIndex((e) => e.token === token && e.to === Infinity && e.from === from);
      if (i >= 0) this.exceptions[i] = { ...this.exceptions[i]!, to };
    }
    this.proven.push(...truth.provenEmpty);
    for (const { token, at: since } of truth.assignments) this.assigned.set(token, since);
  }

  /** Whether every 250 ms of `[from, to)` is claimed: every edge of this world's claims is caught by that or errs low. */
  covers(token: number, from: number, to: number): boolean {
    for (let ms = from; ms < to; ms += 250) {
      if (!this.#knows(token, ms) || !this.#knows(token, ms + 249)) return false;
    }
    return true;
  }

  #knows(token: number, ms: number): boolean {
    const within = (s: { from: number; to: number }) => ms >= s.from && ms < s.to;
    if (this.proven.some((p) => p.token === token && within(p))) return true;
    if (ms < (this.assigned.get(token) ?? Number.POSITIVE_INFINITY)) return false;
    if (this.exceptions.some((e) => e.token === token && within(e))) return false;
    return [...this.rows.values()].some(within);
  }
}

function candle(rows: ReadonlyArray<{ price: number; high: number; low: number; volume: number }>) {
  if (rows.length === 0) return null;
  return {
    open: rows[0]!.price,
    high: Math.max(...rows.map((r) => r.high)),
    low: Math.min(...rows.map((r) => r.low)),
    close: rows.at(-1)!.price,
  };
}

function minuteIsTrue(
  token: number,
  minute: number,
  ticks: readonly Heard[],
  trades: readonly Trade[],
): void {
  const inMinute = (ms: number) => ms >= minute && ms < minute + MINUTE;
  const heard = ticks.filter((t) => t.token === token && t.open && inMinute(t.time));
  const traded = heard.filter((t) => t.trade).sort((a, b) => a.time - b.time || a.seq - b.seq);
  const truth = trades.filter((t) => t.token === token && inMinute(t.ms));
  const label = `${token} ${new Date(minute).toISOString()}`;
  expect([label, candle(traded.map((t) => ({ ...t, price: t.ltp, volume: 0 })))]).toEqual([
    label,
    candle(truth.map((t) => ({ ...t, high: t.price, low: t.price }))),
  ]);
  const placed = heard.reduce((sum, t) => sum + (t.delta ?? 0), 0);
  expect([label, placed]).toEqual([label, truth.reduce((sum, t) => sum + t.volume, 0)]);
}

function minutes(start: number): number[] {
  const all: number[] = [];
  for (let m = start - (start % MINUTE); m < start + LENGTH_MS; m += MINUTE) all.push(m);
  return all.filter((m) => m >= at('09:15') && m < at('15:30'));
}

describe('what is claimed', () => {
  it('is true of what is committed, at every flush, whatever happens to the feed', () => {
    let claimed = 0;
    fc.assert(
      fc.property(world, (w) => {
        const known = new Set<string>();
        play(w, (claims, ticks, trades) => {
          for (const minute of minutes(w.start)) {
            for (const token of [...STOCKS, NIFTY]) {
              const key = `${token} ${minute}`;
              if (known.has(key) || !claims.covers(token, minute, minute + MINUTE)) continue;
              known.add(key);
              claimed++;
              minuteIsTrue(token, minute, ticks, trades);
            }
          }
        });
      }),
      { numRuns: 60 },
    );
    expect(claimed).toBeGreaterThan(100);
  });

  it('is every minute of a calm connection that stood before', () => {
    fc.assert(
      fc.property(world, (w) => {
        const calm = { ...w, faults: [], queueTicks: 100_000 as const, start: at('10:00:20') };
        const claims = play(calm, () => undefined);
        for (const minute of minutes(calm.start).slice(1, -1)) {
          for (const token of [...STOCKS, NIFTY])
            expect(claims.covers(token, minute, minute + MINUTE)).toBe(true);
        }
      }),
      { numRuns: 10 },
    );
  });
});
