import { afterEach, beforeEach, expect, it } from 'vitest';
import { KiteBroker } from '../../src/broker/kite.js';
import { historyAsTraded } from '../../src/quality/scale.js';
import { addDays, istDate, istMidnight } from '../../src/sessions/ist.js';
import { type Simulator, startSimulator } from '../../src/simulator/simulator.js';
import { quiet } from '../fixtures/databases.js';

const INFY = 408065;
const NOW = Date.parse('2026-11-20T21:00:00+05:30');
const clock = { now: () => NOW };

let simulator: Simulator;
let broker: KiteBroker;
beforeEach(async () => {
  simulator = await startSimulator({ port: 0, instruments: 60, historicalPerSecond: 0, clock });
  broker = new KiteBroker({
    name: 'simulator',
    apiKey: 'any',
    accessToken: 'any',
    root: simulator.url,
    clock,
    log: quiet,
    historicalPerSecond: 0,
  });
});
afterEach(async () => {
  await broker.close();
  await simulator.stop();
});

it('the simulator tells days of before an ex-date on the new scale, and as traded they are what they were', async () => {
  const exDate = '2026-11-19';
  const today = istDate(NOW);
  const request = {
    brokerToken: INFY,
    interval: '1d',
    from: istMidnight(addDays(today, -6)),
    to: istMidnight(addDays(today, 1)),
  } as const;
  const before = await broker.candles(request);
  expect(before.length).toBeGreaterThan(4);
  const answer = await fetch(`${simulator.url}/simulator/splits`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token: INFY, exDate, priceFactor: 0.2 }),
  });
  expect(await answer.json()).toEqual({ splits: [{ token: INFY, exDate, priceFactor: 0.2 }] });
  const after = await broker.candles(request);
  for (const [i, day] of after.entries()) {
    const factor = istDate(day.time) < exDate ? 0.2 : 1;
    expect(day.close).toBeCloseTo(before[i]!.close * factor, 2);
    expect(day.volume).toBe(before[i]!.volume * Math.round(1 / factor));
  }
  const changes = [{ exDate, priceFactor: 0.2, volumeFactor: 5 }];
  const traded = await historyAsTraded(broker, () => changes).candles(request);
  for (const [i, day] of traded.entries()) {
    expect(Math.abs(day.close - before[i]!.close)).toBeLessThan(0.03);
    expect(day.volume).toBe(before[i]!.volume);
  }
});
