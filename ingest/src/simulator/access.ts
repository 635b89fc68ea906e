import { createHash, randomBytes } from 'node:crypto';

export interface AccessOptions {
  /** Unset: any key is accepted. */
  readonly apiKey?: string | undefined;
  /** Unset: any token is accepted. */
  readonly accessToken?: string | undefined;
  /** Set: a login's checksum must be right. */
  readonly apiSecret?: string | undefined;
}

/** Who may use the simulator. */
export class Access {
  readonly #revoked = new Set<string>();

  constructor(readonly options: AccessOptions) {}

  /** Whether these credentials work now. */
  accepts(apiKey: string, accessToken: string): boolean {
    if (this.#revoked.has(accessToken)) return false;
    const { apiKey: key, accessToken: token } = this.options;
    return (key === undefined || key === apiKey) && (token === undefined || token === accessToken);
  }

  acceptsKey(apiKey: string): boolean {
    return this.options.apiKey === undefined || this.options.apiKey === apiKey;
  }

  /** The access token of a login, undefined when the checksum or the key is wrong. */
  login(apiKey: string, requestToken: string, checksum: string): string | undefined {
    if (!this.acceptsKey(apiKey)) return undefined;
    const { apiSecret } = this.options;
    if (apiSecret !== undefined) {
      const right = createHash('sha256')
        .update(apiKey + requestToken + apiSecret)
        .digest('hex');
      if (checksum !== right) return undefined;
    }
    const token = this.options.accessToken ?? `simulated-${randomBytes(12).toString('hex')}`;
    this.#revoked.delete(token);
    return token;
  }

  revoke(accessToken: string): void {
    this.#revoked.add(accessToken);
  }
}
