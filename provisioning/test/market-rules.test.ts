import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { emptyFolder, freePort, Tickscope } from '../../ingest/test/e2e/process.js';
import { type AlertRule, alertRules, isTickscope, onPrometheus, type Step } from './alert-rules.js';
import { type Answers, holds, type Line } from './expressions.js';
import { type BackEnd, buildBackEnd, hasGo } from './plugin.js';

const rules = alertRules().filter((rule) => !onPrometheus(rule));
const rule = (uid: string): AlertRule => rules.find((one) => one.uid === uid)!;
const market = (open: 0 | 1): Line[] => [{ labels: {}, values: [open] }];
const plain = (...values: number[]): Line[] => [{ labels: {}, values }];
const infy = (...values: number[]): Line[] => [{ labels: { instrument: 'NSE:INFY' }, values }];
const nifty = (...values: number[]): Line[] => [{ labels: { instrument: 'NSE:NIFTY 50' }, values }];

const MOMENTS: ReadonlyArray<[uid: string, when: string, answers: Answers, fires: boolean]> = [
  ['tickscope-vix-extreme', '36.2', { A: plain(36.2), B: market(1) }, true],
  ['tickscope-vix-extreme', '34.9', { A: plain(34.9), B: market(1) }, false],
  ['tickscope-vix-extreme', '36.2, the market is shut', { A: plain(36.2), B: market(0) }, false],
  ['tickscope-vix-low', '12', { A: plain(12), B: market(1) }, true],
  ['tickscope-vix-low', '15', { A: plain(15), B: market(1) }, false],
  ['tickscope-vix-low', '12, the market is shut', { A: plain(12), B: market(0) }, false],
  [
    'tickscope-example-price',
    'from 1995 to 2001',
    { A: infy(2001), B: infy(1995, 1998), C: market(1) },
    true,
  ],
  [
    'tickscope-example-price',
    'above all the time',
    { A: infy(2005), B: infy(2001, 2003), C: market(1) },
    false,
  ],
  ['tickscope-example-price', 'below', { A: infy(1999), B: infy(1995, 1998), C: market(1) }, false],
  ['tickscope-example-price', 'the market is shut', { A: infy(2001), B: infy(1995), C: market(0) }, false],
  [
    'tickscope-example-volume',
    '10 times the mean',
    { A: infy(100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 100, 1000), B: infy(100, 1000) },
    true,
  ],
  ['tickscope-example-volume', 'twice the mean', { A: infy(100, 100, 100, 200), B: infy(100, 200) }, false],
  ['tickscope-example-volume', 'the market is shut: no candles', { A: [], B: [] }, false],
  ['tickscope-example-candle', 'fell 1.5 %', { A: nifty(25000, 24900), B: nifty(24800, 24625) }, true],
  ['tickscope-example-candle', 'fell 0.5 %', { A: nifty(25000, 24900), B: nifty(24950, 24875) }, false],
  ['tickscope-example-candle', 'the market is shut: no candles', { A: [], B: [] }, false],
];

describe('alert rules on the data source tickscope', () => {
  it('each have data that fire them and data that do not', () => {
    for (const { uid } of rules) {
      const fires = new Set(MOMENTS.filter(([of]) => of === uid).map(([, , , yes]) => yes));
      expect(fires, uid).toEqual(new Set([true, false]));
    }
  });

  it.each(MOMENTS)('%s: %s', (uid, _when, answers, fires) => {
    expect(holds(rule(uid), answers)).toBe(fires);
  });

  describe.skipIf(!hasGo())('through the back end, against a running ingest', () => {
    let folder: Awaited<ReturnType<typeof emptyFolder>>;
    let ingest: Tickscope | undefined;
    let backEnd: BackEnd;

    beforeAll(async () => {
      folder = await emptyFolder();
      const port = await freePort();
      const url = `http://127.0.0.1:${port}`;
      ingest = new Tickscope(['serve'], folder.path, {
        TICKSCOPE_PORT: String(port),
        TICKSCOPE_DATA_DIR: `${folder.path}/data`,
        TICKSCOPE_READ_TOKEN: 'read-token',
        SIMULATOR_INSTRUMENTS: '60',
        SIMULATOR_RATE: '60',
      });
      const [built] = await Promise.all([
        buildBackEnd(folder.path, url, 'read-token'),
        ingest.ready(`${url}/health/ready`, 150_000),
      ]);
      backEnd = built;
    }, 300_000);
    afterAll(async () => {
      ingest?.child.kill('SIGTERM');
      await ingest?.exit;
      await folder?.remove();
    }, 180_000);

    /** A query's answer once there is one: India VIX has none before its first minute. */
    const answer = async (step: Step): Promise<Line[]> => {
      for (const deadline = Date.now() + 120_000; ; ) {
        const lines = await backEnd.query(step);
        if (lines.some(({ values }) => values.length > 0) || Date.now() > deadline) return lines;
        await new Promise((resolve) => setTimeout(resolve, 3000));
      }
    };

    it.each(rules.map((one) => [one.uid, one] as const))(
      '%s gets numbers, and decides on them',
      async (_uid, one) => {
        const answers: Record<string, Line[]> = {};
        for (const step of one.data) {
          if (isTickscope(step)) answers[step.refId] = await answer(step);
          else if (step.datasourceUid === 'tickscope-prometheus') answers[step.refId] = market(1);
        }
        for (const [refId, lines] of Object.entries(answers)) {
          expect(lines.length, `${refId} has no series`).toBe(1);
          expect(lines[0]!.values.length, `${refId} has no value`).toBeGreaterThan(0);
          expect(lines[0]!.values.every(Number.isFinite)).toBe(true);
        }
        expect(typeof holds(one, answers)).toBe('boolean');
      },
      180_000,
    );

    it('what VIX is now fires a level below it and not one above', async () => {
      const { data } = rule('tickscope-vix-extreme');
      const now = await answer(data.find(isTickscope)!);
      const value = now[0]!.values.at(-1)!;
      const over = (level: number) => {
        const moved = JSON.parse(
          JSON.stringify(rule('tickscope-vix-extreme')).replace('> 35', `> ${level}`),
        ) as AlertRule;
        return holds(moved, { A: now, B: market(1) });
      };
      expect(over(value - 0.01)).toBe(true);
      expect(over(value + 0.01)).toBe(false);
    }, 180_000);
  });
});
