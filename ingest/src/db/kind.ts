import type pg from 'pg';

export type DatabaseKind = 'timescale' | 'postgres';

/**
 * Which of the two schemas serves here: the one recorded by the first migration, else the one wished for,
 * else TimescaleDB where the server has it loaded, else plain PostgreSQL. Loaded is told by a setting that the library
 * brings: the list of preloaded libraries is only shown to superusers, and ingest needs none.
 */
export async function findKind(pool: pg.Pool, wished?: DatabaseKind): Promise<DatabaseKind> {
  const { rows } = await pool.query<{ recorded: boolean; loaded: boolean }>(
    `select to_regclass('public.schema_kind') is not null as recorded,
            exists (select from pg_available_extensions where name = 'timescaledb')
              and current_setting('timescaledb.max_background_workers', true) is not null as loaded`,
  );
  const { recorded, loaded } = rows[0]!;
  if (recorded) {
    const { rows: kinds } = await pool.query<{ kind: DatabaseKind }>('select kind from schema_kind');
    if (kinds[0]) return kinds[0].kind;
  }
  return wished ?? (loaded ? 'timescale' : 'postgres');
}
