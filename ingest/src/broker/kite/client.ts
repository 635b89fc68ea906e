import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import { KiteConnect } from 'kiteconnect';

type Connect = InstanceType<typeof KiteConnect>;

/** What of axios we hang on to: the official client keeps its instance here but leaves it out of its types. */
interface RequestInstance {
  request(options: Record<string, unknown>): Promise<unknown>;
}

export interface WireOptions {
  readonly apiKey: string;
  /** `https://api.kite.trade`, or the simulator's. */
  readonly root: string;
}

export interface Answer {
  /** The answer's `data`, or the text of a CSV answer, as the server sent it. */
  readonly data: unknown;
  readonly status: number | undefined;
}

/** The call failed: with what the official client says, and the HTTP status that it forgets. */
export class WireFailure extends Error {
  override name = 'WireFailure';
  constructor(
    readonly failure: unknown,
    readonly status: number | undefined,
  ) {
    super('The request failed.');
  }
}

/**
 * The official REST client, with what it lacks added at its one seam (`requestInstance.request`): the HTTP
 * status, the moment at which a request left, and answers as they came. Its own transformers are left out:
 * they read IST times in the zone of the process, lose an open interest of 0, and throw on an answer that
 * is not JSON.
 */
export class KiteClient {
  readonly #connect: Connect;
  readonly #agents: { http: http.Agent; https: https.Agent };
  #next: Record<string, unknown> | undefined;

  constructor({ apiKey, root }: WireOptions) {
    this.#connect = new KiteConnect({ api_key: apiKey, root });
    this.#agents = { http: new http.Agent({ keepAlive: true }), https: new https.Agent({ keepAlive: true }) };
    const instance = (this.#connect as unknown as { requestInstance: RequestInstance }).requestInstance;
    const request = instance.request.bind(instance);
    instance.request = (options) => request({ ...options, ...this.#next });
  }

  setAccessToken(accessToken: string): void {
    this.#connect.setAccessToken(accessToken);
  }

  /**
   * One call of the official client.
   *
   * @param call must start its request before it returns, as every method of the client does
   * @param sent is called when the request's bytes have left
   * @throws WireFailure
   */
  async call(
    call: (connect: Connect) => Promise<unknown>,
    sent: () => void,
    timeoutMs: number,
  ): Promise<Answer> {
    let status: number | undefined;
    this.#next = {
      timeout: timeoutMs,
      httpAgent: this.#agents.http,
      httpsAgent: this.#agents.https,
      maxRedirects: 0,
      transport: tellWhenSent(sent),
      transformResponse: [parseAnswer],
      validateStatus: (code: number) => {
        status = code;
        return code >= 200 && code < 300;
      },
    };
    let answer: Promise<unknown>;
    try {
      answer = call(this.#connect);
    } finally {
      this.#next = undefined;
    }
    const data = await answer.catch((failure: unknown) => {
      throw new WireFailure(failure, status);
    });
    // The client *resolves* with an error object when the content type is neither JSON nor CSV.
    if (typeof data === 'object' && data !== null && 'error_type' in data) {
      throw new WireFailure(
        { error_type: 'DataException', message: 'an answer that is neither JSON nor CSV' },
        status,
      );
    }
    return { data, status };
  }

  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }
}

/** A transport for axios that calls `sent` when the request was handed to a connected socket. */
function tellWhenSent(sent: () => void): {
  request(options: RequestOptions, answered: (response: IncomingMessage) => void): ClientRequest;
} {
  return {
    request(options, answered) {
      const request = (options.protocol === 'https:' ? https : http).request(options, answered);
      return request.once('finish', sent);
    },
  };
}

function parseAnswer(body: unknown, headers: { 'content-type'?: unknown }): unknown {
  if (typeof body !== 'string' || !String(headers['content-type']).includes('json')) return body;
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}
