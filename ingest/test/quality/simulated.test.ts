import { afterEach, expect, it } from 'vitest';
import type { CandleInterval } from '../../src/broker/broker.js';
import type { Database } from '../../src/db/database.js';
import type { Instrument } from '../../src/instruments/instrument.js';
import { addDays, dateToDayNumber, istDate } from '../../src/sessions/ist.js';
import { nseCalendar } from '../../src/sessions/nse-calendar.js';
import { SimulatedExchange } from '../../src/simulator/exchange.js';
import type { Interval } from '../../src/simulator/history.js';
import { createPipeline, type Pipeline } from '../../src/write/pipeline.js';
import { FEED, ist, openMarket, type TestMarket } from '../candles/market.js';
import { PlayedFeed } from '../candles/played-feed.js';
import { eachDatabase, quiet } from '../fixtures/databases.js';
import { instrumentOf } from '../fixtures/instruments.js';
import { endOfDayOf, qualityOf } from './trading.js';

/*
 * The real neighbours: a feed of the simulated exchange through the pipeline into a database, with a hole, compared in
 * the evening with what that exchange says of the day.
 */

const DAY = '2026-11-20';
const MINUTE = 60_000;
const NAMES: Partial<Record<CandleInterval, Interval>> = { '1m': 'minute', '1d': 'day' };
const at = (time: string) => ist(`${DAY} ${time}`);

eachDatabase((server) => {
  let market: TestMarket | undefined;
  let pipeline: Pipeline | undefined;
  afterEach(async () => {
    await pipeline?.stop();
    await market?.service.stop();
  });

  async function play(db: Database, conflateMs: number) {
    if (db.kind === 'timescale') {
      // The policies go by the machine's clock and would move watermarks past the day that is played.
      await db.pool.query(
        'select alter_job(job_id, scheduled => false) from timescaledb_information.jobs where job_id >= 1000',
      );
    }
    const calendar = nseCalendar();
    const exchange = SimulatedExchange.simulate({ calendar, seed: 7, instruments: 120, now: at('08:00') });
    const scaled = (token: number, interval: CandleInterval, from: number, to: number) =>
      exchange.candles(token, NAMES[interval]!, from, to).map(({ oi, open, high, low, close, ...rest }) => ({
        ...rest,
        open: open / 100,
        high: high / 100,
        low: low / 100,
        close: close / 100,
        openInterest: oi,
      }));
    const opened = await openMarket(db, at('09:00'), {
      calendar,
      history: ({ brokerToken, interval, from, to }) => scaled(brokerToken, interval, from, to),
    });
    market = opened;
    const day = dateToDayNumber(DAY);
    const chosen = ['INDEX', 'EQ', 'FUT'].map(
      (type) => exchange.instruments.find((instrument) => instrument.type === type)!,
    );
    const traded = new Map<number, { instrument: Instrument; group: string }>();
    for (const simulated of chosen) {
      const { token, symbol, type, segment, expiryDay } = simulated;
      const expiry = expiryDay === null ? null : istDate(expiryDay * 86_400_000);
      const instrument = {
        ...instrumentOf(token, symbol, type, { expiry }),
        exchange: simulated.exchange,
        segment,
      };
      traded.set(token, { instrument, group: exchange.groupOf(simulated, day) });
      await opened.list(instrument, exchange.groupOf(simulated, day));
    }
    const { clock, metrics } = opened;
    pipeline = createPipeline({
      db,
      registry: {
        byBrokerToken: (token) => traded.get(token)?.instrument,
        brokerToken: (token) => token,
        sessionGroup: (token) => traded.get(token)?.group,
      },
      calendar,
      broker: 'simulator',
      clock,
      log: quiet,
      metrics,
      settings: { maxDelayMs: 1 },
    });
    await pipeline.start();
    const feed = new PlayedFeed(FEED, exchange, [...traded.keys()], 20, conflateMs);
    const spans = [
      ['09:05', '09:25'],
      ['09:31', '09:45'],
    ] as const;
    for (const [from, to] of spans) {
      clock.ms = at(from);
      feed.connect(pipeline.sink, clock.ms);
      for (let now = at(from); now < at(to); now += 20_000) {
        feed.play(pipeline.sink, now, now + 20_000);
        clock.ms = now + 20_000 + 25;
        await committed(pipeline);
      }
      feed.disconnect(pipeline.sink, at(to), 'disconnect');
    }
    await pipeline.stop();
    clock.ms = at('21:00');
    const endOfDay = endOfDayOf(opened);
    await endOfDay.work();
    await endOfDay.stop();
    return { market: opened, traded, exchangeSays: scaled };
  }

  async function everyMinute(played: Awaited<ReturnType<typeof play>>, token: number) {
    const { instrument, group } = played.traded.get(token)!;
    const answer = await played.market.ask({
      instrument,
      from: at('00:00'),
      to: ist(`${addDays(DAY, 1)} 00:00`),
      backfill: false,
    });
    const sessions = played.market.calendar.continuous(group, DAY);
    const truth = played
      .exchangeSays(token, '1m', at('00:00'), ist(`${addDays(DAY, 1)} 00:00`))
      .filter(({ time }) => sessions.some(({ opensAt, closesAt }) => time >= opensAt && time < closesAt));
    return { answer, truth, minutes: sessions.reduce((sum, s) => sum + s.closesAt - s.opensAt, 0) / MINUTE };
  }

  it('a feed that told every trade agrees in every minute that it was heard in, and the rest is healed', async () => {
    const played = await play(await server.open(), 0);
    for (const token of played.traded.keys()) {
      const quality = (await qualityOf(played.market, token, DAY))!;
      expect(quality).toMatchObject({ accuracy: 1, differing: 0, missing: 0, extra: 0, dayCandle: true });
      expect(quality.compared).toBeGreaterThan(10);
      const { answer, truth, minutes } = await everyMinute(played, token);
      // Heard from the open to 09:25 and from 09:31 on, less what a hole takes of its edges.
      expect(quality.completeness! * minutes).toBeGreaterThan(21);
      expect(quality.completeness! * minutes).toBeLessThanOrEqual(25);
      expect(answer.gaps).toEqual([]);
      expect(
        answer.candles.map(({ time, open, high, low, close }) => [time, open, high, low, close]),
      ).toEqual(truth.map(({ time, open, high, low, close }) => [time, open, high, low, close]));
    }
  });

  it('a conflated feed is judged by what it hid, and is the broker’s afterwards', async () => {
    const played = await play(await server.open(), 5_000);
    let differing = 0;
    for (const token of played.traded.keys()) {
      const quality = (await qualityOf(played.market, token, DAY))!;
      differing += quality.differing;
      expect(quality.accuracy).toBeCloseTo(
        (quality.compared - quality.differing) / (quality.compared + quality.extra),
        9,
      );
      const { answer, truth } = await everyMinute(played, token);
      const served = new Map(answer.candles.map((candle) => [candle.time, candle]));
      for (const { time, open, close } of truth) {
        expect(served.get(time)!.open).toBeCloseTo(open, 5);
        expect(served.get(time)!.close).toBeCloseTo(close, 5);
      }
    }
    expect(differing).toBeGreaterThan(0);
  });
});

async function committed(pipeline: Pipeline): Promise<void> {
  if (pipeline.stats().queueTicks === 0) return;
  await new Promise<void>((resolve) => {
    const undo = pipeline.onCommit(() => {
      if (pipeline.stats().queueTicks > 0) return;
      undo();
      resolve();
    });
  });
}
