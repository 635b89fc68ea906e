import type { Logger } from 'pino';
import { BrokerError } from '../broker/broker.js';
import type { KiteBroker } from '../broker/kite.js';
import type { Clock } from '../clock.js';
import type { Config } from '../config/config.js';
import { TokenFile, writeTokenFile } from '../feed/token-file.js';

export type Credential = { readonly requestToken: string } | { readonly accessToken: string };

export interface BrokerSessionParts {
  readonly config: Config;
  readonly broker: KiteBroker;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The access token of the day, from wherever it comes: the configuration, the watched file, or a login by HTTP. */
export class BrokerSession {
  readonly #p: BrokerSessionParts;
  readonly #file: TokenFile | undefined;
  readonly #listeners: Array<(accessToken: string) => void> = [];
  #accessToken: string | undefined;
  #loggedInAt: number | undefined;

  constructor(parts: BrokerSessionParts) {
    this.#p = parts;
    const { config, log } = parts;
    if (config.broker === 'kite' && !config.kite.accessToken) {
      this.#file = new TokenFile({
        path: config.kite.tokenFile,
        log,
        onToken: ({ accessToken, createdAt }) => this.#use(accessToken, createdAt),
      });
    }
  }

  /** A simulator that asks for no keys takes any. */
  async start(): Promise<void> {
    const { config } = this.#p;
    const configured = config.kite.accessToken ?? (config.broker === 'simulator' ? 'simulator' : undefined);
    if (configured) this.#use(configured);
    await this.#file?.start();
    if (!this.#accessToken)
      this.#p.log.warn({ file: config.kite.tokenFile }, 'no access token: run `tickscope login`');
  }

  stop(): void {
    this.#file?.stop();
  }

  /** Called with every token that is taken into use from now on. */
  onToken(listener: (accessToken: string) => void): void {
    this.#listeners.push(listener);
  }

  get hasToken(): boolean {
    return this.#accessToken !== undefined;
  }

  /**
   * Takes a new token, proven by asking the broker who is logged in, and keeps it in the token file.
   * @throws BrokerError when the broker refuses it; the old token then stays in use.
   */
  async login(credential: Credential): Promise<{ userId: string; expiresAt: number | null }> {
    const { config, broker, clock } = this.#p;
    const before = this.#accessToken;
    try {
      const accessToken = await this.#accessTokenOf(credential);
      broker.setAccessToken(accessToken);
      const { userId } = await broker.profile();
      const createdAt = Math.trunc(clock.now());
      if (this.#file)
        await writeTokenFile(config.kite.tokenFile, { accessToken, apiKey: config.kite.apiKey, createdAt });
      this.#use(accessToken, createdAt);
      return { userId, expiresAt: broker.tokenExpiresAt() ?? null };
    } catch (error) {
      if (before !== undefined) broker.setAccessToken(before);
      throw error;
    }
  }

  async #accessTokenOf(credential: Credential): Promise<string> {
    if ('accessToken' in credential) return credential.accessToken;
    const { apiSecret } = this.#p.config.kite;
    if (!apiSecret)
      throw new BrokerError('rejected', 'KITE_API_SECRET is not set: a request token cannot be exchanged.');
    return (await this.#p.broker.createSession(credential.requestToken, apiSecret)).accessToken;
  }

  /** The same token at another time is taken too: a connection that was refused with it may be let in now. */
  #use(accessToken: string, createdAt?: number): void {
    if (accessToken === this.#accessToken && createdAt === this.#loggedInAt) return;
    this.#accessToken = accessToken;
    this.#loggedInAt = createdAt;
    this.#p.broker.setAccessToken(accessToken, createdAt);
    for (const listener of this.#listeners) listener(accessToken);
  }
}
