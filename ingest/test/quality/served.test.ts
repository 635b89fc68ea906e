import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createProgram } from '../../src/cli/program.js';
import type { Database } from '../../src/db/database.js';
import { askForComparison } from '../../src/quality/end-of-day.js';
import { CorporateActions } from '../../src/quality/scale.js';
import { ask, createHarness, type Harness, openMarket } from '../api/harness.js';
import { DAY, INFY, ist, NIFTY, NOW, RELIANCE } from '../api/market.js';
import { eachDatabase } from '../fixtures/databases.js';

eachDatabase((server) => {
  let db: Database;
  let harness: Harness;
  const asked: string[] = [];

  beforeAll(async () => {
    db = await openMarket(server);
    await db.pool.query(
      `insert into data_quality_metrics (instrument_token, trading_date, completeness, accuracy, source, anomaly_flags, quality,
         minutes_compared, minutes_differing, minutes_missing, minutes_replaced, day_candle, compared_at)
       values ($1, '2025-11-19', 0.99, 0.98, 'HISTORICAL_API', '[{"kind":"missing_minutes","count":2,"detail":"x"}]', 'good', 370, 7, 2, 9, true, now()),
              ($2, '2025-11-19', 1, 1, 'HISTORICAL_API', '[]', 'excellent', 375, 0, 0, 0, true, now())`,
      [INFY, NIFTY],
    );
    await db.pool.query(
      `insert into quality_days (trading_date, status, instruments, compared, finished_at) values ('2025-11-19', 'DONE', 2, 2, now())`,
    );
    await db.pool.query(
      `insert into candle_corrections values
       ($1, '1m', '2025-11-19T04:00Z', now(), 1500, 1502, 1499, 1501, 100, null, 5, 1500.5, 'ticks', 1500, 1502, 1499, 1500.5, 100, '{close}'),
       ($1, '1m', '2025-11-19T04:01Z', now(), null, null, null, null, null, null, null, null, null, 1500, 1502, 1499, 1500.5, 90, '{missing}')`,
      [INFY],
    );
    await db.pool.query(`insert into corporate_actions values ($1, $2, 0.5, 2, now())`, [INFY, '2025-11-21']);
    harness = await createHarness(
      db,
      {},
      {
        quality: {
          ask: async (day) => {
            asked.push(day);
            await askForComparison(db, day, NOW);
          },
        },
        corporateActions: await CorporateActions.read(db.pool),
      },
    );
  });
  afterAll(async () => {
    await harness?.stop();
    await db?.close();
  });

  const get = async (url: string, status = 200) => (await ask(harness, url, status)).json();
  const post = (payload: object) =>
    harness.api.app.inject({
      method: 'POST',
      url: '/api/quality/compare',
      headers: { host: 'localhost:8000' },
      payload,
    });

  it('/api/quality serves what the data source’s daily view asks for', async () => {
    const { origin, days, comparisons } = await get(
      `/api/quality?instrument=NSE:INFY,${NIFTY}&from=2025-11-01&to=${DAY}&limit=10`,
    );
    expect(origin).toBe('simulator:1');
    expect(days).toHaveLength(2);
    expect(days[0]).toMatchObject({
      instrument: { token: INFY, symbol: 'INFY', exchange: 'NSE' },
      tradingDate: '2025-11-19',
      completeness: 0.99,
      accuracy: 0.98,
      source: 'HISTORICAL_API',
      anomalyFlags: [{ kind: 'missing_minutes', count: 2, detail: 'x' }],
      quality: 'good',
      minutesCompared: 370,
      minutesDiffering: 7,
      minutesMissing: 2,
      minutesReplaced: 9,
      dayCandle: true,
    });
    expect(comparisons).toEqual([
      expect.objectContaining({
        date: '2025-11-19',
        status: 'DONE',
        instruments: 2,
        compared: 2,
        message: null,
      }),
    ]);
    expect((await get(`/api/quality?from=2025-11-20&to=2025-11-20`)).days).toEqual([]);
    expect((await get('/api/quality?from=yesterday', 400)).error.details[0].field).toBe('from');
    const csv = await harness.api.app.inject({ url: '/api/quality?format=csv' });
    expect(csv.body.split('\r\n').slice(0, 2)).toEqual([
      'token,symbol,exchange,tradingDate,completeness,accuracy,source,quality,minutesCompared,minutesDiffering,minutesMissing,minutesExtra,minutesReplaced,minutesHealed',
      `${INFY},INFY,NSE,2025-11-19,0.99,0.98,HISTORICAL_API,good,370,7,2,0,9,0`,
    ]);
  });

  it('/api/quality/replaced serves each replaced minute as it was and as it is', async () => {
    const { minutes } = await get('/api/quality/replaced?from=2025-11-19&to=2025-11-19');
    expect(minutes).toEqual([
      expect.objectContaining({
        time: '2025-11-19T04:00:00.000Z',
        fields: ['close'],
        source: 'ticks',
        before: { open: 1500, high: 1502, low: 1499, close: 1501, volume: 100 },
        after: { open: 1500, high: 1502, low: 1499, close: 1500.5, volume: 100 },
      }),
      expect.objectContaining({ fields: ['missing'], source: null, before: null }),
    ]);
  });

  it('/api/quality/compare takes a day up again, and none that is to come', async () => {
    const answer = await post({ date: '2025-11-19' });
    expect(answer.statusCode, answer.body).toBe(200);
    expect(asked).toEqual(['2025-11-19']);
    expect(answer.json().comparison).toMatchObject({ date: '2025-11-19', status: 'WAITING' });
    expect((await post({ date: '2026-01-01' })).json().error.message).toContain('still to come');
    expect((await post({ date: 'soon' })).statusCode).toBe(400);
    await db.pool.query(`update quality_days set status = 'DONE'`);
  });

  it('/api/candles brings candles of before a split to the scale of after it, unless told not to', async () => {
    const range = `instrument=NSE:INFY&interval=1m&from=${ist('10:00')}&to=${ist('10:05')}&backfill=false`;
    const raw = await get(`/api/candles?${range}&adjust=none`);
    expect(raw.adjustments).toBeUndefined();
    for (const url of [`/api/candles?${range}`, `/api/candles?${range}&adjust=splits`]) {
      const scaled = await get(url);
      expect(scaled.adjustments).toEqual([{ exDate: '2025-11-21', priceFactor: 0.5, volumeFactor: 2 }]);
      expect(scaled.candles).toHaveLength(5);
      for (const [i, candle] of scaled.candles.entries()) {
        const { open, close, volume, complete, source } = raw.candles[i];
        expect(candle).toMatchObject({
          open: Math.round(open * 50) / 100,
          close: Math.round(close * 50) / 100,
          volume: volume * 2,
          complete,
          source,
        });
      }
    }
    const batch = await harness.api.app.inject({
      method: 'POST',
      url: '/api/candles/batch',
      headers: { host: 'localhost:8000' },
      payload: {
        instruments: ['NSE:INFY', NIFTY],
        interval: '1m',
        from: ist('10:00'),
        to: ist('10:05'),
        adjust: 'splits',
      },
    });
    const [infy, nifty] = batch.json().results;
    expect(infy.candles[0].volume).toBe(raw.candles[0].volume * 2);
    expect([infy.adjustments.length, nifty.adjustments]).toEqual([1, undefined]);
    expect((await get(`/api/candles?${range}&adjust=dividends`, 400)).error.code).toBe('bad_request');
  });

  it('/api/volatility takes a split for no move', async () => {
    await db.pool.query(
      `insert into broker_candles (instrument_token, interval, bucket, open, high, low, close, volume)
       select $1, '1d', ist_midnight(d::date), p, p, p, p, 1
       from generate_series(date '2025-11-03', date '2025-11-18', interval '1 day') d,
            lateral (select case when d < date '2025-11-12' then 1000 else 500 end + extract(day from d) % 3 as p) x`,
      [RELIANCE],
    );
    const volatility = async () =>
      (await get('/api/volatility?segment=NSE&days=10')).instruments.find(
        ({ instrument }: { instrument: { token: number } }) => instrument.token === RELIANCE,
      ).volatilityPercent;
    expect(await volatility()).toBeGreaterThan(100);
    await db.pool.query(`insert into corporate_actions values ($1, '2025-11-12', 0.5, 2, now())`, [RELIANCE]);
    expect(await volatility()).toBeLessThan(10);
  });

  it('tickscope quality prints the report, and as one JSON document', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'tickscope-quality-'));
    const run = async (...args: string[]) => {
      const printed: string[] = [];
      const program = createProgram({
        env: { DATABASE_URL: db.url, BROKER: 'simulator' },
        folder,
        interactive: false,
        print: (line) => void printed.push(line),
        note: () => {},
      });
      await program.parseAsync(['node', 'tickscope', 'quality', ...args]);
      return printed.join('\n');
    };
    try {
      const lines = (await run('--date', '2025-11-19')).split('\n');
      expect(lines[0]).toBe(
        '2025-11-19: 2 of 2 instruments compared, completeness 99.50 %, accuracy 99.00 %.',
      );
      expect(lines[1]).toBe('1 excellent, 1 good, 0 poor; 9 minutes replaced, 0 healed.');
      expect(lines[4]).toMatch(/^NSE:INFY +99\.00 % +98\.00 % +good +7 +2 +0 +9 +missing_minutes$/);
      expect(lines[5]).toMatch(/^NSE:NIFTY 50 +100\.00 %/);
      const report = JSON.parse(await run('--date', '2025-11-19', '--json'));
      expect(report).toMatchObject({ date: '2025-11-19', status: 'DONE', compared: 2, replaced: 9 });
      expect(report.lines).toHaveLength(2);
      expect(await run('--date', '2025-11-18')).toContain('has not been compared');
      await expect(run('--date', '2999-01-01')).rejects.toThrow('still to come');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
