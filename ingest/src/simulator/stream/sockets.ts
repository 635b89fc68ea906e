import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from 'pino';
import { type RawData, WebSocketServer } from 'ws';
import type { Access } from '../access.js';
import type { Faults } from '../faults.js';
import type { Mode } from '../packet.js';
import { Connection, MOST_INSTRUMENTS_A_CONNECTION } from './connection.js';
import type { SentLog } from './sent-log.js';
import type { Stream } from './stream.js';

const MOST_CONNECTIONS_A_KEY = 3;
const MODES: ReadonlySet<string> = new Set(['ltp', 'quote', 'full']);

export interface SocketOptions {
  readonly stream: Stream;
  readonly access: Access;
  readonly faults: Faults;
  readonly log: Logger;
  /** Every data frame goes here too. */
  readonly sentLog?: SentLog | undefined;
  /** Called when a connection has subscribed, with all that it listens to. */
  readonly onSubscribe?: ((connection: Connection) => void) | undefined;
}

/** The WebSocket side: credentials at the door, then subscriptions by JSON messages. */
export class Sockets {
  readonly #server = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  #lastId = 0;

  constructor(readonly options: SocketOptions) {}

  /** Takes the upgrade requests of `server`. */
  attach(server: Server): void {
    server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  /** Closes every socket without a goodbye, as a lost connection looks. */
  drop(): number {
    const { connections } = this.options.stream;
    for (const connection of connections) connection.socket.terminate();
    return connections.size;
  }

  stop(): void {
    this.options.stream.stop();
    this.#server.close();
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { stream, faults } = this.options;
    const url = new URL(request.url ?? '/', 'ws://simulator');
    const apiKey = url.searchParams.get('api_key') ?? '';
    const accessToken = url.searchParams.get('access_token') ?? '';
    const refusal = url.pathname === '/' ? this.#refusal(apiKey, accessToken) : '404 Not Found';
    if (faults.on('drop')) {
      socket.destroy();
      return;
    }
    if (refusal) {
      socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    this.#server.handleUpgrade(request, socket, head, (client) => {
      const connection = new Connection(++this.#lastId, apiKey, client, faults, this.options.sentLog);
      client.on('message', (data, binary) => this.#message(connection, data, binary));
      client.on('error', (error) => this.options.log.debug({ err: error }, 'a client socket failed'));
      client.on('close', () => stream.leave(connection));
      stream.join(connection);
    });
  }

  /** Status line of a client that may not come in. */
  #refusal(apiKey: string, accessToken: string): string | undefined {
    const { stream, access, faults } = this.options;
    if (faults.strike('reject403') || !access.accepts(apiKey, accessToken)) return '403 Forbidden';
    const open = [...stream.connections].filter((connection) => connection.apiKey === apiKey).length;
    return open >= MOST_CONNECTIONS_A_KEY ? '429 Too Many Requests' : undefined;
  }

  #message(connection: Connection, data: RawData, binary: boolean): void {
    const { a, v } = (binary ? undefined : parse(String(data))) ?? {};
    if (!Array.isArray(v)) {
      connection.text('error', 'Invalid message: expected {"a": action, "v": [...]} as JSON.');
    } else if (a === 'subscribe') {
      this.#subscribe(connection, v.map(Number));
    } else if (a === 'unsubscribe') {
      this.options.stream.unsubscribe(connection, v.map(Number));
    } else if (a === 'mode' && MODES.has(String(v[0])) && Array.isArray(v[1])) {
      this.#mode(connection, v[0] as Mode, v[1].map(Number));
    } else {
      connection.text('error', `Invalid message: unknown action ${JSON.stringify(a)} or mode.`);
    }
  }

  /** The mode is quote until it is set. */
  #subscribe(connection: Connection, tokens: readonly number[]): void {
    const added = new Set(tokens.filter((token) => !connection.modes.has(token))).size;
    if (connection.modes.size + added > MOST_INSTRUMENTS_A_CONNECTION) {
      connection.text(
        'error',
        `Maximum of ${MOST_INSTRUMENTS_A_CONNECTION} instruments a connection exceeded.`,
      );
      return;
    }
    this.options.stream.subscribe(
      connection,
      tokens.filter((token) => !connection.modes.has(token)),
      'quote',
    );
    this.options.onSubscribe?.(connection);
  }

  /** A mode only takes on subscribed tokens. */
  #mode(connection: Connection, mode: Mode, tokens: readonly number[]): void {
    this.options.stream.subscribe(
      connection,
      tokens.filter((token) => connection.modes.has(token)),
      mode,
    );
  }
}

function parse(text: string): { a?: unknown; v?: unknown } | undefined {
  try {
    const message: unknown = JSON.parse(text);
    return typeof message === 'object' && message !== null ? message : undefined;
  } catch {
    return undefined;
  }
}
