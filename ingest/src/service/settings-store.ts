import type { Config } from '../config/config.js';
import type { Database } from '../db/database.js';

/** Puts what SQL's views and functions must know of the configuration where they read it. */
export async function writeSettings(db: Database, config: Config): Promise<void> {
  const { lowBelow, highFrom, extremeFrom } = config.vix;
  const values = {
    day_settle_minutes: config.heal.daySettleMinutes,
    vix_low: lowBelow,
    vix_high: highFrom,
    vix_extreme: extremeFrom,
  };
  await db.pool.query(
    `insert into settings (name, value) select * from unnest($1::text[], $2::float8[])
     on conflict (name) do update set value = excluded.value where settings.value <> excluded.value`,
    [Object.keys(values), Object.values(values)],
  );
}
