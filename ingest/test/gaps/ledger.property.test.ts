import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Database } from '../../src/db/database.js';
import { FEED, INDEX, ist, openMarket, STOCK, type TestMarket } from '../candles/market.js';
import { eachDatabase } from '../fixtures/databases.js';
import { instrumentOf } from '../fixtures/instruments.js';
import { answered, CLEAR, except, gapsOf, hearOn, ledgerOf, prove } from './watching.js';

/*
 * A random day of connections that break, come back, answer late or not at all, of proofs, healing and instruments given
 * back, told to the ledger by random looks of random processes. However it went: what is missing after it was once
 * listened for is in a row that is not recovered, and a row that is not recovered names exactly what is missing.
 */

const RUNS = Number(process.env['LEDGER_RUNS'] ?? 6);
const SECOND = 1_000;
const OTHER = 500_001;
const TOKENS = [STOCK, INDEX, OTHER];

interface Step {
  readonly what: 'break' | 'late' | 'answer' | 'give back' | 'look' | 'new process' | 'quiet';
  readonly afterSeconds: number;
  readonly pick: number;
  readonly away: number;
  /** How long the last instrument makes itself waited for after a reconnect. */
  readonly straggles: number;
  readonly proven: readonly boolean[];
  readonly cause: string;
}

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.oneof(
    { weight: 6, arbitrary: fc.constant('break' as const) },
    { weight: 2, arbitrary: fc.constant('late' as const) },
    { weight: 4, arbitrary: fc.constant('answer' as const) },
    { weight: 2, arbitrary: fc.constant('give back' as const) },
    { weight: 5, arbitrary: fc.constant('look' as const) },
    { weight: 1, arbitrary: fc.constant('new process' as const) },
    { weight: 1, arbitrary: fc.constant('quiet' as const) },
  ),
  afterSeconds: fc.integer({ min: 1, max: 150 }),
  pick: fc.nat(20),
  away: fc.integer({ min: 1, max: 200 }),
  straggles: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 120 })),
  proven: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
  cause: fc.constantFrom('disconnect', 'stall', 'restart', 'overload'),
});

/** Session time of a token that was once listened for: from its feed's first coverage on, while it was wanted. */
const LISTENED = `
select coalesce(range_agg(tstzrange(greatest(a.assigned_at, f.heard_from),
         case when next.assigned_at is not null then next.assigned_at else a.released_at end)), '{}')
from feed_assignments a
join (select feed, min(covered_from) as heard_from from live_coverage group by feed) f on f.feed = a.feed
left join lateral (select min(n.assigned_at) as assigned_at from feed_assignments n
                   where n.token = a.token and n.assigned_at > a.assigned_at) next on true
where a.token = $1 and greatest(a.assigned_at, f.heard_from) < coalesce(next.assigned_at, a.released_at)`;

const TOLD = `
select coalesce((select range_agg(m) from data_gap_instruments c join data_gaps g on g.id = c.gap_id, unnest(c.missing) m
                 where c.instrument_token = $1 and g.counted and g.status <> 'RECOVERED'), '{}')
     + coalesce((select range_agg(tstzrange(gap_start, gap_end)) from data_gaps where gap_end is null), '{}')`;

async function contradictions(db: Database, from: number, now: number): Promise<unknown[]> {
  const client = await db.connect('contradictions');
  try {
    await client.query(`select set_config('tickscope.now', $1, false)`, [new Date(now).toISOString()]);
    const found: unknown[] = [];
    for (const token of TOKENS) {
      const { rows } = await client.query(
        `select (gap_spans($1, $2, $3, '1m') * (${LISTENED}) - (${TOLD}))::text as untold`,
        [token, new Date(from), new Date(now)],
      );
      if (rows[0].untold !== '{}') found.push({ token, untold: rows[0].untold });
    }
    const { rows } = await client.query(
      `select g.id, c.instrument_token as token, c.missing::text,
              gap_spans(c.instrument_token, lower(c.within), upper(c.within), '1m')::text as truth
       from data_gap_instruments c join data_gaps g on g.id = c.gap_id
       where g.counted and (isempty(c.missing)
         or c.missing <> gap_spans(c.instrument_token, lower(c.within), upper(c.within), '1m'))`,
    );
    found.push(...rows);
    const { rows: sums } = await client.query(
      `select g.id, g.status, g.instruments, g.instruments_left, count(c.instrument_token)::int as lacking
       from data_gaps g left join data_gap_instruments c on c.gap_id = g.id
       where g.counted group by g.id
       having g.instruments_left <> count(c.instrument_token) or (g.status = 'RECOVERED') <> (count(c.instrument_token) = 0)
         or g.instruments_left > g.instruments`,
    );
    found.push(...sums);
    return found;
  } finally {
    await client.end();
  }
}

eachDatabase((server) => {
  it('the ledger never contradicts coverage', { timeout: 240_000 }, async () => {
    const db = await server.open();
    let repaired = 0;
    let open = 0;

    const run = async (steps: readonly Step[]) => {
      await db.pool.query(CLEAR);
      const market = await openMarket(db, begin());
      await market.list(instrumentOf(OTHER, 'OTHER', 'EQ'), 'cash');
      try {
        const now = await play(market, steps);
        for (const { status } of await gapsOf(market)) status === 'RECOVERED' ? repaired++ : open++;
        expect(await contradictions(db, ist('2026-11-20 09:00'), now)).toEqual([]);
      } finally {
        await market.service.stop();
      }
    };

    await fc.assert(fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 25 }), run), {
      numRuns: RUNS,
      interruptAfterTimeLimit: 150_000,
    });
    expect(repaired + open).toBeGreaterThan(RUNS);
  });

  async function play(market: TestMarket, steps: readonly Step[]): Promise<number> {
    let now = begin();
    let ledger = ledgerOf(market);
    const look = async () => {
      market.clock.ms = now;
      await ledger.pass();
    };
    for (const token of TOKENS) await market.assign(token, now);
    await market.heard(now + SECOND, now + 2 * SECOND);
    now += 2 * SECOND;
    const given = new Set<number>();
    const holes: Array<{ token: number; from: number; to: number }> = [];
    for (const { what, afterSeconds, pick, away, straggles, proven, cause } of steps) {
      now += afterSeconds * SECOND;
      if (what !== 'quiet') await hearOn(market, now);
      const token = TOKENS[pick % TOKENS.length]!;
      if (what === 'break') {
        const from = now;
        await hearOn(market, from, cause);
        if (pick % 2) await look();
        now += away * SECOND;
        if (pick % 3 === 0) await look();
        const back = now;
        await market.heard(back, back + SECOND);
        now += SECOND;
        const last = straggles > 0 && !given.has(OTHER);
        for (const [i, each] of TOKENS.entries()) {
          const to = each === OTHER && last ? back + straggles * SECOND : back;
          if (proven[i] && each !== INDEX) await prove(market, each, from - 1, to + 1);
          else holes.push({ token: each, from, to });
        }
        if (last) {
          await except(market, OTHER, back, null, cause);
          if (pick % 2) await look();
          now = back + straggles * SECOND;
          await hearOn(market, now);
          await market.db.pool.query(
            `update coverage_exceptions set to_time = $1 where to_time = 'infinity'`,
            [new Date(now)],
          );
        }
      } else if (what === 'late') {
        const minute = Math.floor(now / 60_000 - 1) * 60_000;
        await except(market, token, minute, minute + 60_000, 'late');
      } else if (what === 'answer') {
        const hole = holes.splice(pick % Math.max(1, holes.length), 1)[0];
        if (hole) await heal(market, hole);
        if (hole && pick % 2) ledger.changed(hole.token, 'HISTORICAL_API');
      } else if (what === 'give back') {
        if (given.delete(token)) await market.assign(token, now);
        else {
          given.add(token);
          await market.db.pool.query(
            `update feed_assignments set released_at = $2 where token = $1 and released_at = 'infinity'`,
            [token, new Date(now)],
          );
        }
      } else if (what === 'new process') ledger = ledgerOf(market);
      else await look();
    }
    // What lasts is found, what is over is counted, and then nothing changes any more.
    for (let i = 0; i < 3; i++) {
      now += 25 * SECOND;
      await hearOn(market, now);
      await look();
    }
    return now;
  }

  const begin = () => ist('2026-11-20 09:20');

  /** Whole minutes, as the broker gives them; rows of its coverage neither overlap nor touch. */
  async function heal({ db }: TestMarket, { token, from, to }: { token: number; from: number; to: number }) {
    await db.pool.query(
      `with added as (select tstzrange($2, $3) as span),
       joined as (delete from broker_coverage b using added a
                  where b.token = $1 and (b.span && a.span or b.span -|- a.span) returning b.span)
       insert into broker_coverage
       select $1, '1m', range_merge(range_agg(s.span)) from (select span from added union all select span from joined) s`,
      [token, new Date(Math.floor(from / 60_000) * 60_000), new Date(Math.ceil(to / 60_000) * 60_000)],
    );
  }

  it('and tells when it is made to: a test of the test', async () => {
    const db = await server.open();
    const market = await openMarket(db, begin());
    await market.list(instrumentOf(OTHER, 'OTHER', 'EQ'), 'cash');
    const once: Step = {
      what: 'break',
      afterSeconds: 30,
      pick: 0,
      away: 90,
      straggles: 0,
      proven: [false, false, false],
      cause: 'disconnect',
    };
    const now = await play(market, [once]);
    const day = ist('2026-11-20 09:00');
    expect(await contradictions(db, day, now)).toEqual([]);
    await answered(market, STOCK, now - 600_000, now);
    expect(await contradictions(db, day, now)).not.toEqual([]);
    await ledgerOf(market).pass();
    expect(await contradictions(db, day, now)).toEqual([]);
    await db.pool.query('delete from data_gap_instruments where instrument_token = $1', [INDEX]);
    expect(await contradictions(db, day, now)).not.toEqual([]);
    expect((await gapsOf(market))[0]).toMatchObject({ feed: FEED, instruments: 3 });
    await market.service.stop();
  });
});
