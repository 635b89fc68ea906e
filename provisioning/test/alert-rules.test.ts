import { describe, expect, it } from 'vitest';
import { alertRules } from './alert-rules.js';
import { namesIn, readText, readYaml } from './files.js';

const rules = alertRules();

/** What the desk and the operator were promised to be told of, by uid. */
const PROMISED = [
  'feed-disconnected tick-to-commit queue hole hole-open repair-failed completeness database-slow aggregate-lag',
  'spool-growing disk-low broker-limit login calendar vix-extreme vix-low vix-jump vix-regime',
  'example-price example-volume example-candle ingest-down feed-silent ticks-dropped database-down unanswered clock',
]
  .flatMap((line) => line.split(' '))
  .map((name) => `tickscope-${name}`);

interface Dashboard {
  readonly uid: string;
  readonly panels: ReadonlyArray<{ readonly id: number; readonly type: string }>;
}
const dashboards = namesIn('dashboards/json', '.json').map(
  (name) => JSON.parse(readText(`dashboards/json/${name}`)) as Dashboard,
);

describe('alert rules', () => {
  it('are all there, each once', () => {
    expect(rules.map(({ uid }) => uid).sort()).toEqual([...PROMISED].sort());
    expect(new Set(rules.map(({ title }) => title)).size).toBe(rules.length);
  });

  it.each(rules.map((rule) => [rule.uid, rule] as const))('%s is one that Grafana takes', (_uid, rule) => {
    expect(rule.uid.length).toBeLessThanOrEqual(40);
    expect(rule.for).toMatch(/^\d+(s|m)$/);
    expect(['OK', 'NoData', 'Alerting']).toContain(rule.noDataState);
    expect(['OK', 'Error', 'Alerting']).toContain(rule.execErrState);
    // `for` is only looked at when the group is evaluated.
    expect(seconds(rule.for) % seconds(rule.interval)).toBe(0);
    const refs = rule.data.map(({ refId }) => refId);
    expect(new Set(refs).size).toBe(refs.length);
    expect(refs).toContain(rule.condition);
    for (const [i, { refId, model, datasourceUid, relativeTimeRange }] of rule.data.entries()) {
      expect(model.refId).toBe(refId);
      expect(['tickscope', 'tickscope-sql', 'tickscope-prometheus', '__expr__']).toContain(datasourceUid);
      expect(relativeTimeRange.from).toBeGreaterThan(relativeTimeRange.to);
      const named = [...(model.expression ?? '').matchAll(/\$?\b([A-Z])\b/g)].map(([, name]) => name!);
      for (const name of named)
        expect(refs.slice(0, i), `${refId} uses ${name} before it is there`).toContain(name);
    }
  });

  it.each(rules.map((rule) => [rule.uid, rule] as const))(
    '%s tells what is wrong, what to do and where to look',
    (_uid, rule) => {
      const { summary, runbook, __dashboardUid__: uid, __panelId__: panel } = rule.annotations;
      expect(summary!.length).toBeGreaterThan(20);
      expect(runbook!.length).toBeGreaterThan(20);
      expect(['critical', 'warning', 'info']).toContain(rule.labels['severity']);
      const dashboard = dashboards.find((one) => one.uid === uid);
      expect(dashboard, `no dashboard ${uid}`).toBeDefined();
      const shown = dashboard!.panels.find(({ id, type }) => String(id) === panel && type !== 'row');
      expect(shown, `no panel ${panel} on ${uid}`).toBeDefined();
      // A value that is not there (no data) must not break the sentence, so each is asked for first.
      const text = `${summary} ${runbook}`;
      const values = [...text.matchAll(/\$values\.([A-Z])/g)].map(([, ref]) => ref!);
      expect(values.filter((ref) => !rule.data.some(({ refId }) => refId === ref))).toEqual([]);
      expect(text.match(/\$values/g)?.length ?? 0).toBe(
        text.match(/\{\{ with \$values\.[A-Z] \}\}/g)?.length ?? 0,
      );
    },
  );

  it('which would ring for weeks, or are there to be copied, are paused', () => {
    expect(rules.filter(({ isPaused }) => isPaused).map(({ uid }) => uid)).toEqual([
      'tickscope-example-price',
      'tickscope-example-volume',
      'tickscope-example-candle',
      'tickscope-vix-low',
    ]);
  });

  it('leave it to one of them to say that ingest is gone', () => {
    expect(rules.filter(({ noDataState }) => noDataState !== 'OK').map(({ uid }) => uid)).toEqual([
      'tickscope-ingest-down',
    ]);
  });
});

describe('who is told', () => {
  interface Contacts {
    readonly contactPoints: ReadonlyArray<{ readonly name: string }>;
  }
  interface Route {
    readonly receiver: string;
    readonly routes?: readonly Route[];
  }
  const names = readYaml<Contacts>('provisioning/alerting/contact-points.yaml').contactPoints.map(
    ({ name }) => name,
  );

  it('is chosen by one variable, whose default is a contact point that is provisioned', () => {
    const { policies } = readYaml<{ policies: readonly Route[] }>('provisioning/alerting/policies.yaml');
    const receivers = policies
      .flatMap((route) => [route, ...(route.routes ?? [])])
      .map(({ receiver }) => receiver);
    expect(new Set(receivers)).toEqual(new Set(['$' + '{TICKSCOPE_ALERT_CONTACT}']));
    const fallback = /TICKSCOPE_ALERT_CONTACT:-([^}"]+)/;
    for (const file of ['docker-compose.yml', 'provisioning/grafana.env']) {
      expect(names).toContain(fallback.exec(readText(file))?.[1]);
    }
  });
});

function seconds(duration: string): number {
  return Number(duration.slice(0, -1)) * (duration.endsWith('m') ? 60 : 1);
}
