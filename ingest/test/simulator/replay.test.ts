import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { alwaysOpen } from '../../src/simulator/calendars.js';
import { SimulatedExchange } from '../../src/simulator/exchange.js';
import { type Replay, startReplay } from '../../src/simulator/replay.js';
import { parseMinuteFile, ReplayFileInvalid, tradedMinutes } from '../../src/simulator/replayFile.js';
import { ReplayMarket } from '../../src/simulator/replayMarket.js';
import { ltpOf, tradeTimeOf, until, volumeOf, WireClient, wait } from './wire.js';

const RECORDED = new URL('../../../../shared/kite/', import.meta.url);

const CSV = `date,open,high,low,close,volume,oi
2026-11-19 15:28:00,100.05,100.5,99.95,100.1,5000,700
2026-11-19 15:29:00,100.1,100.1,100.1,100.1,1,700
2026-11-20 09:15:00,101,103,100,102,900,750
2026-11-20T09:16:00+0530,102,102.5,102,102.5,3,760
2026-11-20 09:18:00,102.4,102.45,101,101.05,77,760
`;

describe('a replay', () => {
  let folder: string;
  let replay: Replay | undefined;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'replay-'));
  });
  afterEach(async () => {
    await replay?.stop();
    replay = undefined;
    await rm(folder, { recursive: true });
  });

  it('sends ticks whose minutes are exactly the file, leaping over the night', async () => {
    const file = join(folder, 'infy.csv');
    await writeFile(file, CSV);
    replay = await startReplay({ port: 0, file, instrument: 'NSE:INFY', speed: 120 });
    const token = replay.exchange.named('NSE:INFY')!.token;
    expect(token).toBe(408065);
    const client = await WireClient.connect(`${replay.wsUrl}/`);
    client.full([token]);
    await replay.done;
    await wait(1000);
    const minutes = new Map<number, { o: number; h: number; l: number; c: number; v: number; oi: number }>();
    let seen = 0;
    let day = 0;
    for (const body of client.of(token).filter((b) => b.length === 184)) {
      const at = tradeTimeOf(body);
      const today = Math.floor((at + 19_800) / 86_400);
      if (today !== day) seen = 0;
      day = today;
      const minute = at - (at % 60);
      const known = minutes.get(minute);
      if (known) known.oi = body.readUInt32BE(48);
      if (volumeOf(body) === seen) continue;
      const price = ltpOf(body);
      const m = known ?? { o: price, h: price, l: price, c: price, v: 0, oi: body.readUInt32BE(48) };
      minutes.set(minute, m);
      m.h = Math.max(m.h, price);
      m.l = Math.min(m.l, price);
      m.c = price;
      m.v += volumeOf(body) - seen;
      seen = volumeOf(body);
    }
    client.close();
    const expected = parseMinuteFile(CSV).map((m) => [
      m.time / 1000,
      m.open,
      m.high,
      m.low,
      m.close,
      m.volume,
      m.oi,
    ]);
    expect([...minutes].map(([at, m]) => [at, m.o, m.h, m.l, m.c, m.v, m.oi])).toEqual(expected);
    const from = '2026-11-19',
      to = '2026-11-20';
    const response = await fetch(
      `${replay.url}/instruments/historical/${token}/minute?from=${from}&to=${to}&oi=1`,
    );
    const { data } = (await response.json()) as { data: { candles: unknown[][] } };
    expect(data.candles).toHaveLength(5);
    expect(data.candles[0]).toEqual(['2026-11-19T15:28:00+0530', 100.05, 100.5, 99.95, 100.1, 5000, 700]);
  }, 180_000);

  it('reproduces any minute that trades can show', () => {
    const paise = fc.integer({ min: 1, max: 5_000_000 });
    const minute = fc
      .tuple(paise, paise, paise, paise, fc.integer({ min: 4, max: 1e7 }))
      .map(([a, b, c, d, volume]) => {
        const prices = [a, b, c, d];
        return { open: a, close: b, high: Math.max(...prices), low: Math.min(...prices), volume, oi: 0 };
      });
    fc.assert(
      fc.property(fc.array(minute, { minLength: 1, maxLength: 20 }), (rows) => {
        const start = Date.parse('2026-11-20T03:45:00Z');
        const minutes = rows.map((row, i) => ({ ...row, time: start + i * 60_000 }));
        const instrument = {
          token: 257,
          symbol: 'X',
          exchange: 'NSE' as const,
          segment: 'NSE',
          name: 'X',
          type: 'EQ' as const,
          expiryDay: null,
          strikePaise: 0,
          lotSize: 1,
          tickPaise: 1,
          underlyingToken: 257,
        };
        const exchange = new SimulatedExchange(
          new ReplayMarket(instrument, minutes),
          alwaysOpen(),
          () => 'cash',
        );
        for (const { time, open, high, low, close, volume } of minutes) {
          const prices = exchange.eventsBetween(257, time, time + 60_000);
          const all = prices.map((e) => e.pricePaise);
          const sum = prices.reduce((total, e) => total + e.quantity, 0);
          expect([all[0], Math.max(...all), Math.min(...all), all.at(-1), sum]).toEqual([
            open,
            high,
            low,
            close,
            volume,
          ]);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('says which lines cannot be replayed', () => {
    const bad = `date,open,high,low,close,volume\n2026-11-20 09:15:00,1,3,0.5,2,3\n2026-11-20 09:16:00,1,0.5,1,1,9\nnonsense,1,1,1,1,1\n`;
    expect(() => parseMinuteFile(bad)).toThrow(ReplayFileInvalid);
    expect(() => parseMinuteFile(bad)).toThrow(
      /line 2: a volume of 3.*line 3: open or close lies outside.*line 4/,
    );
    expect(() => parseMinuteFile('date,open\n2026-11-20,1\n')).toThrow(
      'lacks the columns high, low, close, volume',
    );
  });

  it('leaves out minutes in which nothing traded, but not those that contradict themselves', () => {
    const head = 'date,open,high,low,close,volume\n2026-11-20 09:15:00,10,10,10,10,5\n';
    const quiet = `${head}2026-11-20 09:16:00,10,10,10,10,0\n2026-11-20 09:17:00,10,11,10,11,7\n`;
    expect(tradedMinutes(parseMinuteFile(quiet)).map(({ volume }) => volume)).toEqual([5, 7]);
    expect(() => parseMinuteFile(`${head}2026-11-20 09:16:00,10,11,10,10,0\n`)).toThrow(
      /line 3: a volume of 0 cannot have shown/,
    );
    const index = 'date,open,high,low,close,volume\n2026-11-20 09:15:00,10,10,10,10,0\n';
    expect(tradedMinutes(parseMinuteFile(index))).toHaveLength(1);
  });

  it('says what is wrong with a file that is no table, or is not there', async () => {
    expect(() => parseMinuteFile('date,open,high,low,close,volume\n1,2\n')).toThrow(ReplayFileInvalid);
    await expect(startReplay({ port: 0, file: '/nowhere.csv', instrument: 'NSE:X' })).rejects.toThrow(
      /cannot be read: .*nowhere.csv/,
    );
  });

  it.runIf(existsSync(RECORDED))('sends recorded frames as they are (needs ../shared/kite)', async () => {
    for (const [name, token, ltp] of [
      ['mocks_ticker_full.packet', 408065, 157_370],
      ['fullMode_binary.packet', 884737, undefined],
    ] as const) {
      const served = await startReplay({ port: 0, file: new URL(name, RECORDED).pathname });
      const client = await WireClient.connect(`${served.wsUrl}/`);
      client.full([token]);
      await until(() => client.frames.length > 0);
      await wait(200);
      client.close();
      await served.stop();
      expect(client.frames).toHaveLength(1);
      expect(client.packets[0]).toMatchObject({ token });
      if (ltp) expect(ltpOf(client.packets[0]!.body)).toBe(ltp);
    }
  });
});
