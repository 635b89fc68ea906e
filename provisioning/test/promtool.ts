import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { stringify } from 'yaml';
import type { AlertRule } from './alert-rules.js';

/** Series in promtool's notation, such as `{ 'up{job="tickscope"}': '1x30' }`, a sample each 10 s. */
export type Series = Readonly<Record<string, string>>;

export interface Moment {
  readonly uid: string;
  /** What the series describe. */
  readonly when: string;
  readonly series: Series;
  /** Time after the first sample at which the rule is looked at, such as `6m`. */
  readonly at: string;
  readonly fires: boolean;
}

export const SAMPLE_EVERY = '10s';

/** Whether the program is there. With CI=true that it is not is a failure and not a reason to skip. */
export function has(program: string): boolean {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    if (process.env['CI'] === 'true') throw new Error(`${program} is not on the path.`);
    console.warn(`${program} is not on the path: NOT tested with it.`);
    return false;
  }
}

const COMPARISONS: Readonly<Record<string, string>> = { gt: '>', lt: '<', gte: '>=', lte: '<=' };

/**
 * The rule as Prometheus' own alerting has it: the query, reduced to its last value as an instant query is anyway, and
 * the threshold. Counted, so that the alert carries no labels; without data it fires where `noDataState` says so.
 */
export function asPrometheusAlert(rule: AlertRule): { alert: string; expr: string; for: string } {
  const query = rule.data.find(({ model }) => model.expr !== undefined)!;
  const reduce = rule.data.find(({ model }) => model.type === 'reduce')!;
  const threshold = rule.data.find(({ refId }) => refId === rule.condition)!;
  const evaluator = threshold.model.conditions?.[0]?.evaluator;
  const comparison = COMPARISONS[evaluator?.type ?? ''];
  const chained = threshold.model.expression === reduce.refId && reduce.model.expression === query.refId;
  if (!chained || rule.data.length !== 3 || !comparison || reduce.model.reducer !== 'last') {
    throw new Error(`${rule.uid} is no query with its last value and a threshold.`);
  }
  const expr = query.model.expr!;
  const missing = rule.noDataState === 'Alerting' ? `\nor absent(\n${expr}\n)` : '';
  return {
    alert: rule.uid,
    expr: `count((\n${expr}\n) ${comparison} ${evaluator!.params[0]}) > 0${missing}`,
    for: rule.for,
  };
}

/**
 * Runs promtool's rule tests, a file a rule: each test would evaluate every rule of its file.
 * @returns its report when a moment is not as described, else nothing.
 */
export async function testAlerts(rules: readonly AlertRule[], moments: readonly Moment[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'tickscope-promtool-'));
  try {
    const files: string[] = [];
    for (const rule of rules) {
      const of = moments.filter(({ uid }) => uid === rule.uid);
      const groups = [{ name: rule.uid, interval: rule.interval, rules: [asPrometheusAlert(rule)] }];
      const tests = of.map(({ uid, when, series, at, fires }) => ({
        name: `${uid}: ${when}`,
        interval: SAMPLE_EVERY,
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        alert_rule_test: [{ eval_time: at, alertname: uid, exp_alerts: fires ? [{}] : [] }],
      }));
      const file = join(folder, `${rule.uid}.test.yml`);
      const content = { rule_files: [`${rule.uid}.yml`], evaluation_interval: SAMPLE_EVERY, tests };
      await writeFile(join(folder, `${rule.uid}.yml`), stringify({ groups }));
      await writeFile(file, stringify(content));
      if (of.length > 0) files.push(file);
    }
    return await promtool(['test', 'rules', ...files]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** @returns what promtool says when it fails, else nothing. */
export async function promtool(args: readonly string[]): Promise<string> {
  try {
    await promisify(execFile)('promtool', [...args], { maxBuffer: 16 * 1_048_576 });
    return '';
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    return `${stdout}\n${stderr}`.trim();
  }
}
