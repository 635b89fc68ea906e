import type { RunQuery } from './query.js';

export interface DatabaseFacts {
  version: string;
  timescale: string | null;
  bytes: number;
}

/** What the database is and holds. */
export async function databaseFacts(run: RunQuery): Promise<DatabaseFacts> {
  const rows = await run<DatabaseFacts>(
    `select current_setting('server_version') as version, pg_database_size(current_database()) as bytes,
            (select extversion from pg_extension where extname = 'timescaledb') as timescale`,
    [],
  );
  return rows[0]!;
}
