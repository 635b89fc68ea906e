import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** One client of the test ticker. */
export interface Client {
  readonly socket: WebSocket;
  readonly query: URLSearchParams;
  readonly messages: Array<{ a: string; v: unknown }>;
  /** token -> mode, as the client's messages left it. */
  readonly modes: Map<number, string>;
  pings: number;
}

/** A ticker server that does what a test tells it, and nothing else. */
export class TickerServer {
  readonly clients: Client[] = [];
  /** Upgrade attempts, refused ones included, with the time of each. */
  readonly attempts: Array<{ at: number; token: string | null }> = [];
  /** Set to refuse upgrades. */
  refuse: ((token: string | null) => { status: number; body: string } | undefined) | undefined;
  /** Heartbeat every so many ms, to each client. */
  heartbeatMs = 10;
  autoPong = true;
  readonly #http: Server = createServer();
  #timer: NodeJS.Timeout | undefined;

  async start(): Promise<this> {
    const ws = new WebSocketServer({ noServer: true, autoPong: false });
    this.#http.on('upgrade', (request, socket, head) => {
      socket.on('error', () => undefined);
      const query = new URL(request.url ?? '/', 'http://x').searchParams;
      const token = query.get('access_token');
      this.attempts.push({ at: Date.now(), token });
      const refused = this.refuse?.(token);
      if (refused) {
        socket.end(
          `HTTP/1.1 ${refused.status} Refused\r\nContent-Type: application/json\r\n` +
            `Content-Length: ${Buffer.byteLength(refused.body)}\r\nConnection: close\r\n\r\n${refused.body}`,
        );
        return;
      }
      ws.handleUpgrade(request, socket, head, (client) => this.#welcome(client, query));
    });
    await new Promise<void>((resolve) => this.#http.listen(0, '127.0.0.1', resolve));
    this.#timer = setInterval(() => {
      if (this.heartbeatMs > 0) for (const { socket } of this.open) socket.send(Buffer.from([0]));
    }, 10);
    return this;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#http.address() as AddressInfo).port}`;
  }

  get open(): Client[] {
    return this.clients.filter(({ socket }) => socket.readyState === socket.OPEN);
  }

  get last(): Client {
    return this.clients.at(-1)!;
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    for (const { socket } of this.clients) socket.terminate();
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }

  #welcome(socket: WebSocket, query: URLSearchParams): void {
    const client: Client = { socket, query, messages: [], modes: new Map(), pings: 0 };
    this.clients.push(client);
    socket.on('error', () => undefined);
    socket.on('ping', (data) => {
      client.pings++;
      if (this.autoPong) socket.pong(data);
    });
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      client.messages.push(message);
      if (message.a === 'subscribe') for (const token of message.v) client.modes.set(token, 'quote');
      if (message.a === 'unsubscribe') for (const token of message.v) client.modes.delete(token);
      if (message.a === 'mode') {
        const [mode, tokens] = message.v;
        // A mode only takes on subscribed tokens.
        for (const token of tokens) if (client.modes.has(token)) client.modes.set(token, mode);
      }
    });
  }
}

/** A frame of one ltp packet. */
export function ltpFrame(token: number, paise = 100): Buffer {
  const frame = Buffer.alloc(12);
  frame.writeUInt16BE(1, 0);
  frame.writeUInt16BE(8, 2);
  frame.writeUInt32BE(token, 4);
  frame.writeInt32BE(paise, 8);
  return frame;
}
