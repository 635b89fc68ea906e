import type { ScopedVars } from '@grafana/data';
import type { TemplateSrv } from '@grafana/runtime';
import type { TickscopeQuery, TickscopeVariableQuery } from '../types';

type Templates = Pick<TemplateSrv, 'replace'>;

/** Marks the place of a variable's values in a text; no symbol holds this character. */
const SLOT = '\u0000';

/** A text with its variables replaced; several values of one variable come joined by commas. */
export function replaced(text: string, templates: Templates, scoped: ScopedVars): string {
  return templates.replace(text, scoped, 'csv').trim();
}

/**
 * One text for every combination of its variables' values: `NSE:$symbol` with `symbol` = INFY, TCS gives `NSE:INFY` and
 * `NSE:TCS`. An empty variable gives nothing.
 */
export function expanded(text: string, templates: Templates, scoped: ScopedVars): string[] {
  const slots: string[][] = [];
  const template = templates.replace(text, scoped, (value: unknown) => {
    slots.push((Array.isArray(value) ? value : [value]).map((one) => String(one ?? '')));
    return `${SLOT}${slots.length - 1}${SLOT}`;
  });
  let texts = [''];
  for (const [at, part] of template.split(SLOT).entries()) {
    // Every second part is the number of a slot.
    const values = at % 2 === 0 ? [part] : (slots[Number(part)] ?? []).filter((value) => value !== '');
    texts = texts.flatMap((start) => values.map((value) => start + value));
  }
  return texts.map((one) => one.trim()).filter((one) => one !== '');
}

/** Every instrument once, in the order in which they were chosen. */
export function expandedList(texts: string[], templates: Templates, scoped: ScopedVars): string[] {
  return [...new Set(texts.flatMap((text) => expanded(text, templates, scoped)))];
}

/** A number that may be stored as text because it may be a variable; not a number: left out, the default holds. */
function numeric(value: number | string, templates: Templates, scoped: ScopedVars): number | undefined {
  if (typeof value === 'number') {
    return value;
  }
  const text = replaced(value, templates, scoped);
  const number = Number(text);
  return text === '' || !Number.isFinite(number) ? undefined : number;
}

const TEXT_FIELDS = [
  'interval',
  'field',
  'view',
  'underlying',
  'expiry',
  'segment',
  'instrumentType',
  'by',
  'window',
] as const satisfies ReadonlyArray<keyof TickscopeQuery>;

/** A query as the back end gets it: no variable left, each chosen instrument on its own. */
export function interpolated(
  query: TickscopeQuery,
  templates: Templates,
  scoped: ScopedVars,
): TickscopeQuery {
  const ready: TickscopeQuery = { ...query };
  if (query.instruments !== undefined) {
    ready.instruments = expandedList(query.instruments, templates, scoped);
  }
  for (const field of TEXT_FIELDS) {
    const text = query[field];
    if (typeof text === 'string') {
      ready[field] = replaced(text, templates, scoped);
    }
  }
  for (const field of ['strikes', 'limit'] as const) {
    const value = query[field];
    if (value !== undefined) {
      const number = numeric(value, templates, scoped);
      if (number === undefined) {
        delete ready[field];
      } else {
        ready[field] = number;
      }
    }
  }
  return ready;
}

const VARIABLE_FIELDS = ['search', 'exchange', 'segment', 'type', 'underlying', 'expiry'] as const;

/** The parameters of a `variables/*` resource: variables replaced, empty fields left out. */
export function variableParameters(
  query: TickscopeVariableQuery,
  templates: Templates,
  scoped: ScopedVars,
): Record<string, string> {
  const parameters: Record<string, string> = {};
  for (const field of VARIABLE_FIELDS) {
    const text = replaced(query[field] ?? '', templates, scoped);
    if (text !== '') {
      parameters[field] = text;
    }
  }
  return parameters;
}
