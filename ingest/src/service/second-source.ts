import type { Logger } from 'pino';
import { BrokerError, type HistoryBroker } from '../broker/broker.js';
import { FYERS_RANGE_MS, FyersHistory } from '../broker/fyers/history.js';
import { fyersSymbol } from '../broker/fyers/symbols.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import { TokenFile } from '../feed/token-file.js';
import type { Metrics } from '../metrics.js';
import type { CorporateActions } from '../quality/scale.js';
import { istDate } from '../sessions/ist.js';
import type { LiveRegistry } from './live-registry.js';

/** The other broker, whose history is asked for what the first one did not give. */
export class SecondSource {
  readonly #fyers: FyersHistory;
  readonly #file: TokenFile | undefined;

  private constructor(fyers: FyersHistory, file: TokenFile | undefined) {
    this.#fyers = fyers;
    this.#file = file;
  }

  /** Undefined where none is configured. */
  static async open(
    { fyers: config }: Pick<Config, 'fyers'>,
    clock: Clock,
    log: Logger,
    metrics: Pick<Metrics, 'brokerRequest'>,
  ): Promise<SecondSource | undefined> {
    if (!config) return undefined;
    const fyers = new FyersHistory({
      appId: config.appId,
      root: config.apiUrl,
      clock,
      onRequest: ({ status, seconds }) =>
        metrics.brokerRequest.observe({ broker: 'fyers', endpoint: 'historical', status }, seconds),
    });
    if (config.accessToken !== undefined) {
      fyers.setAccessToken(config.accessToken);
      return new SecondSource(fyers, undefined);
    }
    const file = new TokenFile({
      path: config.tokenFile,
      log,
      onToken: ({ accessToken }) => fyers.setAccessToken(accessToken),
    });
    await file.start();
    return new SecondSource(fyers, file);
  }

  /** False while it cannot be asked. */
  get isReady(): boolean {
    return this.#fyers.isReady;
  }

  warnings(): string[] {
    if (this.#fyers.isLoggedIn) return [];
    return [
      'Fyers needs a new access token (FYERS_TOKEN_FILE or FYERS_ACCESS_TOKEN): until then nobody is asked for what the broker does not give.',
    ];
  }

  /** Its minutes, asked for by the tokens of the broker `name`. */
  history(name: HistoryBroker['name'], registry: LiveRegistry, actions: CorporateActions): HistoryBroker {
    return {
      name,
      maxCandleRangeMs: () => FYERS_RANGE_MS,
      candles: async ({ brokerToken, interval, from, to, priority }) => {
        const instrument = registry.current.byBrokerToken(brokerToken);
        const symbol = instrument && fyersSymbol(instrument);
        if (!symbol || interval !== '1m') {
          throw new BrokerError('rejected', 'Fyers is asked for minutes of what it has the same name for.');
        }
        // On whose scale it tells of the days before a split is not known.
        if (actions.of(instrument.token).some(({ exDate }) => exDate > istDate(from))) {
          throw new BrokerError('rejected', 'Fyers is not asked for days before a corporate action.');
        }
        const hasOpenInterest = instrument.instrumentType !== 'EQ' && instrument.instrumentType !== 'INDEX';
        return this.#fyers.minutes({
          symbol,
          from,
          to,
          hasOpenInterest,
          ...(priority !== undefined && { priority }),
        });
      },
    };
  }

  stop(): void {
    this.#file?.stop();
    this.#fyers.close();
  }
}
