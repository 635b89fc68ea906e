import fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { eachDatabase } from '../fixtures/databases.js';

const FROM = Date.parse('2026-11-18T18:30:00Z');
const DAYS = 3;
const TOKENS = [1, 2, 3, 4, 5, 6];
const INTERVALS = ['1m', '5m', '1h', '1d'];
const CELL_MS = 30_000;
const HOUR_MS = 3_600_000;

const token = fc.constantFrom(...TOKENS);
const feed = fc.constantFrom('a', 'b');
/** Mostly within the hours of one of the days, 09:15 to 15:30 IST. */
const instant = fc
  .tuple(fc.nat(DAYS - 1), fc.integer({ min: 0, max: 8 * 120 }))
  .map(([day, cell]) => FROM + day * 24 * HOUR_MS + 8.5 * HOUR_MS + cell * CELL_MS);
const span = fc
  .tuple(instant, fc.oneof(fc.integer({ min: 1, max: 10 }), fc.integer({ min: 1, max: 500 })))
  .map(([from, cells]) => [iso(from), iso(from + cells * CELL_MS)] as const);
/** Spans that do not overlap, oldest first. */
const apart = fc
  .uniqueArray(instant, { minLength: 0, maxLength: 16, size: 'max' })
  .map((borders) => borders.sort((x, y) => x - y))
  .map((sorted) =>
    sorted.flatMap((from, i) =>
      i % 2 === 0 && sorted[i + 1] !== undefined ? [[iso(from), iso(sorted[i + 1]!)] as const] : [],
    ),
  );
const cause = fc.constantFrom('disconnect', 'stall', 'restart');
const many = <T>(one: fc.Arbitrary<T>, maxLength: number) => fc.array(one, { maxLength, size: 'max' });

const truth = fc.record({
  now: fc.oneof(instant, fc.constant(FROM + DAYS * 24 * HOUR_MS)),
  from: instant,
  groups: fc.tuple(...TOKENS.map(() => fc.constantFrom('cash', 'derivatives'))),
  expired: fc.subarray(TOKENS, { maxLength: 1 }),
  unknownDay: fc.boolean(),
  assignments: many(fc.record({ feed, token, span }), 12),
  assignedToAll: fc.boolean(),
  coverage: fc.record({ a: apart, b: apart }),
  endings: fc.array(cause, { minLength: 8, maxLength: 8 }),
  exceptions: many(fc.record({ feed, token: fc.option(token), span, cause }), 8),
  stale: many(fc.record({ token: fc.option(token), span }), 3),
  empty: fc.array(apart, { minLength: TOKENS.length, maxLength: TOKENS.length }),
  answered: fc.array(fc.record({ interval: fc.constantFrom(...INTERVALS), spans: apart }), {
    minLength: TOKENS.length,
    maxLength: TOKENS.length,
  }),
  failures: fc.uniqueArray(fc.record({ token, span, interval: fc.constantFrom('1m', '5m') }), {
    maxLength: 3,
    selector: ({ token, interval, span: [from] }) => `${token} ${interval} ${from}`,
  }),
  keptFrom: fc.option(instant),
});
type Truth = typeof truth extends fc.Arbitrary<infer T> ? T : never;

const TABLES = [
  ...['instrument_groups', 'market_sessions', 'feed_assignments', 'live_coverage', 'coverage_exceptions'],
  ...['stale_ranges', 'proven_empty', 'broker_coverage', 'heal_failures', 'retention_state'],
].join(', ');

/** Rows that one of the two finds and the other does not. */
const DIFFERENCE = `
with set_based as (select * from market_gaps($1, $2, $3, $4)),
one_by_one as (select t.token, g.* from unnest($1::bigint[]) t (token), candle_gaps(t.token, $2, $3, $4) g)
select 'too many' as what, x.* from (select * from set_based except all select * from one_by_one) x
union all
select 'missing', x.* from (select * from one_by_one except all select * from set_based) x
limit 5`;

eachDatabase((server) => {
  let db: Database;

  beforeAll(async () => {
    db = await server.open();
    await db.pool.query(
      `insert into instruments (token, symbol, exchange, segment, instrument_type, expiry, active)
       select t, 'S' || t, 'NSE', 'NSE', 'EQ', null, true from unnest($1::bigint[]) t`,
      [TOKENS],
    );
  });

  it('of many instruments at once are those of each by itself', async () => {
    let holes = 0;
    await fc.assert(
      fc.asyncProperty(truth, async (given) => {
        const client = await db.pool.connect();
        try {
          await client.query('begin');
          for (const [text, values] of statements(given)) await client.query(text, values);
          for (const interval of INTERVALS) {
            const asked = [TOKENS, iso(given.from), iso(given.from + 40 * HOUR_MS), interval];
            expect((await client.query(DIFFERENCE, asked)).rows, interval).toEqual([]);
            const found = await client.query('select from market_gaps($1, $2, $3, $4)', asked);
            holes += found.rowCount ?? 0;
          }
        } finally {
          await client.query('rollback');
          client.release();
        }
      }),
      { numRuns: 60 },
    );
    expect(holes).toBeGreaterThan(900);
  }, 180_000);

  it('of no instrument, of an unknown one and of an empty range are none', async () => {
    const gaps = async (tokens: number[], to = '2026-11-20T12:00Z') =>
      (
        await db.pool.query('select * from market_gaps($1, $2, $3, $4)', [
          tokens,
          '2026-11-20T04:00Z',
          to,
          '1m',
        ])
      ).rows;
    expect(await gaps([])).toEqual([]);
    expect(await gaps([999])).toEqual([]);
    expect(await gaps(TOKENS, '2026-11-20T04:00Z')).toEqual([]);
    await expect(
      db.pool.query(`select * from market_gaps('{1}', '2026-11-20T04:00Z', '2026-11-20T05:00Z', '2m')`),
    ).rejects.toThrow(/interval must be one of/);
  });
});

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function statements(given: Truth): Array<[text: string, values: unknown[]]> {
  const all: Array<[string, unknown[]]> = [
    [`select set_config('tickscope.now', $1, true)`, [iso(given.now)]],
    [`truncate ${TABLES}`, []],
    [
      `update instruments set expiry = case when token = any ($1) then date '2026-11-18' end`,
      [given.expired],
    ],
    [
      `insert into instrument_groups (token, session_group, days)
       select t, g, '(,)' from unnest($1::bigint[], $2::text[]) u (t, g)`,
      [TOKENS, given.groups],
    ],
    [
      `insert into market_sessions (exchange, session_group, day, kind, opens_at, closes_at, known)
       select 'NSE', g, d, 'continuous', ist_midnight(d) + interval '9 hours 15 minutes',
              ist_midnight(d) + case g when 'cash' then interval '15 hours 15 minutes' else interval '15 hours 40 minutes' end,
              not ($2 and d = ist_date($1) + 1)
       from (select ist_date($1) + n as d from generate_series(0, ${DAYS - 1}) n) days,
            unnest(array['cash', 'derivatives']) g`,
      [iso(FROM), given.unknownDay],
    ],
  ];
  const insert = (into: string, ...values: unknown[]) =>
    all.push([
      `insert into ${into} values (${values.map((_, i) => `$${i + 1}`).join(', ')}) on conflict do nothing`,
      values,
    ]);
  if (given.assignedToAll) {
    for (const one of TOKENS) insert('feed_assignments (feed, token, assigned_at)', 'a', one, iso(FROM));
  }
  for (const { feed, token, span } of given.assignments) {
    insert('feed_assignments (feed, token, assigned_at, released_at)', feed, token, ...span);
  }
  for (const [name, spans] of Object.entries(given.coverage)) {
    for (const [i, [from, to]] of spans.entries()) {
      const into = 'live_coverage (feed, covered_from, covered_to, ended_at, cause)';
      insert(into, name, from, to, to, given.endings[i]);
    }
  }
  for (const { feed, token, span, cause } of given.exceptions) {
    insert('coverage_exceptions (feed, token, from_time, to_time, reason)', feed, token, ...span, cause);
  }
  for (const { token, span } of given.stale)
    insert('stale_ranges (token, from_time, to_time)', token, ...span);
  for (const [i, spans] of given.empty.entries()) {
    for (const one of spans) insert('proven_empty', TOKENS[i], ...one);
  }
  for (const [i, { interval, spans }] of given.answered.entries()) {
    for (const [from, to] of spans) insert('broker_coverage', TOKENS[i], interval, `[${from},${to})`);
  }
  for (const { token, span, interval } of given.failures) {
    const into = 'heal_failures (token, interval, from_time, to_time, message, retry_at)';
    insert(into, token, interval, ...span, 'refused', '2099-01-01T00:00Z');
  }
  if (given.keptFrom !== null) {
    for (const interval of ['1m', '5m'])
      insert('retention_state', `candles_${interval}`, iso(given.keptFrom));
  }
  return all;
}
