import pino from 'pino';
import { expect, test } from 'vitest';
import { BrokerError } from '../../src/broker/broker.js';
import { InstrumentDumpRefused } from '../../src/instruments/store.js';
import { createMetrics } from '../../src/metrics.js';
import { addJobs, takeInstruments } from '../../src/service/jobs.js';
import type { Job } from '../../src/service/schedule.js';
import { nseCalendar } from '../../src/sessions/nse-calendar.js';

const log = pino({ level: 'silent' });
const at = (time: string) => Date.parse(`2026-11-18T${time}+05:30`);

/** The daily instrument job at a time of day, with a list last taken at another. */
async function syncsAt(time: string, syncedAt: number | undefined, { hasToken = true, size = 9 } = {}) {
  const jobs: Job[] = [];
  let syncs = 0;
  addJobs({
    schedule: { add: (job: Job) => void jobs.push(job) },
    db: {},
    metrics: createMetrics(),
    clock: { now: () => at(time) },
    session: { hasToken },
    registry: { current: { size }, syncedAt, sync: async () => void syncs++ },
    subscriptions: { reload: async () => undefined },
    log,
  } as never);
  await jobs.find(({ name }) => name === 'instruments')!.run();
  return syncs;
}

test('the instrument list is taken once a day when it is out, and again until it was', async () => {
  expect(await syncsAt('08:00:00', undefined)).toBe(0);
  expect(await syncsAt('08:40:00', at('07:00:00'))).toBe(1);
  expect(await syncsAt('12:00:00', at('08:40:00'))).toBe(0);
  // A start in the day whose own attempt failed.
  expect(await syncsAt('12:00:00', undefined)).toBe(1);
  expect(await syncsAt('12:00:00', undefined, { hasToken: false })).toBe(0);
  expect(await syncsAt('02:00:00', undefined, { size: 0 })).toBe(1);
});

test('a list that the broker does not give, or that cannot be one, stops nobody', async () => {
  let reloads = 0;
  const subscriptions = { reload: async () => void reloads++ };
  for (const error of [new BrokerError('unavailable', 'away'), new InstrumentDumpRefused('empty')]) {
    await takeInstruments({ sync: () => Promise.reject(error) }, subscriptions, log);
  }
  expect(reloads).toBe(0);
  await expect(
    takeInstruments({ sync: () => Promise.reject(new Error('database')) }, subscriptions, log),
  ).rejects.toThrow('database');
});

test('the next open is known on the way to it, over a weekend and through a session', async () => {
  const nextAt = async (now: number) => {
    const jobs: Job[] = [];
    const metrics = createMetrics();
    addJobs({
      schedule: { add: (job: Job) => void jobs.push(job) },
      calendar: nseCalendar(),
      clock: { now: () => now },
      metrics,
      db: {},
      subscriptions: {},
      log,
    } as never);
    await jobs.find(({ name }) => name === 'market open')!.run();
    const { values } = await metrics.marketNextOpen.get();
    return values.map(({ value, labels }) => [labels.exchange, new Date(value * 1000).toISOString()]);
  };
  expect(await nextAt(at('08:30:00'))).toEqual([['NSE', '2026-11-18T03:45:00.000Z']]);
  expect(await nextAt(at('10:00:00'))).toEqual([['NSE', '2026-11-19T03:45:00.000Z']]);
  expect(await nextAt(Date.parse('2026-11-20T18:00:00+05:30'))).toEqual([
    ['NSE', '2026-11-23T03:45:00.000Z'],
  ]);
});
