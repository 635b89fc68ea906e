import pg from 'pg';

/** A table to be stored, with the columns that can be written back. */
export interface TableToStore {
  readonly name: string;
  readonly columns: readonly string[];
  /** Tables that it refers to. */
  readonly refersTo: readonly string[];
}

export const CANDLE_LEVELS = ['1m', '5m', '15m', '1h', '1d'] as const;

/** Kept by the migrations, or rebuilt from `candles` of the manifest. */
const NOT_STORED = [
  'schema_migrations',
  'schema_kind',
  'watermarks',
  ...CANDLE_LEVELS.map((level) => `tick_rollup_${level}`),
];

/** Filled by migrations: rows in them are no sign of use. */
const FILLED_BY_MIGRATIONS = ['settings', 'gap_ledger_cursor'];

/** Names of tables that hold rows which no migration put there. */
export async function tablesInUse(client: pg.Client): Promise<string[]> {
  const used: string[] = [];
  for (const { name } of await tablesToStore(client)) {
    if (FILLED_BY_MIGRATIONS.includes(name)) continue;
    const { rows } = await client.query<{ used: boolean }>(
      `select exists (select from ${pg.escapeIdentifier(name)}) as used`,
    );
    if (rows[0]!.used) used.push(name);
  }
  return used;
}

/** Every table of ours, those that others refer to first. Read from the catalog, so that a new table is never forgotten. */
export async function tablesToStore(client: pg.Client): Promise<TableToStore[]> {
  const { rows } = await client.query<{ name: string; columns: string[]; refers_to: string[] }>(
    `select c.relname as name,
            array(select a.attname::text from pg_attribute a
                  where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
                  order by a.attnum) as columns,
            array(select distinct f.relname::text from pg_constraint k join pg_class f on f.oid = k.confrelid
                  where k.conrelid = c.oid and k.contype = 'f' and f.oid <> c.oid) as refers_to
     from pg_class c
     where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
       and c.relname <> all ($1)
       and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
     order by c.relname`,
    [NOT_STORED],
  );
  return inOrder(rows.map((row) => ({ name: row.name, columns: row.columns, refersTo: row.refers_to })));
}

function inOrder(tables: readonly TableToStore[]): TableToStore[] {
  const ordered: TableToStore[] = [];
  const waiting = new Set(tables);
  while (waiting.size > 0) {
    const ready = [...waiting].filter((table) =>
      table.refersTo.every((name) => ordered.some((t) => t.name === name)),
    );
    if (ready.length === 0)
      throw new Error(
        `These tables refer to each other in a circle: ${[...waiting].map((t) => t.name).join(', ')}.`,
      );
    for (const table of ready) {
      ordered.push(table);
      waiting.delete(table);
    }
  }
  return ordered;
}
