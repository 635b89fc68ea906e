import type { Database } from './database.js';

/** `live`, `simulator:<seed>` or `replay`: what a database's data stem from. Origins never mix. */
export type DataOrigin = string;

export class OriginMismatch extends Error {
  override name = 'OriginMismatch';
  constructor(
    readonly recorded: DataOrigin,
    readonly wanted: DataOrigin,
  ) {
    super(
      `This database holds data of origin "${recorded}" and cannot take "${wanted}": origins never mix. Use another DATABASE_URL, or start with the broker and seed that made it.`,
    );
  }
}

/** Records `origin` at the first start; later starts must bring the same. @throws OriginMismatch naming both. */
export async function claimOrigin(db: Database, origin: DataOrigin): Promise<void> {
  await db.pool.query('insert into data_origin (origin) values ($1) on conflict do nothing', [origin]);
  const recorded = await recordedOrigin(db);
  if (recorded !== origin) throw new OriginMismatch(recorded ?? 'none', origin);
}

/** The origin that the database belongs to, undefined before the first claim. */
export async function recordedOrigin(db: Database): Promise<DataOrigin | undefined> {
  const { rows } = await db.pool.query<{ origin: DataOrigin }>('select origin from data_origin');
  return rows[0]?.origin;
}
