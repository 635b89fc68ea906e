import pino from 'pino';
import { expect, test } from 'vitest';
import { CAPACITY, KiteFeed } from '../../src/feed/kite/feed.js';
import { Subscriptions } from '../../src/service/subscriptions.js';

const NIFTY = 256265;
const log = pino({ level: 'silent' });
const nothing = () => undefined;
const sink = {
  connected: nothing,
  subscribed: nothing,
  unsubscribed: nothing,
  frame: () => 0,
  alive: nothing,
  disconnected: nothing,
};

/** Instruments 1 to `listed` and NIFTY 50, of which those in `expired` are traded no more. */
function subscriptionsTo(stored: readonly number[], expired: ReadonlySet<number> = new Set()) {
  const asked: number[] = [];
  const feed = new KiteFeed({
    url: 'ws://127.0.0.1:1',
    apiKey: 'k',
    sink,
    clock: { now: () => 0 },
    log,
    inSession: () => false,
  });
  const parts = {
    config: { broker: 'kite', feedMode: 'full', instruments: [] },
    db: { pool: { query: async () => ({ rows: stored.map((token) => ({ token, mode: 'full' })) }) } },
    registry: {
      current: {
        brokerToken: (token: number) => token,
        byToken: (token: number) => ({ token, active: !expired.has(token) }),
      },
    },
    feed: {
      setInstruments(instruments: ReadonlyMap<number, 'full'>) {
        asked.splice(0, asked.length, ...instruments.keys());
        feed.setInstruments(instruments);
      },
    },
    log,
  };
  return { subscriptions: new Subscriptions(parts as never), asked };
}

const tokens = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

test('what the connections cannot carry is left out and counted, beside the canaries, instead of stopping the start', async () => {
  const { subscriptions, asked } = subscriptionsTo([...tokens(CAPACITY + 6), NIFTY]);
  await subscriptions.reload();
  expect(CAPACITY).toBe(3 * 2998);
  expect(subscriptions.leftOut).toBe(7); // NIFTY BANK is of the configuration and comes first
  expect(asked).toHaveLength(CAPACITY + 2);
});

test('expired contracts take no room from those that are traded', async () => {
  const { subscriptions, asked } = subscriptionsTo(tokens(CAPACITY + 500), new Set(tokens(500)));
  await subscriptions.reload();
  expect(subscriptions.leftOut).toBe(1);
  expect(asked).not.toContain(500);
  expect(asked).toContain(501);
  expect(subscriptions.current().some(({ token }) => token <= 500)).toBe(false);
});
