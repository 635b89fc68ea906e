import { describe, expect, it } from 'vitest';
import { alertRules, onPrometheus } from './alert-rules.js';
import { asPrometheusAlert, has, testAlerts } from './promtool.js';
import { completenessMoments } from './scenarios/completeness.js';
import { databaseMoments } from './scenarios/database.js';
import { feedMoments } from './scenarios/feed.js';
import { volatilityMoments } from './scenarios/volatility.js';

const MOMENTS = [...feedMoments, ...databaseMoments, ...completenessMoments, ...volatilityMoments];
/** Seconds on a machine that does nothing else. */
const PROMTOOL_TIMEOUT_MS = 180_000;
const rules = alertRules().filter(onPrometheus);

describe('alert rules on Prometheus', () => {
  it('each have data that fire them and data that do not', () => {
    for (const { uid } of rules) {
      const of = MOMENTS.filter((moment) => moment.uid === uid);
      expect(
        of.some(({ fires }) => fires),
        `${uid} fires on no data`,
      ).toBe(true);
      expect(
        of.some(({ fires }) => !fires),
        `${uid} is never quiet`,
      ).toBe(true);
    }
    expect(MOMENTS.map(({ uid }) => uid).filter((uid) => !rules.some((rule) => rule.uid === uid))).toEqual(
      [],
    );
  });

  it('that ask whether the market is open are quiet while it is shut', () => {
    const asking = rules.filter((rule) => asPrometheusAlert(rule).expr.includes('tickscope_market_open'));
    expect(asking.length).toBeGreaterThan(5);
    for (const { uid } of asking) {
      const shut = MOMENTS.filter((moment) => moment.uid === uid && /shut|night|holiday/.test(moment.when));
      expect(
        shut.some(({ fires }) => !fires),
        `${uid} is not tried while the market is shut`,
      ).toBe(true);
    }
  });

  it.skipIf(!has('promtool'))(
    'fire on what they are for, after the time they wait, and on nothing else',
    async () => {
      expect(await testAlerts(rules, MOMENTS)).toBe('');
    },
    PROMTOOL_TIMEOUT_MS,
  );

  it.skipIf(!has('promtool'))(
    'are really tried: a wrong expectation is found',
    async () => {
      const [moment] = MOMENTS.filter(({ uid, fires }) => uid === 'tickscope-disk-low' && fires);
      expect(await testAlerts(rules, [{ ...moment!, fires: false }])).toContain('tickscope-disk-low');
    },
    PROMTOOL_TIMEOUT_MS,
  );
});
