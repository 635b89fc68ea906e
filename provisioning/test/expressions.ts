import type { AlertRule, Step } from './alert-rules.js';

/** The values of one series, with its labels. */
export interface Line {
  readonly labels: Readonly<Record<string, string>>;
  readonly values: readonly number[];
}
/** What each query of a rule answered. */
export type Answers = Readonly<Record<string, readonly Line[]>>;

const REDUCERS: Readonly<Record<string, (values: readonly number[]) => number>> = {
  last: (values) => values.at(-1)!,
  min: (values) => Math.min(...values),
  max: (values) => Math.max(...values),
  mean: (values) => values.reduce((sum, value) => sum + value, 0) / values.length,
};
const EVALUATORS: Readonly<Record<string, (value: number, limit: number) => boolean>> = {
  gt: (value, limit) => value > limit,
  lt: (value, limit) => value < limit,
};

/**
 * Whether the rule's condition holds for any series, as Grafana's server-side expressions have it: reduce, math over
 * what shares labels or has none, threshold. Only what our rules use.
 */
export function holds(rule: AlertRule, answers: Answers): boolean {
  const results = new Map<string, readonly Line[]>(Object.entries(answers));
  for (const step of rule.data) {
    if (step.datasourceUid === '__expr__') results.set(step.refId, evaluate(step, results));
    else if (!results.has(step.refId)) throw new Error(`${rule.uid}: nothing was answered to ${step.refId}.`);
  }
  return results.get(rule.condition)!.some(({ values }) => values[0] === 1);
}

function evaluate(step: Step, results: ReadonlyMap<string, readonly Line[]>): Line[] {
  const { type, expression = '', reducer = '', conditions } = step.model;
  const number = (line: Line, value: number): Line => ({ labels: line.labels, values: [value] });
  switch (type) {
    case 'reduce':
      return results
        .get(expression)!
        .filter(({ values }) => values.length > 0)
        .map((line) => number(line, REDUCERS[reducer]!(line.values)));
    case 'threshold': {
      const { type: name, params } = conditions![0]!.evaluator;
      return results
        .get(expression)!
        .map((line) => number(line, Number(EVALUATORS[name]!(line.values[0]!, params[0]!))));
    }
    case 'math':
      return math(expression, results);
    default:
      throw new Error(`${step.refId}: an expression of type ${type} is not known here.`);
  }
}

function math(expression: string, results: ReadonlyMap<string, readonly Line[]>): Line[] {
  const names = [...new Set([...expression.matchAll(/\$([A-Z])/g)].map(([, name]) => name!))];
  const operands = names.map((name) => results.get(name)!);
  // Nothing on one side is nothing in all.
  if (operands.some((lines) => lines.length === 0)) return [];
  const labelled = operands.flat().filter(({ labels }) => Object.keys(labels).length > 0);
  const sets = new Map(
    (labelled.length > 0 ? labelled : operands[0]!).map(({ labels }) => [JSON.stringify(labels), labels]),
  );
  return [...sets.values()].flatMap((labels) => {
    const values = operands.map((lines) => lines.find((line) => matches(line.labels, labels))?.values[0]);
    if (values.some((value) => value === undefined)) return [];
    const written = names.reduce(
      (text, name, i) => text.replaceAll(`$${name}`, `(${values[i]})`),
      expression,
    );
    if (!/^[\d\s()+\-*/<>=.e]+$/.test(written)) throw new Error(`${expression} is more than arithmetic.`);
    return [{ labels, values: [Number(new Function(`return (${written})`)())] }];
  });
}

const matches = (own: Line['labels'], wanted: Line['labels']): boolean =>
  Object.entries(own).every(([name, value]) => wanted[name] === value);
