import pino from 'pino';
import { expect, test } from 'vitest';
import { Schedule } from '../../src/service/schedule.js';
import { StopStack } from '../../src/service/stop-stack.js';

const log = pino({ level: 'silent' });

test('parts stop in reverse order, once', async () => {
  const stack = new StopStack(log);
  const stopped: string[] = [];
  for (const name of ['database', 'pipeline', 'api']) stack.push(name, () => void stopped.push(name));
  expect(await Promise.all([stack.stop(), stack.stop()])).toEqual([true, true]);
  expect(stopped).toEqual(['api', 'pipeline', 'database']);
});

test('a part that fails or hangs keeps no other from stopping, and the stop is not called clean', async () => {
  const stack = new StopStack(log);
  const stopped: string[] = [];
  stack.push('database', () => void stopped.push('database'));
  stack.push('hanging', () => new Promise(() => {}), 20);
  stack.push('failing', () => Promise.reject(new Error('no')));
  stack.push('throwing', () => {
    throw new Error('no');
  });
  expect(await stack.stop()).toBe(false);
  expect(stopped).toEqual(['database']);
});

test('a job neither overlaps itself nor dies of a failure, and a stop waits for it', async () => {
  const schedule = new Schedule(log);
  let running = 0;
  let most = 0;
  let runs = 0;
  schedule.add({
    name: 'job',
    everyMs: 5,
    atStart: true,
    run: async () => {
      runs++;
      most = Math.max(most, ++running);
      await new Promise((resolve) => setTimeout(resolve, 20));
      running--;
      throw new Error('no');
    },
  });
  await expect.poll(() => runs).toBeGreaterThan(2);
  await schedule.stop();
  expect(running).toBe(0);
  expect(most).toBe(1);
  const after = runs;
  await new Promise((resolve) => setTimeout(resolve, 30));
  expect(runs).toBe(after);
});
