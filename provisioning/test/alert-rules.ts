import { namesIn, readYaml } from './files.js';

/** One step of a rule: a query, or an expression over the steps before it. */
export interface Step {
  readonly refId: string;
  readonly datasourceUid: string;
  readonly queryType?: string;
  readonly relativeTimeRange: { readonly from: number; readonly to: number };
  readonly model: {
    readonly refId: string;
    readonly expr?: string;
    readonly type?: 'reduce' | 'math' | 'threshold';
    readonly expression?: string;
    readonly reducer?: string;
    readonly conditions?: ReadonlyArray<{
      readonly evaluator: { readonly type: string; readonly params: readonly number[] };
    }>;
    readonly [key: string]: unknown;
  };
}

/** A rule as Grafana's provisioning has it. */
export interface AlertRule {
  readonly uid: string;
  readonly title: string;
  readonly condition: string;
  readonly for: string;
  readonly noDataState: string;
  readonly execErrState: string;
  readonly isPaused?: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly data: readonly Step[];
  /** Of its group. */
  readonly interval: string;
  readonly file: string;
}

interface AlertingFile {
  readonly groups?: ReadonlyArray<{
    readonly name: string;
    readonly interval: string;
    readonly rules: readonly AlertRule[];
  }>;
}

/** Every rule of provisioning/alerting. */
export function alertRules(): AlertRule[] {
  return namesIn('provisioning/alerting', '.yaml').flatMap((file) =>
    (readYaml<AlertingFile>(`provisioning/alerting/${file}`).groups ?? []).flatMap(({ interval, rules }) =>
      rules.map((rule) => ({ ...rule, interval, file })),
    ),
  );
}

export const isPrometheus = (step: Step): boolean => step.datasourceUid === 'tickscope-prometheus';
export const isTickscope = (step: Step): boolean => step.datasourceUid === 'tickscope';

/** Rules whose every query goes to Prometheus. */
export const onPrometheus = (rule: AlertRule): boolean =>
  rule.data.every((step) => isPrometheus(step) || step.datasourceUid === '__expr__');
