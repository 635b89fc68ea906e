import http, { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, describe, expect, it } from 'vitest';
import { Limiter } from '../../src/broker/limiter.js';

/** Most arrivals in any window of a second, `[t, t + 1000)`. */
function busiestSecond(arrivals: readonly number[]): number {
  let most = 0;
  for (let first = 0, last = 0; last < arrivals.length; last++) {
    while (arrivals[last]! - arrivals[first]! >= 1000) first++;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

interface CountingServer {
  readonly arrivals: number[];
  readonly get: (sent: () => void) => Promise<void>;
}

const closers: Array<() => Promise<unknown>> = [];
afterAll(() => Promise.all(closers.map((close) => close())));

/** Writes down when each request arrives and answers after `delayMs()`. */
async function countingServer(delayMs: () => number = () => 0): Promise<CountingServer> {
  const arrivals: number[] = [];
  const server = createServer((_request, response) => {
    arrivals.push(performance.now());
    setTimeout(() => response.end('ok'), delayMs());
  });
  const agent = new http.Agent({ keepAlive: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  closers.push(() => {
    agent.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  const get = (sent: () => void): Promise<void> =>
    new Promise((resolve, reject) => {
      const request = http.get({ port, host: '127.0.0.1', agent }, (response) => {
        response.resume().on('end', resolve);
      });
      request.once('finish', sent).once('error', reject);
    });
  return { arrivals, get };
}

// Side by side, because most of the time is spent waiting for seconds to pass.
describe.concurrent('the limiter', () => {
  it.each([
    ['3 a second, answered at once', 3, 13, () => 0],
    ['1 a second', 1, 4, () => 5],
    ['3 a second, answered after 150 ms', 3, 13, () => 150],
    ['10 a second, answered unevenly', 10, 41, () => Math.random() * 100],
    ['3 a second, answered late and unevenly', 3, 13, () => 20 + Math.random() * 180],
    // From the 33rd answer on it gives back what the way takes.
    ['20 a second, answered after 120 ms', 20, 141, () => 120],
  ])('never exceeds %s, as the server counts', async (_what, perSecond, requests, delay) => {
    const { arrivals, get } = await countingServer(delay);
    const limiter = new Limiter({ perSecond });
    await Promise.all(Array.from({ length: requests }, () => limiter.run(get)));
    expect(arrivals.length).toBe(requests);
    expect(busiestSecond(arrivals)).toBe(perSecond);
  });

  it('never exceeds the rate when requests stall on their way to the server', async () => {
    const { arrivals, get } = await countingServer();
    const limiter = new Limiter({ perSecond: 3 });
    let i = 0;
    // It has left, as far as we can see, but every third one is held up by 120 ms on the way.
    const stalls = async (sent: () => void) => {
      sent();
      if (i++ % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 120));
      await get(() => undefined);
    };
    await Promise.all(Array.from({ length: 13 }, () => limiter.run(stalls)));
    expect(busiestSecond(arrivals)).toBeLessThanOrEqual(3);
  });

  it('does not let an idle second save up requests', async () => {
    const { arrivals, get } = await countingServer();
    const limiter = new Limiter({ perSecond: 3 });
    await Promise.all(Array.from({ length: 2 }, () => limiter.run(get)));
    await new Promise((resolve) => setTimeout(resolve, 600));
    await Promise.all(Array.from({ length: 6 }, () => limiter.run(get)));
    expect(busiestSecond(arrivals)).toBe(3);
  });

  it('counts a request from when it left, not from when its connection was begun', async () => {
    const { arrivals, get } = await countingServer();
    const limiter = new Limiter({ perSecond: 2 });
    let first = true;
    const slowToConnect = async (sent: () => void) => {
      if (first) {
        first = false;
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      await get(sent);
    };
    await Promise.all(Array.from({ length: 5 }, () => limiter.run(slowToConnect)));
    expect(busiestSecond(arrivals)).toBe(2);
  });

  it('holds a slot until a second after the answer, and until it knows the way no less', async () => {
    let now = 0;
    const limiter = new Limiter({ perSecond: 1, now: () => now });
    const ask = async (latency: number) => {
      let answer = (): void => undefined;
      const done = limiter.run((sent) => {
        sent();
        return new Promise<void>((resolve) => {
          answer = resolve;
        });
      });
      now += latency;
      answer();
      await done;
    };
    const remainingAt = (at: number) => {
      now = at;
      return limiter.remaining;
    };
    await ask(150);
    expect([1100, 1161, 1162].map(remainingAt)).toEqual([0, 0, 1]);
    limiter.close();
  });

  it('gives back the time that the way takes, once it knows it', async () => {
    let now = 0;
    const limiter = new Limiter({ perSecond: 40, now: () => now });
    const ask = (latency: number) =>
      limiter.run(async (sent) => {
        sent();
        now += latency;
      });
    const freesAt = (from: number) => {
      now = from;
      const held = limiter.remaining;
      while (limiter.remaining === held) now++;
      return now - from;
    };
    for (let i = 0; i < 32; i++) await ask(120);
    now = 100_000;
    await ask(120);
    expect(freesAt(100_120)).toBe(1_012 - 120);
    now = 200_000;
    await ask(150); // 30 of them may have passed before it arrived
    expect(freesAt(200_150)).toBe(1_042 - 150);
    limiter.close();
  });

  it('takes the most urgent request when a slot is free, and the oldest of equals', async () => {
    const limiter = new Limiter({ perSecond: 1 });
    const order: string[] = [];
    const go = (name: string, priority: number) =>
      limiter.run(async (sent) => {
        sent();
        order.push(name);
      }, priority);
    const first = go('first', 0);
    await first;
    // The gate waits for the slot already: a request that comes now still goes before older ones.
    const rest = [go('idle 1', 0), go('idle 2', 0), go('urgent', 10)];
    await rest[2];
    expect(order).toEqual(['first', 'urgent']);
    await rest[0];
    expect(order).toEqual(['first', 'urgent', 'idle 1']);
    limiter.close();
    await expect(rest[1]).rejects.toThrow('closed');
  });

  it('tells how many requests may start, and how many wait', async () => {
    const { get } = await countingServer();
    const limiter = new Limiter({ perSecond: 3 });
    expect(limiter.remaining).toBe(3);
    await limiter.run(get);
    expect(limiter.remaining).toBe(2);
    limiter.holdOff(200);
    expect(limiter.remaining).toBe(0);
    const rest = Array.from({ length: 4 }, () => limiter.run(get).catch(() => undefined));
    expect(limiter.queued).toBeGreaterThanOrEqual(3);
    limiter.close();
    await Promise.all(rest);
  });

  it('starts nothing while it is held off', async () => {
    const { arrivals, get } = await countingServer();
    const limiter = new Limiter({ perSecond: 3 });
    await limiter.run(get);
    limiter.holdOff(250);
    await limiter.run(get);
    await limiter.run(get);
    expect(arrivals[2]! - arrivals[0]!).toBeGreaterThanOrEqual(249);
  });

  it('goes on after a request that failed, before or after it left', async () => {
    const { get } = await countingServer();
    const limiter = new Limiter({ perSecond: 10 });
    const fails = (sent: () => void) => {
      sent();
      return Promise.reject(new Error('no'));
    };
    await expect(limiter.run(fails)).rejects.toThrow('no');
    await expect(limiter.run(() => Promise.reject(new Error('refused')))).rejects.toThrow('refused');
    await limiter.run(get);
    expect(limiter.remaining).toBe(7);
  });

  it('knows no limit at 0, but does not open a socket for each request', async () => {
    const { get } = await countingServer();
    const limiter = new Limiter({ perSecond: 0 });
    let most = 0;
    let running = 0;
    const task = async (): Promise<void> => {
      most = Math.max(most, ++running);
      await get(() => undefined);
      running--;
    };
    await Promise.all(Array.from({ length: 100 }, () => limiter.run(task)));
    expect(most).toBe(8);
    expect(limiter.remaining).toBe(Number.POSITIVE_INFINITY);
  });

  it('refuses what waits when it is closed, what comes later, and lets what is under way end', async () => {
    const { arrivals, get } = await countingServer(() => 100);
    const limiter = new Limiter({ perSecond: 1 });
    const [underWay, waiting] = [limiter.run(get), limiter.run(get)];
    waiting.catch(() => undefined);
    await new Promise((resolve) => setTimeout(resolve, 30));
    limiter.close();
    limiter.close();
    await expect(waiting).rejects.toMatchObject({ kind: 'unavailable' });
    await expect(limiter.run(get)).rejects.toMatchObject({ kind: 'unavailable' });
    await underWay;
    expect(arrivals.length).toBe(1);
  });

  it('refuses a rate that is none', () => {
    expect(() => new Limiter({ perSecond: -1 })).toThrow(RangeError);
    expect(() => new Limiter({ perSecond: 0.5 })).toThrow(RangeError);
  });
});
