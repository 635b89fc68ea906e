import { expect, test } from 'vitest';
import type { QuietInstrument } from '../../src/batch/tick-pipeline.js';
import { FeedWatch } from '../../src/health/feed-watch.js';
import { createMetrics } from '../../src/metrics.js';
import { quiet } from '../fixtures/databases.js';

const silent = (token: number): QuietInstrument => ({
  feed: 'kite-1',
  token,
  brokerToken: token + 1,
  silentMs: 60_000,
  usualMs: 1_000,
  limitMs: 30_000,
});

function watching() {
  const clock = { ms: 1_000_000, now: () => clock.ms };
  const metrics = createMetrics();
  const state = { stale: [] as QuietInstrument[], unanswered: [] as QuietInstrument[] };
  const asked: Array<{ at: number; brokerTokens: readonly number[] }> = [];
  const told: number[] = [];
  const watch = new FeedWatch({
    hearing: {
      stale: () => state.stale,
      unanswered: () => state.unanswered,
      askedAgain: (_at, tokens) => void told.push(...tokens),
    },
    feeds: () => ['kite-1'],
    feed: {
      askAgain: (brokerTokens) => {
        asked.push({ at: clock.ms, brokerTokens });
        return brokerTokens.length;
      },
    },
    clock,
    log: quiet,
    metrics,
  });
  const run = (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      clock.ms += 1_000;
      watch.look();
    }
  };
  return { watch, state, asked, told, metrics, run };
}

test('who is silent is subscribed again, by the broker’s token, later each time, until it is heard', () => {
  const { state, asked, told, run } = watching();
  state.unanswered = [silent(10)];
  run(80);
  expect(asked.map(({ brokerTokens }) => brokerTokens)).toEqual([[11], [11], [11], [11]]);
  expect(asked.slice(1).map(({ at }, i) => at - asked[i]!.at)).toEqual([10_000, 20_000, 40_000]);
  expect(told).toEqual([10, 10, 10, 10]);
  state.unanswered = [];
  run(1);
  state.stale = [silent(10)];
  run(1);
  expect(asked).toHaveLength(5);
});

test('an instrument that never answers is asked every five minutes at most', () => {
  const { state, asked, run } = watching();
  state.unanswered = [silent(10)];
  run(3_600);
  expect(asked.length).toBeLessThan(18);
  expect(asked.at(-1)!.at - asked.at(-2)!.at).toBe(300_000);
});

test('counts who is silent on each connection, and counts down again', async () => {
  const { state, metrics, run, watch } = watching();
  const value = async (name: string) =>
    (await metrics.registry.getSingleMetric(`tickscope_${name}`)!.get()).values.map(({ value }) => value);
  state.stale = [silent(10), silent(20)];
  state.unanswered = [silent(30)];
  run(1);
  expect(await value('stale_instruments')).toEqual([2]);
  expect(await value('unanswered_instruments')).toEqual([1]);
  expect(await value('resubscriptions_total')).toEqual([3]);
  expect(watch.silence.stale).toHaveLength(2);
  state.stale = [];
  state.unanswered = [];
  run(1);
  expect(await value('stale_instruments')).toEqual([0]);
  expect(await value('unanswered_instruments')).toEqual([0]);
});

test('of every connection the metrics tell, also that nobody is silent', async () => {
  const { metrics, run } = watching();
  run(1);
  for (const metric of [metrics.feedStale, metrics.feedUnanswered, metrics.feedResubscribed]) {
    expect((await metric.get()).values).toMatchObject([{ labels: { feed: 'kite-1' }, value: 0 }]);
  }
});
