import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type pg from 'pg';
import { beforeAll, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { writeSessions } from '../../src/db/sessions-store.js';
import { Calendar } from '../../src/sessions/calendar.js';
import { eachDatabase } from '../fixtures/databases.js';

// Everything random lies on a grid of 15 s, so that a model which looks at every cell by itself is exact.
const CELL_MS = 15_000;
const FROM = Date.parse('2026-12-03T18:30:00Z'); // a Friday before the era that begins on Monday, 2026-12-07
const TO = Date.parse('2026-12-08T18:30:00Z');
const CELLS = (TO - FROM) / CELL_MS;
const SETTLE_MS = 3_000;
const TOKEN = 9_001;
const WIDTH_MS = { '1m': 60_000, '5m': 300_000, '15m': 900_000, '1h': 3_600_000 } as const;
type Interval = keyof typeof WIDTH_MS;
const INTERVALS = Object.keys(WIDTH_MS) as Interval[];

const calendar = Calendar.parse(
  JSON.parse(readFileSync(new URL('../../calendar/nse.json', import.meta.url), 'utf8')),
);
const GROUPS = ['cash_with_derivatives', 'derivatives', 'derivatives_expiring_index', 'cash'];

interface Span {
  readonly from: number;
  readonly to: number;
}
interface Truth {
  readonly group: string;
  readonly now: number;
  readonly assignments: ReadonlyArray<Span & { feed: string }>;
  readonly coverage: ReadonlyArray<Span & { feed: string }>;
  readonly exceptions: ReadonlyArray<Span & { feed: string | null }>;
  readonly stale: ReadonlyArray<Span & { all: boolean }>;
  readonly empty: readonly Span[];
  readonly broker: ReadonlyArray<Span & { interval: Interval }>;
  readonly brokerCandles: readonly number[];
  readonly keptFrom: number;
}

// Times that matter: mostly within the sessions of the three trading days, so that spans meet sessions, buckets and each other.
const TRADING_DAYS = [0, 3, 4];
const instant = fc
  .tuple(fc.constantFrom(...TRADING_DAYS), fc.integer({ min: 0, max: 7 * 240 - 1 }))
  .map(([day, cell]) => FROM + day * 86_400_000 + 9 * 3_600_000 + cell * CELL_MS);
const length = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 400 }));
/** Between half of `max` and `max` spans, which may overlap. */
const spans = (max: number) =>
  fc.array(
    fc.tuple(instant, length).map(([from, cells]) => ({ from, to: from + cells * CELL_MS })),
    { minLength: max >> 1, maxLength: max, size: 'max' },
  );
/** Rows that may not overlap: borders in order, every other stretch. */
const apart = (max: number) =>
  fc.uniqueArray(instant, { minLength: max, maxLength: max * 2, size: 'max' }).map((borders) => {
    const sorted = borders.sort((a, b) => a - b);
    return sorted.flatMap((from, i) => (i % 2 === 0 && sorted[i + 1] ? [{ from, to: sorted[i + 1]! }] : []));
  });
/** A feed that was up but for reconnects: one row a connection, a few cells lost between two. */
const connections = (max: number) =>
  fc
    .uniqueArray(fc.tuple(instant, fc.integer({ min: 0, max: 10 })), {
      minLength: max >> 1,
      maxLength: max,
      size: 'max',
      selector: ([at]) => at,
    })
    .map((reconnects) => {
      const sorted = [[FROM, 0] as [number, number], ...reconnects.sort((a, b) => a[0] - b[0])];
      return sorted.flatMap(([at, lost], i) => {
        const from = at + lost * CELL_MS;
        const to = sorted[i + 1]?.[0] ?? TO;
        return from <= to ? [{ from, to }] : [];
      });
    });
const tagged = <T extends Span, X extends object>(items: readonly T[], tag: X): Array<T & X> =>
  items.map((item) => ({ ...item, ...tag }));

const truth: fc.Arbitrary<Truth> = fc
  .record({
    group: fc.constantFrom(...GROUPS),
    now: fc.oneof(
      { weight: 3, arbitrary: fc.constant(TO) },
      {
        weight: 1,
        arbitrary: fc.tuple(instant, fc.integer({ min: 0, max: 14_999 })).map(([at, ms]) => at + ms),
      },
    ),
    a: fc.oneof(fc.constant([{ from: FROM, to: TO }]), apart(3)),
    b: apart(2),
    coverA: connections(30),
    coverB: connections(10),
    own: spans(6),
    ofA: spans(6),
    stale: spans(4),
    staleAll: spans(2),
    empty: apart(4),
    broker1m: apart(5),
    broker5m: apart(3),
    broker1h: apart(2),
    brokerCandles: fc.array(instant, { minLength: 20, maxLength: 60, size: 'max' }),
    keptFrom: fc.option(instant, { freq: 3 }),
  })
  .map((r) => ({
    group: r.group,
    now: r.now,
    assignments: [...tagged(r.a, { feed: 'A' }), ...tagged(r.b, { feed: 'B' })],
    coverage: [...tagged(r.coverA, { feed: 'A' }), ...tagged(r.coverB, { feed: 'B' })],
    exceptions: [...tagged(r.own, { feed: null }), ...tagged(r.ofA, { feed: 'A' })],
    stale: [...tagged(r.stale, { all: false }), ...tagged(r.staleAll, { all: true })],
    empty: r.empty,
    broker: [
      ...tagged(r.broker1m, { interval: '1m' as const }),
      ...tagged(r.broker5m, { interval: '5m' as const }),
      ...tagged(r.broker1h, { interval: '1h' as const }),
    ],
    brokerCandles: [...new Set(r.brokerCandles.map((at) => Math.floor(at / 60_000) * 60_000))],
    keptFrom: r.keptFrom ?? Number.NEGATIVE_INFINITY,
  }));

const holds = (list: readonly Span[], at: number) => list.some(({ from, to }) => at >= from && at < to);

/** The definition, cell by cell: is the instant a gap for candles of this width? */
function isGap(t: Truth, interval: Interval, at: number): boolean {
  if (at + CELL_MS > t.now - SETTLE_MS && at >= t.now - SETTLE_MS) return false;
  if (!calendar.isOpen(t.group, at)) return false;
  const live =
    at >= t.keptFrom &&
    ['A', 'B'].some(
      (feed) =>
        holds(
          t.assignments.filter((a) => a.feed === feed),
          at,
        ) &&
        holds(
          t.coverage.filter((c) => c.feed === feed),
          at,
        ) &&
        !holds(
          t.exceptions.filter((e) => e.feed === feed),
          at,
        ),
    ) &&
    !holds(
      t.exceptions.filter((e) => e.feed === null),
      at,
    ) &&
    !holds(t.stale, at);
  const broker = holds(
    t.broker.filter((b) => b.interval === interval || b.interval === '1m'),
    at,
  );
  return !live && !broker && !holds(t.empty, at);
}

const iso = (ms: number) => (Number.isFinite(ms) ? new Date(ms).toISOString() : '-infinity');

async function store(client: pg.Client, t: Truth): Promise<void> {
  await client.query(`truncate feed_assignments, live_coverage, coverage_exceptions, stale_ranges, proven_empty,
    broker_coverage, broker_candles, instrument_groups, retention_state`);
  await client.query(`insert into instrument_groups (token, session_group, days) values ($1, $2, '(,)')`, [
    TOKEN,
    t.group,
  ]);
  for (const a of t.assignments)
    await client.query('insert into feed_assignments values ($1, $2, $3, $4)', [
      a.feed,
      TOKEN,
      iso(a.from),
      iso(a.to),
    ]);
  for (const c of t.coverage)
    await client.query(
      `insert into live_coverage (feed, covered_from, covered_to, cause) values ($1, $2, $3, 'disconnect')`,
      [c.feed, iso(c.from), iso(c.to)],
    );
  for (const e of t.exceptions)
    await client.query(
      `insert into coverage_exceptions (feed, token, from_time, to_time, reason) values ($1, $2, $3, $4, 'overload')`,
      [e.feed, e.feed === null ? TOKEN : null, iso(e.from), iso(e.to)],
    );
  for (const s of t.stale)
    await client.query('insert into stale_ranges (token, from_time, to_time) values ($1, $2, $3)', [
      s.all ? null : TOKEN,
      iso(s.from),
      iso(s.to),
    ]);
  for (const e of t.empty)
    await client.query('insert into proven_empty values ($1, $2, $3)', [TOKEN, iso(e.from), iso(e.to)]);
  for (const b of t.broker)
    await client.query('insert into broker_coverage values ($1, $2, tstzrange($3, $4))', [
      TOKEN,
      b.interval,
      iso(b.from),
      iso(b.to),
    ]);
  for (const at of t.brokerCandles)
    await client.query(
      `insert into broker_candles (instrument_token, interval, bucket, open, high, low, close, volume)
       values ($1, '1m', $2, 1, 1, 1, 1, 1)`,
      [TOKEN, iso(at)],
    );
  if (Number.isFinite(t.keptFrom))
    await client.query(`insert into retention_state select 'candles_' || i, $1 from unnest($2::text[]) i`, [
      iso(t.keptFrom),
      INTERVALS,
    ]);
}

eachDatabase((server) => {
  let db: Database;
  let client: pg.Client;

  beforeAll(async () => {
    db = await server.open();
    client = await db.connect('coverage test');
    await writeSessions(db, calendar, '2026-12-01', '2026-12-10');
    await client.query(
      `insert into instruments (token, symbol, exchange, segment, instrument_type) values ($1, 'X', 'NSE', 'NSE', 'EQ')`,
      [TOKEN],
    );
    // one trade a minute of every session, and some after hours that no session has
    await client.query(
      `insert into tick_data (time, seq, instrument_token, last_trade_time, ltp, high, low, volume, volume_delta, is_trade,
                              in_session, time_source, broker, received_at)
       select m, extract(epoch from m), $1, m, 100, 100, 100, 1, 1, true, true, 't', 'test', m
       from generate_series($2::timestamptz, $3::timestamptz, '1 minute') m
       where (m at time zone 'Asia/Kolkata')::time between '09:00' and '16:00'`,
      [TOKEN, iso(FROM), iso(TO)],
    );
  });

  it('finds exactly the gaps of the definition, and calls a candle complete exactly outside them', {
    timeout: 120_000,
  }, async () => {
    let complete = 0;
    let incomplete = 0;
    await fc.assert(
      fc.asyncProperty(truth, fc.constantFrom('UTC', 'Asia/Kolkata', 'America/New_York'), async (t, zone) => {
        await store(client, t);
        await client.query(
          `select set_config('tickscope.now', $1, false), set_config('timezone', $2, false)`,
          [iso(t.now), zone],
        );
        for (const interval of INTERVALS) {
          const { rows: gaps } = await client.query<{ from: number; to: number; reason: string }>(
            `select extract(epoch from gap_from)::float8 * 1000 as "from", extract(epoch from gap_to)::float8 * 1000 as "to", reason
             from candle_gaps($1, $2, $3, $4)`,
            [TOKEN, iso(FROM), iso(TO), interval],
          );
          const cells = new Set<number>();
          for (const { from, to } of gaps) {
            for (let at = from; at < to; at += CELL_MS) cells.add(at);
          }
          for (let i = 0; i < CELLS; i++) {
            const at = FROM + i * CELL_MS;
            if (cells.has(at) !== isGap(t, interval, at)) {
              expect.fail(
                `${interval} ${iso(at)}: candle_gaps ${cells.has(at)}, definition ${isGap(t, interval, at)}`,
              );
            }
          }
          const { rows: candles } = await client.query<{ bucket: number; complete: boolean; source: string }>(
            `select extract(epoch from bucket)::float8 * 1000 as bucket, complete, source
             from candles_${interval} where instrument_token = $1 and bucket < $2 order by bucket`,
            [TOKEN, iso(TO)],
          );
          const { rows: asked } = await client.query(
            `select extract(epoch from bucket)::float8 * 1000 as bucket, complete, source
             from get_candles($1, $2, $3, $4)`,
            [TOKEN, iso(FROM), iso(TO), interval],
          );
          expect(asked).toEqual(candles);
          complete += candles.filter((candle) => candle.complete).length;
          incomplete += candles.filter((candle) => !candle.complete).length;
          for (const { bucket, complete, source } of candles) {
            const to = bucket + WIDTH_MS[interval];
            const clean = !gaps.some((gap) => gap.from < to && gap.to > bucket);
            const over = endOf(t.group, bucket, to) <= t.now - SETTLE_MS;
            if (complete !== (clean && over)) {
              expect.fail(
                `${interval} ${iso(bucket)} (${source}) complete ${complete}, gaps ${!clean}, over ${over}`,
              );
            }
          }
        }
      }),
      { numRuns: 8, endOnFailure: true },
    );
    // a generator that only makes one of the two would prove nothing
    expect(complete).toBeGreaterThan(1000);
    expect(incomplete).toBeGreaterThan(1000);
  });
});

/** A bucket is clipped to its sessions; outside of any it ends where it ends. */
function endOf(group: string, from: number, to: number): number {
  for (let at = to - CELL_MS; at >= from; at -= CELL_MS) {
    if (calendar.isOpen(group, at)) return at + CELL_MS;
  }
  return to;
}
