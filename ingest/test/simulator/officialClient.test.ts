import { KiteConnect, KiteTicker } from 'kiteconnect';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.js';
import { until } from './wire.js';

interface Tick {
  mode: string;
  instrument_token: number;
  last_price: number;
  volume_traded?: number;
  last_trade_time?: Date | null;
  exchange_timestamp?: Date | null;
  ohlc?: { open: number; high: number; low: number; close: number };
  depth?: { buy: Array<{ price: number }>; sell: Array<{ price: number }> };
}

const API_KEY = 'key';
const ACCESS_TOKEN = 'token';
const NIFTY = 256265;

/** Nine in the morning in India on a Saturday: the simulator is open at any hour of any day. */
const offset = Date.parse('2026-11-21T05:00:00Z') - Date.now();
const clock = { now: () => Date.now() + offset };

describe('the official client against the simulator', () => {
  let simulator: Simulator;
  let kite: InstanceType<typeof KiteConnect>;

  beforeAll(async () => {
    simulator = await startSimulator({
      port: 0,
      apiKey: API_KEY,
      accessToken: ACCESS_TOKEN,
      apiSecret: 'secret',
      clock,
      rate: 2000,
    });
    kite = new KiteConnect({ api_key: API_KEY, access_token: ACCESS_TOKEN, root: simulator.url });
  });
  afterAll(() => simulator.stop());

  it('logs in, and is told when the secret is wrong', async () => {
    const login = new KiteConnect({ api_key: API_KEY, root: simulator.url });
    const session = await login.generateSession('request', 'secret');
    expect(session.access_token).toBe(ACCESS_TOKEN);
    await expect(login.generateSession('request', 'wrong')).rejects.toMatchObject({
      error_type: 'TokenException',
    });
  });

  it('reads profile and instruments', async () => {
    expect((await kite.getProfile()).user_name).toContain('SIMULATED');
    const all = (await kite.getInstruments()) as unknown as Array<Record<string, unknown>>;
    const nifty = all.find((row) => row['instrument_token'] === String(NIFTY));
    expect(nifty).toMatchObject({
      tradingsymbol: 'NIFTY 50',
      segment: 'INDICES',
      instrument_type: 'EQ',
      lot_size: 0,
    });
    const call = all.find((row) => row['instrument_type'] === 'CE')!;
    expect(call['expiry']).toBeInstanceOf(Date);
    expect(call).toMatchObject({ exchange: 'NFO', segment: 'NFO-OPT', tick_size: 0.05 });
    expect(String(call['tradingsymbol'])).toMatch(/^[A-Z&-]+\d\d([A-Z]{3}|[0-9OND]\d\d)[\d.]+CE$/);
    const nfo = (await kite.getInstruments('NFO')) as unknown as unknown[];
    expect(nfo.length).toBeLessThan(all.length);
  });

  it('reads quotes and history that agree', async () => {
    const quotes = await kite.getQuote(['NSE:INFY', 'NSE:NIFTY 50', 'NSE:NOSUCH']);
    expect(Object.keys(quotes)).toEqual(['NSE:INFY', 'NSE:NIFTY 50']);
    const infy = quotes['NSE:INFY']!;
    expect(infy.timestamp).toBeInstanceOf(Date);
    expect(infy.depth.buy[0]!.price).toBeLessThanOrEqual(infy.last_price);
    const days = await kite.getHistoricalData(infy.instrument_token, 'day', '2026-11-01', '2026-11-21');
    expect(days).toHaveLength(21);
    expect(days.at(-1)).toMatchObject({ open: infy.ohlc.open });
    expect(days.at(-2)!.close).toBe(infy.ohlc.close);
    const minutes = await kite.getHistoricalData(
      infy.instrument_token,
      'minute',
      '2026-11-20 09:15:00',
      '2026-11-20 09:24:00',
      false,
      true,
    );
    expect(minutes).toHaveLength(10);
    expect(minutes[0]!.date.toISOString()).toBe('2026-11-20T03:45:00.000Z');
  });

  it('refuses what Kite refuses', async () => {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const wrong = new KiteConnect({ api_key: API_KEY, access_token: 'old', root: simulator.url });
    await expect(wrong.getProfile()).rejects.toMatchObject({ status: 'error', error_type: 'TokenException' });
    await expect(kite.getHistoricalData(NIFTY, 'minute', '2026-01-01', '2026-06-01')).rejects.toMatchObject({
      error_type: 'InputException',
      message: 'interval exceeds max limit: 60 days',
    });
    await expect(kite.getHistoricalData(1, 'day', '2026-01-01', '2026-02-01')).rejects.toMatchObject({
      message: 'invalid token',
    });
  });

  it('answers 429 above the published rate', async () => {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const asked = Array.from({ length: 6 }, () =>
      kite.getHistoricalData(NIFTY, 'day', '2026-11-01', '2026-11-05').then(
        () => 200,
        (error: { error_type: string; message: string }) => error.message,
      ),
    );
    const answers = await Promise.all(asked);
    expect(answers.filter((answer) => answer === 200)).toHaveLength(3);
    expect(answers.filter((answer) => answer === 'Too many requests')).toHaveLength(3);
  });

  it('streams ticks that the client decodes, full packets with depth and times', async () => {
    const params = { api_key: API_KEY, access_token: ACCESS_TOKEN, root: `${simulator.wsUrl}/` };
    const ticker = new KiteTicker(params);
    ticker.autoReconnect(false, 1, 5);
    const infy = simulator.exchange.named('NSE:INFY')!.token;
    const option = simulator.exchange.instruments.find((i) => i.type === 'CE')!.token;
    const ticks: Tick[] = [];
    ticker.on('ticks', ((batch: Tick[]) => ticks.push(...batch)) as never);
    ticker.on('connect', (() => {
      ticker.subscribe([NIFTY, infy, option]);
      ticker.setMode('full', [NIFTY, infy, option]);
    }) as never);
    ticker.connect();
    const indexed = () => ticks.filter((t) => t.instrument_token === NIFTY && t.mode === 'full');
    const deep = () => ticks.filter((t) => t.instrument_token === infy && t.mode === 'full');
    await until(() => indexed().length >= 4 && deep().length > 100);
    ticker.disconnect();
    const first = ticks.filter((t) => t.instrument_token === infy);
    expect(first[0]!.mode).toBe('quote');
    const full = first.filter((t) => t.mode === 'full');
    expect(full.length).toBeGreaterThan(100);
    for (const tick of full) {
      const at = tick.exchange_timestamp!.getTime();
      expect(Math.abs(at - clock.now())).toBeLessThan(10_000);
      expect(tick.last_trade_time!.getTime()).toBeLessThanOrEqual(at);
      expect(tick.ohlc!.high).toBeGreaterThanOrEqual(tick.last_price);
      expect(tick.ohlc!.low).toBeLessThanOrEqual(tick.last_price);
      expect(tick.depth!.buy[0]!.price).toBeLessThan(tick.depth!.sell[0]!.price);
    }
    const volumes = full.map((t) => t.volume_traded!);
    expect([...volumes].sort((a, b) => a - b)).toEqual(volumes);
    const index = ticks.filter((t) => t.instrument_token === NIFTY && t.mode === 'full');
    const seconds = new Set(index.map((t) => t.exchange_timestamp!.getTime()));
    expect(seconds.size).toBeGreaterThanOrEqual(3);
    expect(index.length - seconds.size).toBeLessThanOrEqual(1);
    const at = Math.max(...seconds);
    expect(simulator.exchange.packetAt(NIFTY, at + 999).lastPrice / 100).toBe(index.at(-1)!.last_price);
  });
});
