import { afterEach, expect, it } from 'vitest';
import { at, FUTURE, INFY, NIFTY, type Said, TCS } from '../batch/market.js';
import { eachDatabase } from '../fixtures/databases.js';
import { expectSameCandle, PATIENCE, type Streaming, startStream, TOKENS } from './streaming.js';

const INTERVALS = ['1m', '5m', '15m', '1h', '1d'] as const;
const ALL = { type: 'subscribe', symbols: TOKENS, channels: ['tick', 'bar', 'depth'], intervals: INTERVALS };

eachDatabase((server) => {
  let stream: Streaming | undefined;
  afterEach(async () => {
    await stream?.stop();
    stream = undefined;
  });

  /** Everything that the client was told last is what the API tells now. */
  async function expectAllEqual(client: Awaited<ReturnType<Streaming['client']>>, tokens = TOKENS) {
    for (const token of tokens) {
      const { quotes } = await stream!.get<{ quotes: unknown[] }>(`/api/quote?instrument=${token}`);
      await expect.poll(() => client.last('tick', token)?.data, PATIENCE).toEqual(quotes[0]);
      const depth = await stream!.get(`/api/depth?instrument=${token}`);
      await expect.poll(() => client.last('depth', token)?.data, PATIENCE).toEqual(depth);
      for (const interval of INTERVALS) {
        const stored = await stream!.candle(token, interval);
        if (!stored) continue;
        await expect
          .poll(() => {
            expectSameCandle(client.last('bar', token, interval)?.data, stored);
            return true;
          }, PATIENCE)
          .toBe(true);
      }
    }
  }

  it('streams exactly the quote, the book and the candles that the API tells', async () => {
    stream = await startStream(server);
    const client = await stream.client();
    client.say(ALL);
    await client.hears('subscribed');
    await stream.play(
      at('10:00:05'),
      { token: NIFTY, sent: '10:00:05' },
      { traded: '10:00:04', volume: 1000, sent: '10:00:05' },
    );
    await stream.play(
      at('10:00:06'),
      { token: NIFTY, sent: '10:00:06', ltp: 2_500_100 },
      { traded: '10:00:06', volume: 1010, ltp: 150_100 },
    );
    await expectAllEqual(client);
    expect(client.last('bar', INFY, '1m')?.data).toMatchObject({
      time: '2026-11-18T04:30:00.000Z',
      open: 1501,
      volume: 10,
      trades: 1,
      vwap: 1501,
      source: 'ticks',
      complete: false,
    });
    expect(client.last('tick', INFY)).toMatchObject({
      symbol: 'NSE:INFY',
      token: INFY,
      data: { lastPrice: 1501 },
    });
  });

  it('stays equal while a market of several instruments moves over minutes and hours', async () => {
    stream = await startStream(server, { start: at('10:12:05') });
    const client = await stream.client();
    client.say(ALL);
    await client.hears('subscribed');
    const random = seeded(7);
    const volume = new Map<number, number>();
    let now = at('10:12:05');
    for (let step = 0; step < 40; step++) {
      // Seconds mostly, now and then a minute or a quarter of an hour: every interval's edge is crossed.
      now += 1000 * (step % 13 === 12 ? 900 : step % 5 === 4 ? 61 : 1 + Math.floor(random() * 9));
      const said: Said[] = [];
      for (const token of TOKENS) {
        if (random() < 0.3) continue;
        const ltp = 150_000 + Math.floor(random() * 1000);
        const traded = now - 1000 * Math.floor(random() * 3);
        const sum = (volume.get(token) ?? 1000) + (random() < 0.7 ? Math.floor(random() * 50) : 0);
        volume.set(token, sum);
        const oi = token === FUTURE ? { oi: 700 + Math.floor(random() * 100) } : {};
        said.push({
          token,
          ltp,
          traded,
          sent: now,
          volume: sum,
          bid: ltp - Math.floor(random() * 3) * 5,
          ...oi,
        });
      }
      if (said.length > 0) await stream.play(now, ...said);
      if (step % 8 === 7) await expectAllEqual(client);
    }
    await expectAllEqual(client);
    const late = await stream.client();
    late.say(ALL);
    await expectAllEqual(late);
  }, 180_000);

  it('misses no tick that is committed while it reads what is stored', async () => {
    stream = await startStream(server);
    await stream.play(
      at('10:00:05'),
      ...[INFY, TCS].map((token) => ({ token, traded: '10:00:05', volume: 100 })),
    );
    for (let round = 0; round < 8; round++) {
      const client = await stream.client();
      client.say({ ...ALL, symbols: [INFY] });
      for (let tick = 1; tick <= 4; tick++) {
        const second = at('10:00:06') + (round * 4 + tick) * 1000;
        stream.hear(second, { traded: second, volume: 100 + round * 40 + tick * 10, ltp: 150_000 + tick });
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      await expect.poll(() => stream!.pipeline.stats().queueTicks, PATIENCE).toBe(0);
      await expectAllEqual(client, [INFY]);
      await client.close();
    }
  });

  it('says again that a candle which ended is complete, once it is', async () => {
    stream = await startStream(server, { start: at('09:59:50') });
    const client = await stream.client();
    client.say({ type: 'subscribe', symbols: ['NSE:INFY'], channels: ['bar'], intervals: ['1m'] });
    for (let second = 0; second < 84; second += 3) {
      const now = at('09:59:51') + second * 1000;
      await stream.play(
        now,
        { token: NIFTY, sent: now, ltp: 2_500_000 + second },
        { traded: now, volume: 1000 + second, ltp: 150_000 + second },
      );
    }
    const ended = () =>
      client.heard
        .filter(({ type, data }) => type === 'bar' && data?.['time'] === '2026-11-18T04:30:00.000Z')
        .at(-1)?.data;
    await expect.poll(() => ended()?.['complete'], PATIENCE).toBe(true);
    expectSameCandle(ended(), await stream.candle(INFY, '1m', 1));
    // Never complete before LIVE_SETTLE has passed, and said once it is.
    const said = client.heard
      .filter(({ data }) => data?.['time'] === '2026-11-18T04:30:00.000Z')
      .map(({ data }) => data!['complete']);
    expect(said.indexOf(true)).toBe(said.length - 1);
  });

  it('tells a wide candle anew when the broker gave minutes of it', async () => {
    stream = await startStream(server, { start: at('10:02:05') });
    const client = await stream.client();
    client.say({
      type: 'subscribe',
      symbols: ['NSE:INFY'],
      channels: ['bar'],
      intervals: ['1m', '5m', '1h'],
    });
    await stream.play(at('10:02:05'), { traded: '10:02:05', volume: 1000 });
    await stream.play(at('10:02:06'), { traded: '10:02:06', volume: 1010, ltp: 150_100 });
    await expect.poll(() => client.last('bar', INFY, '5m')?.data?.['source'], PATIENCE).toBe('ticks');
    await stream.db.pool.query(
      `insert into broker_candles (instrument_token, interval, bucket, open, high, low, close, volume)
       values ($1, '1m', $2, 1490, 1555, 1480, 1500, 7000)`,
      [INFY, new Date(at('10:01')).toISOString()],
    );
    await stream.db.pool.query('select mark_pending_merges($1, $2, $3)', [
      INFY,
      new Date(at('10:01')).toISOString(),
      new Date(at('10:02')).toISOString(),
    ]);
    stream.historyStored(INFY);
    await expect.poll(() => client.last('bar', INFY, '5m')?.data?.['source'], PATIENCE).toBe('mixed');
    await stream.play(at('10:02:09'), { traded: '10:02:09', volume: 1030, ltp: 150_200 });
    for (const interval of ['1m', '5m', '1h']) {
      const stored = await stream.candle(INFY, interval);
      await expect.poll(() => client.last('bar', INFY, interval)?.data, PATIENCE).toEqual(stored);
    }
    expect(client.last('bar', INFY, '5m')?.data).toMatchObject({
      open: 1490,
      high: 1555,
      close: 1502,
      volume: 7030,
      trades: null,
      vwap: null,
    });
  });

  it('keeps the time of the tick that brought the book', async () => {
    stream = await startStream(server);
    const client = await stream.client();
    client.say({ type: 'subscribe', symbols: [INFY], channels: ['depth', 'stats'] });
    await stream.play(at('10:00:05'), { traded: '10:00:05', volume: 1000, bid: 149_900 });
    await stream.play(at('10:00:08'), { traded: '10:00:08', volume: 1010, bid: 149_900 });
    const depth = await stream.get(`/api/depth?instrument=${INFY}`);
    expect(depth['time']).toBe('2026-11-18T04:30:05.000Z');
    await expect.poll(() => client.last('depth', INFY)?.data, PATIENCE).toEqual(depth);
    client.say({ type: 'get_latest', symbols: [INFY], channels: ['stats'] });
    const stats = await stream.get(`/api/stats?instrument=${INFY}`);
    await expect.poll(() => client.last('stats', INFY)?.data, PATIENCE).toEqual(stats);
  });
});

/** Numbers in [0, 1) that are the same each time. */
function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return state / 2_147_483_648;
  };
}
