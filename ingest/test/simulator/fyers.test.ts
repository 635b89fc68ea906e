import { afterAll, beforeAll, expect, it } from 'vitest';
import { FyersHistory } from '../../src/broker/fyers/history.js';
import { KiteBroker } from '../../src/broker/kite.js';
import { calendarNamed } from '../../src/simulator/calendars.js';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.js';
import { quiet } from '../fixtures/databases.js';

/* One exchange, two brokers who tell of it. */

const clock = { now: () => Date.parse('2026-11-20T12:00:00+05:30') };
const FROM = Date.parse('2026-11-20T10:00:00+05:30');
const TO = FROM + 30 * 60_000;
let simulator: Simulator;
let kite: KiteBroker;
let fyers: FyersHistory;

beforeAll(async () => {
  simulator = await startSimulator({ port: 0, clock, calendar: calendarNamed('always') });
  kite = new KiteBroker({
    name: 'simulator',
    apiKey: 'key',
    accessToken: 'token',
    root: simulator.url,
    clock,
    log: quiet,
    historicalPerSecond: 0,
  });
  fyers = new FyersHistory({ appId: 'APP-100', root: `${simulator.url}/fyers/data`, clock, perSecond: 0 });
  fyers.setAccessToken('token');
});
afterAll(async () => {
  fyers.close();
  await kite.close();
  await simulator.stop();
});

it.each([
  ['NSE:INFY', 'NSE:INFY-EQ'],
  ['NSE:NIFTY 50', 'NSE:NIFTY50-INDEX'],
])('both tell the same minutes of %s', async (name, symbol) => {
  const { token } = simulator.exchange.named(name)!;
  const range = { from: FROM, to: TO };
  const told = await kite.candles({ brokerToken: token, interval: '1m', ...range });
  expect(told.length).toBeGreaterThan(20);
  const again = await fyers.minutes({ symbol, ...range, hasOpenInterest: false });
  expect(again).toEqual(told.map((candle) => ({ ...candle, openInterest: null })));
});

it('goes on when Kite does not answer', async () => {
  const fault = { kind: 'http500', count: 10 };
  await fetch(`${simulator.url}/simulator/faults`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(fault),
  });
  const range = { from: FROM, to: TO, hasOpenInterest: false };
  expect((await fyers.minutes({ symbol: 'NSE:INFY-EQ', ...range })).length).toBeGreaterThan(20);
  await expect(fyers.minutes({ symbol: 'NSE:NOBODY-EQ', ...range })).rejects.toThrow('Invalid symbol');
});
