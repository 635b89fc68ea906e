import type { Logger } from 'pino';
import { KiteBroker } from '../broker/kite.js';
import type { Config } from '../config/config.js';
import { readTokenFile } from '../feed/token-file.js';
import type { SourcePlan } from './source.js';

/**
 * The configured broker's REST side for one command, without a feed. The bundled simulator is started for it.
 * @throws Error when Kite is configured and there is no access token.
 */
export async function withBroker<T>(
  config: Config,
  plan: SourcePlan,
  log: Logger,
  work: (broker: KiteBroker, apiUrl: string) => Promise<T>,
): Promise<T> {
  const accessToken = await accessTokenOf(config, log);
  const source = await plan.start(log);
  const broker = new KiteBroker({
    name: config.broker,
    apiKey: config.kite.apiKey ?? 'simulator',
    accessToken,
    root: source.apiUrl,
    clock: plan.clock,
    log,
    ...(source.unlimited ? { historicalPerSecond: 0, quotePerSecond: 0 } : {}),
  });
  try {
    return await work(broker, source.apiUrl);
  } finally {
    await broker.close();
    await source.stop();
  }
}

/** The token that a command works with. @throws Error when there is none */
export async function accessTokenOf(config: Config, log: Logger): Promise<string> {
  if (config.kite.accessToken) return config.kite.accessToken;
  if (config.broker === 'simulator') return 'simulator';
  const stored = await readTokenFile(config.kite.tokenFile, log);
  if (!stored) throw new Error('There is no access token yet: run `tickscope login`.');
  return stored.accessToken;
}
