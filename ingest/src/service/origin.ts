import type { Config } from '../config/config.js';
import type { Database } from '../db/database.js';
import { type DataOrigin, OriginMismatch, recordedOrigin } from '../db/origin.js';

const PROBE_TIMEOUT_MS = 5_000;

/**
 * Whose data the configured broker gives: `live`, or `simulator:<seed>` as the simulator behind `KITE_API_URL` says.
 * That one is asked even when the broker is called kite: invented prices must not pass for real ones.
 * @throws Error when a simulator is configured and does not answer.
 */
export async function originOf(config: Config): Promise<DataOrigin> {
  const { apiUrl } = config.kite;
  if (!apiUrl) return config.broker === 'simulator' ? `simulator:${config.simulator.seed}` : 'live';
  const announced = await announcedOrigin(apiUrl);
  if (announced) return announced;
  if (config.broker === 'kite') return 'live';
  throw new Error(
    `What answers at ${apiUrl} is no Tickscope simulator: start one with \`tickscope simulate\`, or set BROKER=kite.`,
  );
}

/** What `/simulator/info` of a simulator says; undefined where there is none. */
async function announcedOrigin(apiUrl: string): Promise<DataOrigin | undefined> {
  let response: Response;
  try {
    response = await fetch(`${apiUrl}/simulator/info`, { signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
  } catch (error) {
    throw new Error(`Nothing answers at KITE_API_URL (${apiUrl}); is it started?`, { cause: error });
  }
  if (!response.ok) return undefined;
  const body: unknown = await response.json().catch(() => undefined);
  const info = typeof body === 'object' && body !== null && 'data' in body ? body.data : body;
  if (typeof info !== 'object' || info === null || !('origin' in info)) return undefined;
  return typeof info.origin === 'string' && /^(simulator:\d+|replay)$/.test(info.origin)
    ? info.origin
    : undefined;
}

/** Before anything is changed: refuses a database that belongs to another origin. @throws OriginMismatch */
export async function refuseForeignOrigin(db: Database, origin: DataOrigin): Promise<void> {
  const { rows } = await db.pool.query<{ there: boolean }>(
    `select to_regclass('public.data_origin') is not null as there`,
  );
  if (!rows[0]!.there) return;
  const recorded = await recordedOrigin(db);
  if (recorded !== undefined && recorded !== origin) throw new OriginMismatch(recorded, origin);
}
