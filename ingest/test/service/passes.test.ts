import { expect, it, vi } from 'vitest';
import { Passes } from '../../src/service/passes.js';

const EVERY_MS = 60_000;

/** Passes that are over when they are let; `begun` counts. */
function passes(onFailed: (error: unknown) => void = () => expect.unreachable()) {
  const seen = { begun: 0, end: (_error?: Error): void => undefined };
  const repeated = new Passes({
    everyMs: EVERY_MS,
    pass: () =>
      new Promise<void>((resolve, reject) => {
        seen.begun++;
        seen.end = (error) => (error ? reject(error) : resolve());
      }),
    onFailed,
  });
  return { seen, repeated };
}
const turn = () => new Promise((resolve) => setImmediate(resolve));

it('begins at once, and again after the pause', async () => {
  const begun: number[] = [];
  const repeated = new Passes({
    everyMs: 50,
    pass: async () => begun.push(performance.now()),
    onFailed: () => expect.unreachable(),
  });
  repeated.start();
  repeated.start();
  await expect.poll(() => begun.length).toBeGreaterThanOrEqual(3);
  await repeated.stop();
  for (const [i, at] of begun.slice(1).entries()) expect(at - begun[i]!).toBeGreaterThan(45);
});

it('a stop during a pass waits for its end and for nothing more', async () => {
  const { seen, repeated } = passes();
  repeated.start();
  const stopped = repeated.stop();
  const state = vi.fn();
  void stopped.then(state);
  await turn();
  expect(state).not.toHaveBeenCalled();
  seen.end();
  await stopped; // a pause would be a minute
  expect(seen.begun).toBe(1);
});

it('a stop during the pause ends it', async () => {
  const { seen, repeated } = passes();
  repeated.start();
  seen.end();
  await turn();
  await repeated.stop();
  repeated.start();
  await turn();
  expect(seen.begun).toBe(1);
});

it('who wakes it gets a pass at once, during the pause and after the pass under way', async () => {
  const { seen, repeated } = passes();
  repeated.start();
  seen.end();
  await turn();
  repeated.wake();
  await expect.poll(() => seen.begun).toBe(2);
  repeated.wake();
  await turn();
  expect(seen.begun).toBe(2); // one at a time
  seen.end();
  await expect.poll(() => seen.begun).toBe(3);
  seen.end();
  await repeated.stop();
});

it('goes on after a pass that failed, and says nothing of one that a stop interrupted', async () => {
  const failed = vi.fn();
  const { seen, repeated } = passes(failed);
  repeated.start();
  seen.end(new Error('the database is away'));
  repeated.wake();
  await expect.poll(() => seen.begun).toBe(2);
  expect(failed).toHaveBeenCalledExactlyOnceWith(new Error('the database is away'));
  const stopped = repeated.stop();
  seen.end(new Error('closed'));
  await stopped;
  expect(failed).toHaveBeenCalledOnce();
});
