import type { Database } from './database.js';

/** Configuration that views and functions of the database judge by. */
export interface DatabaseSettings {
  /** From the end of the post-close session until the broker's day candle is due. */
  readonly daySettleMinutes: number;
  readonly vix: { readonly lowBelow: number; readonly highFrom: number; readonly extremeFrom: number };
}

/** Writes the configuration to where SQL reads it; once at every start. */
export async function applySettings(db: Database, settings: DatabaseSettings): Promise<void> {
  const values = {
    day_settle_minutes: settings.daySettleMinutes,
    vix_low: settings.vix.lowBelow,
    vix_high: settings.vix.highFrom,
    vix_extreme: settings.vix.extremeFrom,
  };
  await db.pool.query(
    `insert into settings (name, value) select * from unnest($1::text[], $2::float8[])
     on conflict (name) do update set value = excluded.value`,
    [Object.keys(values), Object.values(values)],
  );
}
