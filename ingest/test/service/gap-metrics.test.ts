import { expect, it } from 'vitest';
import { createMetrics } from '../../src/metrics.js';
import { GapMetrics } from '../../src/service/gap-metrics.js';
import { INFY, ist, NIFTY, NOW, seedMarket } from '../api/market.js';
import { eachDatabase } from '../fixtures/databases.js';

eachDatabase((server) => {
  /** Heard since 09:15 but for 10:00-10:12, which the broker healed, and 14:20-14:25, which nobody did. */
  const market = async (tokens: readonly number[]) => {
    const db = await server.open();
    await seedMarket(db);
    const clock = { at: NOW, now: () => clock.at };
    const metrics = createMetrics();
    const subscriptions = { current: () => tokens.map((token) => ({ token })) };
    const gaps = new GapMetrics({ db, clock, metrics, subscriptions });
    const values = async () => {
      await gaps.update();
      const value = async (metric: { get(): Promise<{ values: Array<{ value: number }> }> }) =>
        (await metric.get()).values[0]?.value;
      return {
        open: await value(metrics.gapsOpen),
        completeness: await value(metrics.dayCompleteness),
        oldest: await value(metrics.gapOldestOpen),
        notHeard: await value(metrics.gapSeconds),
      };
    };
    return { clock, db, values };
  };

  it('the day’s holes are counted once an instrument, and healed ones are none', async () => {
    const { values } = await market([INFY, NIFTY]);
    const { open, completeness, oldest } = await values();
    expect(open).toBe(2);
    expect(completeness).toBeCloseTo(1 - 300 / ((NOW - ist('09:15:00')) / 1000 - 3), 6);
    expect(oldest).toBe((NOW - ist('14:20:00')) / 1000);
  });

  it('what passed before the first subscription is missing, but does not grow old', async () => {
    const { db, values } = await market([INFY]);
    const since = ist('14:22:00');
    await db.pool.query(
      'update feed_assignments set assigned_at = to_timestamp($1::float8 / 1000) where token = $2',
      [since, INFY],
    );
    const { completeness, oldest } = await values();
    expect(completeness).toBeLessThan(0.5);
    expect(oldest).toBe((NOW - since) / 1000);
  });

  it('nor does the minute of the first subscription', async () => {
    const { db, values } = await market([INFY]);
    await db.pool.query(
      'update feed_assignments set assigned_at = to_timestamp($1::float8 / 1000) where token = $2',
      [ist('14:24:10'), INFY],
    );
    expect((await values()).oldest).toBe(0);
  });

  it('before a session there is nothing to be complete', async () => {
    const { clock, values } = await market([INFY]);
    clock.at = ist('08:00:00');
    expect(await values()).toMatchObject({ open: 0, completeness: Number.NaN, oldest: 0 });
  });

  it('session time that a feed did not hear adds up, each second once and none after the close', async () => {
    // Coverage ends at 15:00; the last minute is not judged yet.
    const { clock, values } = await market([INFY]);
    expect((await values()).notHeard).toBe(0);
    clock.at = ist('15:10:00');
    expect((await values()).notHeard).toBe(540);
    clock.at = ist('18:00:00');
    expect((await values()).notHeard).toBe(1800);
    clock.at += 60_000;
    expect((await values()).notHeard).toBe(1800);
  });
});
