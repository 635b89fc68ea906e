import { setTimeout } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BrokerError, CANDLE_INTERVALS, type CandleInterval } from '../../src/broker/broker.js';
import { INTERVAL_MS, roundOut } from '../../src/candles/buckets.js';
import type { Candle, CandleGap } from '../../src/candles/candle.js';
import { intersect, overlaps, type Span } from '../../src/candles/span.js';
import { SqlClock, timestamp } from '../../src/candles/sql-clock.js';
import { refreshAggregates } from '../../src/db/aggregates.js';
import type { Database } from '../../src/db/database.js';
import { refreshLate } from '../../src/db/late.js';
import type { Instrument } from '../../src/instruments/instrument.js';
import { addDays, dateToDayNumber, istDate } from '../../src/sessions/ist.js';
import { nseCalendar } from '../../src/sessions/nse-calendar.js';
import { SimulatedExchange } from '../../src/simulator/exchange.js';
import type { Interval } from '../../src/simulator/history.js';
import type { SimulatedInstrument } from '../../src/simulator/instrument.js';
import { createPipeline, type Pipeline } from '../../src/write/pipeline.js';
import { eachDatabase, quiet, type TestServer } from '../fixtures/databases.js';
import { instrumentOf } from '../fixtures/instruments.js';
import type { History } from './fake-broker.js';
import { FEED, ist, openMarket, type TestMarket } from './market.js';
import { PlayedFeed } from './played-feed.js';

/*
 * The proof of the candle service. A random feed of the simulated exchange goes through the real pipeline into a
 * real database, with random holes and restarts; random queries are asked meanwhile, by API service and by SQL.
 * A candle that is served as complete must be the exchange's own; one that is not must lie in a reported gap or
 * be in progress; service and SQL must say the same; once healed, everything past is complete.
 */

/** Random feeds an era and database; PROOF_RUNS asks for more. */
const RUNS = Number(process.env['PROOF_RUNS'] ?? 2);
const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const LIVE_SETTLE = 3 * SECOND;
const SIMULATOR_INTERVAL: Record<CandleInterval, Interval> = {
  '1m': 'minute',
  '5m': '5minute',
  '15m': '15minute',
  '1h': '60minute',
  '1d': 'day',
};

/** Days before, between and after the changes of hours of 2026-08-03 and 2026-12-07, and when the day is watched. */
const ERAS = [
  { day: '2026-07-30', from: '15:05', to: '15:34' },
  { day: '2026-08-05', from: '15:05', to: '15:43' },
  { day: '2026-12-09', from: '15:21', to: '15:48' },
  { day: '2026-08-06', from: '09:05', to: '09:40' },
];

interface Script {
  readonly seed: number;
  readonly latencyMs: number;
  /** What happens, one after the other, `afterSeconds` after the one before. */
  readonly steps: readonly Step[];
}

interface Step {
  readonly what: 'query' | 'drop' | 'connect' | 'restart' | 'refresh';
  readonly afterSeconds: number;
  /** For a query: which instrument, interval, how far back, whether to heal, whether the broker is away. */
  readonly pick: number;
  readonly interval: CandleInterval;
  readonly backMinutes: number;
  readonly backfill: boolean;
  readonly brokerAway: boolean;
}

const step: fc.Arbitrary<Step> = fc.record({
  what: fc.oneof(
    { weight: 5, arbitrary: fc.constant('query' as const) },
    { weight: 2, arbitrary: fc.constant('drop' as const) },
    { weight: 3, arbitrary: fc.constant('connect' as const) },
    { weight: 1, arbitrary: fc.constant('restart' as const) },
    { weight: 2, arbitrary: fc.constant('refresh' as const) },
  ),
  afterSeconds: fc.integer({ min: 1, max: 240 }),
  pick: fc.nat(100),
  interval: fc.constantFrom(...CANDLE_INTERVALS),
  backMinutes: fc.integer({ min: 1, max: 90 }),
  backfill: fc.boolean(),
  brokerAway: fc.integer({ min: 0, max: 5 }).map((n) => n === 5),
});
const script: fc.Arbitrary<Script> = fc.record({
  seed: fc.integer({ min: 1, max: 1_000 }),
  latencyMs: fc.integer({ min: 5, max: 900 }),
  steps: fc.array(step, { minLength: 8, maxLength: 22 }),
});

const prove =
  (server: TestServer, era: (typeof ERAS)[number], conflateMs: fc.Arbitrary<number>) => async () => {
    let fromTicks = 0;
    await fc.assert(
      fc.asyncProperty(script, conflateMs, async (played, conflate) => {
        const world = await World.open(await server.open(), era.day, played, conflate);
        await world.run(ist(`${era.day} ${era.from}`), ist(`${era.day} ${era.to}`), played.steps);
        await world.healAll();
        fromTicks += world.completeFromTicks;
      }),
      { numRuns: RUNS, endOnFailure: true },
    );
    expect(fromTicks).toBeGreaterThan(0); // or nothing was proven of ticks
  };

eachDatabase((server) => {
  describe.each(ERAS)('on $day from $from to $to', (era) => {
    it(
      'every complete candle is the exchange’s, every other one is in a reported gap or in progress',
      prove(server, era, fc.constant(0)),
      RUNS * MINUTE,
    );
  });

  it(
    'of a conflated feed high and low are inside the true range, volume is off by a snapshot at each edge at most',
    prove(server, ERAS[0]!, fc.constantFrom(250, 500, 1_000)),
    RUNS * MINUTE,
  );
});

class World {
  completeFromTicks = 0;
  readonly #sql: SqlClock;
  #pipeline!: Pipeline;

  private constructor(
    readonly db: Database,
    readonly market: TestMarket,
    readonly exchange: SimulatedExchange,
    readonly feed: PlayedFeed,
    readonly traded: ReadonlyMap<number, { instrument: Instrument; group: string }>,
  ) {
    this.#sql = new SqlClock(db, market.clock);
  }

  static async open(
    db: Database,
    day: string,
    { seed, latencyMs }: Script,
    conflateMs: number,
  ): Promise<World> {
    if (db.kind === 'timescale') {
      // The policies go by the machine's clock and would move watermarks past the day that is played.
      await db.pool.query(
        'select alter_job(job_id, scheduled => false) from timescaledb_information.jobs where job_id >= 1000',
      );
    }
    const calendar = nseCalendar();
    const exchange = SimulatedExchange.simulate({
      calendar,
      seed,
      instruments: 120,
      now: ist(`${day} 08:00`),
    });
    const market = await openMarket(db, ist(`${day} 09:00`), { calendar, history: historyOf(exchange) });
    const dayNumber = dateToDayNumber(day);
    const traded = new Map<number, { instrument: Instrument; group: string }>();
    for (const simulated of chosen(exchange, dayNumber)) {
      const { token, symbol, exchange: place, segment, type, expiryDay } = simulated;
      const instrument = {
        ...instrumentOf(token, symbol, type, {
          expiry: expiryDay === null ? null : istDate(expiryDay * 86_400_000),
        }),
        exchange: place,
        segment,
      };
      const group = exchange.groupOf(simulated, dayNumber);
      traded.set(token, { instrument, group });
      await market.list(instrument, group);
    }
    const feed = new PlayedFeed(FEED, exchange, [...traded.keys()], latencyMs, conflateMs);
    return new World(db, market, exchange, feed, traded);
  }

  async run(from: number, to: number, steps: readonly Step[]): Promise<void> {
    const { clock } = this.market;
    clock.ms = from;
    await this.#start();
    this.feed.connect(this.#pipeline.sink, from);
    let at = from;
    try {
      for (const next of steps) {
        const then = Math.min(to, at + next.afterSeconds * SECOND);
        at = await this.#playTo(at, then);
        if (next.what === 'query') await this.#query(next);
        else if (next.what === 'refresh') await this.#refresh(from);
        else if (next.what === 'drop') this.feed.disconnect(this.#pipeline.sink, at, 'disconnect');
        else if (next.what === 'connect') {
          if (!this.feed.connected) this.feed.connect(this.#pipeline.sink, at);
        } else {
          this.feed.disconnect(this.#pipeline.sink, at, 'restart');
          await this.#pipeline.stop();
          await this.#start();
          this.feed.connect(this.#pipeline.sink, at);
        }
      }
      await this.#playTo(at, to);
    } finally {
      await this.#pipeline.stop();
    }
  }

  /** A day later everything past is complete, at every width, and is what the exchange says. */
  async healAll(): Promise<void> {
    const { clock } = this.market;
    const day = istDate(clock.ms);
    clock.ms = ist(`${day} 23:00`);
    const range = { from: ist(`${day} 00:00`), to: ist(`${addDays(day, 1)} 00:00`) };
    for (const { instrument } of this.traded.values()) {
      for (const interval of CANDLE_INTERVALS) {
        const { answer } = await this.#ask(instrument, interval, range, true);
        const said = `${instrument.symbol} ${interval}`;
        expect({ said, gaps: answer.gaps, completeness: answer.completeness }).toEqual({
          said,
          gaps: [],
          completeness: 1,
        });
        expect(answer.candles.every((candle) => candle.complete)).toBe(true);
        const model = this.#model(instrument.token, interval, range);
        if (this.feed.conflateMs === 0) {
          expect(answer.candles.map((candle) => candle.time)).toEqual(model.map((candle) => candle.time));
        }
      }
    }
    await this.market.service.stop();
  }

  async #start(): Promise<void> {
    const { clock, calendar, metrics } = this.market;
    this.#pipeline = createPipeline({
      db: this.db,
      registry: {
        byBrokerToken: (token) => this.traded.get(token)?.instrument,
        brokerToken: (token) => token,
        sessionGroup: (token) => this.traded.get(token)?.group,
      },
      calendar,
      broker: 'simulator',
      clock,
      log: quiet,
      metrics,
      settings: { maxDelayMs: 1 },
    });
    await this.#pipeline.start();
  }

  /** What the maintenance of aggregates does meanwhile. */
  async #refresh(from: number): Promise<void> {
    const now = this.market.clock.ms;
    await refreshAggregates(this.db, from, now, now);
    const client = await this.db.connect('test');
    await refreshLate(client, this.db.kind).finally(() => client.end());
  }

  /** In steps that the database sees one after the other, as it would in real time. */
  async #playTo(from: number, to: number): Promise<number> {
    const { clock } = this.market;
    for (let at = from; at < to; ) {
      const next = Math.min(to, at + 20 * SECOND);
      this.feed.play(this.#pipeline.sink, at, next);
      clock.ms = Math.max(clock.ms, next + this.feed.latencyMs + 1);
      at = next;
      await this.#committed();
    }
    return to;
  }

  async #committed(): Promise<void> {
    if (this.#pipeline.stats().queueTicks === 0) return;
    await new Promise<void>((resolve) => {
      const undo = this.#pipeline.onCommit(() => {
        if (this.#pipeline.stats().queueTicks > 0) return;
        undo();
        resolve();
      });
    });
  }

  async #query({ pick, interval, backMinutes, backfill, brokerAway }: Step): Promise<void> {
    const { clock, broker } = this.market;
    const { instrument } = [...this.traded.values()][pick % this.traded.size]!;
    const to = clock.ms - (pick % 7) * 17 * SECOND;
    broker.faults = brokerAway ? { error: new BrokerError('unavailable', 'The broker is away') } : {};
    await this.#ask(instrument, interval, { from: to - backMinutes * MINUTE, to }, backfill);
    broker.faults = {};
  }

  async #ask(instrument: Instrument, interval: CandleInterval, range: Span, backfill: boolean) {
    const { token } = instrument;
    const ask = () =>
      this.market.ask({ instrument, interval, ...range, backfill, waitMs: 10_000, limit: 50_000 });
    const rounded = roundOut(interval, range);
    let answer = await ask();
    let sql = await this.#readBySql(token, interval, rounded);
    // The pipeline commits beside us: ask again when something changed between the two.
    for (
      let again = 0;
      again < 3 && !isDeepStrictEqual([answer.candles, answer.gaps], [sql.candles, sql.gaps]);
      again++
    ) {
      await setTimeout(400);
      answer = await ask();
      sql = await this.#readBySql(token, interval, rounded);
    }
    expect(answer.candles).toEqual(sql.candles);
    expect(answer.gaps).toEqual(sql.gaps);
    this.#judge(instrument, interval, rounded, answer.candles, answer.gaps);
    return { answer };
  }

  /** Between two snapshots nobody knows when volume traded, so an edge may move what one snapshot holds. */
  #judgeConflated(said: string, token: number, candle: Candle, width: number): void {
    const { conflateMs } = this.feed;
    const traded = (from: number, to: number) => this.exchange.eventsBetween(token, from, to);
    const inside = traded(candle.time, candle.time + width).filter((event) => event.kind === 'trade');
    const prices = inside.map((event) => event.pricePaise / 100);
    expect({
      said,
      high: candle.high <= Math.max(...prices),
      low: candle.low >= Math.min(...prices),
    }).toEqual({
      said,
      high: true,
      low: true,
    });
    if (candle.volume === null) return;
    const volume = (from: number, to: number) =>
      traded(from, to).reduce((sum, event) => sum + event.quantity, 0);
    const edges = [candle.time, candle.time + width];
    const allowed = edges.reduce((sum, edge) => sum + volume(edge - conflateMs, edge + conflateMs), 0);
    const off = Math.abs(candle.volume - volume(candle.time, candle.time + width));
    expect({ said, off: off <= allowed ? 'allowed' : `${off} > ${allowed}` }).toEqual({
      said,
      off: 'allowed',
    });
  }

  #tradedBefore(token: number, from: number, to: number): boolean {
    return this.exchange.eventsBetween(token, from, to).some((event) => event.kind === 'trade');
  }

  #judge(
    instrument: Instrument,
    interval: CandleInterval,
    range: Span,
    candles: readonly Candle[],
    gaps: readonly CandleGap[],
  ): void {
    const { token } = instrument;
    const now = this.market.clock.ms;
    const width = INTERVAL_MS[interval];
    const sessions = this.#sessions(instrument.token, range);
    const model = new Map(
      this.#model(instrument.token, interval, range).map((candle) => [candle.time, candle]),
    );
    const overAt = (time: number) =>
      (intersect(sessions, [{ from: time, to: time + width }]).at(-1)?.to ?? time + width) + LIVE_SETTLE;
    for (const candle of candles) {
      const said = `${instrument.symbol} ${interval} ${new Date(candle.time).toISOString()} at ${new Date(now).toISOString()}`;
      const inGap = overlaps(gaps, candle.time, candle.time + width);
      if (candle.complete) {
        if (candle.source === 'broker' || this.feed.conflateMs === 0) {
          expect({ said, ...pricesOf(candle) }).toEqual({ said, ...model.get(candle.time) });
        } else this.#judgeConflated(said, token, candle, width);
        expect({ said, inGap }).toEqual({ said, inGap: false });
        if (candle.source === 'ticks') this.completeFromTicks++;
      } else {
        expect({ said, explained: inGap || overAt(candle.time) > now }).toEqual({ said, explained: true });
      }
    }
    const served = new Set(candles.map((candle) => candle.time));
    for (const time of model.keys()) {
      if (served.has(time) || overAt(time) > now) continue;
      // Conflation may tell of a minute's only trades with the first ones of the next.
      if (this.feed.conflateMs > 0 && !this.#tradedBefore(token, time, time + width - this.feed.conflateMs))
        continue;
      const said = `${instrument.symbol} ${interval} ${new Date(time).toISOString()} is missing`;
      expect({ said, inGap: overlaps(gaps, time, time + width) }).toEqual({ said, inGap: true });
    }
  }

  #sessions(token: number, { from, to }: Span): Span[] {
    const sessions: Span[] = [];
    for (let day = istDate(from); day <= istDate(to); day = addDays(day, 1)) {
      for (const s of this.market.calendar.continuous(this.traded.get(token)!.group, day)) {
        sessions.push({ from: s.opensAt, to: s.closesAt });
      }
    }
    return sessions;
  }

  /** The exchange's own candles. */
  #model(token: number, interval: CandleInterval, { from, to }: Span) {
    const type = this.traded.get(token)!.instrument.instrumentType;
    return this.exchange.candles(token, SIMULATOR_INTERVAL[interval], from, to).map((candle) => ({
      time: candle.time,
      open: candle.open / 100,
      high: candle.high / 100,
      low: candle.low / 100,
      close: candle.close / 100,
      volume: type === 'INDEX' ? null : candle.volume,
      openInterest: type === 'INDEX' || type === 'EQ' ? null : candle.oi,
    }));
  }

  async #readBySql(token: number, interval: CandleInterval, { from, to }: Span) {
    return this.#sql.transaction(async (client) => {
      const values = [token, timestamp(from), timestamp(to), interval];
      const candles = await client.query('select * from get_candles($1, $2, $3, $4)', values);
      const gaps = await client.query('select * from candle_gaps($1, $2, $3, $4)', values);
      return {
        candles: candles.rows.map((row) => ({
          time: row.bucket.getTime(),
          open: row.open,
          high: row.high,
          low: row.low,
          close: row.close,
          volume: row.volume,
          openInterest: row.open_interest,
          trades: row.trades,
          vwap: row.vwap,
          source: row.source,
          complete: row.complete,
        })),
        gaps: gaps.rows.map((row) => ({
          from: row.gap_from.getTime(),
          to: row.gap_to.getTime(),
          reason: row.reason,
        })),
      };
    });
  }
}

function pricesOf({ time, open, high, low, close, volume, openInterest }: Candle) {
  return { time, open, high, low, close, volume, openInterest };
}

/** An index, a stock with futures, a future and a sleepy option. */
function chosen(exchange: SimulatedExchange, day: number): SimulatedInstrument[] {
  const lasting = exchange.instruments.filter((i) => i.expiryDay === null || i.expiryDay > day);
  const options = lasting.filter((i) => i.type === 'CE');
  return [
    exchange.named('NSE:NIFTY 50')!,
    exchange.named('NSE:INFY')!,
    lasting.find((i) => i.type === 'FUT')!,
    options.at(-1)!,
  ];
}

function historyOf(exchange: SimulatedExchange): History {
  return ({ brokerToken, interval, from, to }) =>
    exchange.candles(brokerToken, SIMULATOR_INTERVAL[interval], from, to).map((candle) => ({
      time: candle.time,
      open: candle.open / 100,
      high: candle.high / 100,
      low: candle.low / 100,
      close: candle.close / 100,
      volume: candle.volume,
      openInterest: candle.oi,
    }));
}
