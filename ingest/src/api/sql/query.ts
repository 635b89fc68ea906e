import pg from 'pg';
import type { Metrics } from '../../metrics.js';
import type { ApiDatabase } from '../services.js';

const { builtins } = pg.types;

/**
 * How the API reads columns: bigint as a number (every quantity here is far below 2^53), instants as epoch
 * milliseconds, dates as `YYYY-MM-DD`.
 */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format?: 'text' | 'binary') => {
    if (oid === builtins.INT8 || oid === builtins.NUMERIC) return Number;
    if (oid === builtins.TIMESTAMPTZ) return instant;
    if (oid === builtins.DATE) return String;
    return pg.types.getTypeParser(oid, format as 'text');
  }) as pg.CustomTypesConfig['getTypeParser'],
};

const parseTimestamp = pg.types.getTypeParser(builtins.TIMESTAMPTZ) as (text: string) => Date | number;

function instant(text: string): number {
  return Number(parseTimestamp(text));
}

/** Runs one parametrised query and times it. */
export type RunQuery = <Row extends object>(text: string, values: readonly unknown[]) => Promise<Row[]>;

export function createRunQuery(db: ApiDatabase, metrics: Metrics): RunQuery {
  return async <Row extends object>(text: string, values: readonly unknown[]) => {
    const started = performance.now();
    try {
      const { rows } = await db.pool.query<Row & pg.QueryResultRow>({ text, values: [...values], types });
      return rows;
    } finally {
      metrics.dbQuery.observe((performance.now() - started) / 1000);
    }
  };
}

/** Epoch milliseconds as a parameter for `timestamptz`. */
export function at(ms: number): string {
  return new Date(ms).toISOString();
}
