/**
 * What of Grafana's `DataFrame` the chart reads, so that the core runs without Grafana.
 * `values` is an array since Grafana 10 and a vector with `get` and `length` before it.
 */
export interface FieldLike {
  name: string;
  type?: string;
  values: ArrayLike<unknown> | { length: number; get(index: number): unknown };
  labels?: Record<string, string>;
  config?: { displayName?: string; displayNameFromDS?: string };
}

export interface FrameLike {
  name?: string;
  refId?: string;
  length: number;
  fields: readonly FieldLike[];
  meta?: { custom?: Record<string, unknown>; notices?: readonly { text: string }[] };
}

/** Reads a column by row on every Grafana. */
export function column(field: FieldLike | undefined): (row: number) => unknown {
  if (!field) return () => null;
  const values = field.values;
  if ('get' in values && typeof values.get === 'function') {
    const vector = values;
    return (row) => vector.get(row);
  }
  const array = values as ArrayLike<unknown>;
  return (row) => array[row];
}

/** A number, whether it came as one or as the text of a CSV file. */
export function asNumber(value: unknown): number | null {
  if (typeof value === 'number') return Number.isFinite(value) ? value : null;
  if (typeof value !== 'string' || value.trim() === '') return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/** Numbers below this are seconds since 1970, not milliseconds: as milliseconds they would lie before March 1973. */
const LARGEST_SECONDS = 100_000_000_000;

/** Epoch milliseconds of a number, a `Date`, or text in ISO 8601; null when it is none of them. */
export function asTime(value: unknown): number | null {
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) return null;
    return Math.abs(value) < LARGEST_SECONDS ? value * 1000 : value;
  }
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.getTime();
  if (typeof value !== 'string') return null;
  if (/^\d+(\.\d+)?$/.test(value)) return asTime(Number(value));
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? null : ms;
}
