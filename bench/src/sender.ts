import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { serveParent, tellParent } from './child.js';
import { type EncodedFrame, encodeFrames, type FrameOptions, stamp } from './frames.js';

/*
 * The sending side of the benches, a process of its own: a WebSocket server that speaks Kite's protocol with frames
 * encoded beforehand. Whoever subscribes all instruments gets their snapshots; `run` then sends the stream, as fast
 * as socket and `window` let it, or at a rate. Messages: `prepare` -> `ready`; (a client) -> `subscribed`;
 * `run` -> `sent`; `committed` moves the window.
 */

/** Most bytes that may wait in the socket. */
const MAX_BUFFERED_BYTES = 2 * 1024 * 1024;
const HEARTBEAT_MS = 1000;
const PACE_MS = 4;
/** Snapshots say that the last trade is so old: within the session, and no news. */
const SNAPSHOT_AGE_SECONDS = 60;

export interface Run {
  /** Packets a second; 0: as fast as they go. */
  readonly perSecond: number;
  /** Most packets sent and not reported as committed. */
  readonly window: number;
  /** How many packets of the stream, from its start; whole frames. */
  readonly packets: number;
}

export interface Sent {
  readonly packets: number;
  /** Epoch milliseconds of the first and the last frame handed to the socket. */
  readonly from: number;
  readonly to: number;
  /** How far behind its timetable the sender was at worst, when it had one. */
  readonly lateMs: number;
}

export interface Ready {
  readonly url: string;
  readonly tokens: number[];
  readonly packets: number;
}

class Sender {
  readonly #frames: readonly EncodedFrame[];
  readonly #snapshots: readonly EncodedFrame[];
  readonly #lastTrade: Uint32Array;
  readonly #server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false });
  readonly listening = new Promise<void>((resolve) => this.#server.once('listening', () => resolve()));
  readonly tokens: number[];
  #client: WebSocket | undefined;
  /** Packets of the run that the receiver reported as committed. */
  committed = 0;

  constructor(options: FrameOptions) {
    const { frames, snapshots, tokens } = encodeFrames(options);
    this.#frames = frames;
    this.#snapshots = snapshots;
    this.tokens = tokens;
    this.#lastTrade = new Uint32Array(tokens.length);
    this.#server.on('connection', (socket) => this.#connected(socket));
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  get packets(): number {
    return this.#frames.reduce((sum, frame) => sum + frame.instrument.length, 0);
  }

  async run(order: Run): Promise<Sent> {
    const socket = this.#client!;
    const from = Date.now();
    let sent = 0;
    let lateMs = 0;
    for (const frame of this.#frames) {
      if (sent >= order.packets) break;
      if (order.perSecond > 0) {
        const due = from + (sent * 1000) / order.perSecond;
        while (Date.now() < due) await pause(PACE_MS);
        lateMs = Math.max(lateMs, Date.now() - due);
      }
      while (sent - this.committed > order.window || socket.bufferedAmount > MAX_BUFFERED_BYTES)
        await pause(1);
      if (socket.readyState !== socket.OPEN)
        throw new Error('The receiver went away while frames were sent.');
      stamp(frame, nowSeconds(), this.#lastTrade);
      // A copy: the socket may still hold the bytes when a later run stamps the frame anew.
      socket.send(Buffer.from(frame.bytes));
      sent += frame.instrument.length;
      if (order.perSecond === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    return { packets: sent, from, to: Date.now(), lateMs };
  }

  #connected(socket: WebSocket): void {
    this.#client = socket;
    const subscribed = new Set<number>();
    const heartbeat = setInterval(() => socket.send(Buffer.from([0])), HEARTBEAT_MS);
    socket.on('close', () => clearInterval(heartbeat));
    socket.on('error', () => undefined); // `close` follows
    socket.on('message', (data) => {
      const { a, v } = JSON.parse(String(data)) as { a: string; v: number[] };
      if (a === 'subscribe') for (const token of v) subscribed.add(token);
      if (a !== 'mode' || !this.tokens.every((token) => subscribed.has(token))) return;
      subscribed.clear();
      this.#snapshot(socket);
    });
  }

  #snapshot(socket: WebSocket): void {
    this.#lastTrade.fill(nowSeconds() - SNAPSHOT_AGE_SECONDS);
    for (const frame of this.#snapshots) {
      stamp(frame, nowSeconds(), this.#lastTrade);
      socket.send(Buffer.from(frame.bytes));
    }
    this.committed = 0;
    tellParent({ type: 'subscribed' });
  }
}

const nowSeconds = () => Math.floor(Date.now() / 1000);
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

function main(): void {
  let sender: Sender | undefined;
  serveParent({
    prepare: async (message) => {
      const made = new Sender(message['options'] as FrameOptions);
      sender = made;
      await made.listening;
      tellParent({ type: 'ready', url: made.url, tokens: made.tokens, packets: made.packets });
    },
    run: async (message) => tellParent({ type: 'sent', ...(await sender!.run(message as unknown as Run)) }),
    committed: (message) => {
      sender!.committed = message['packets'] as number;
    },
  });
}
main();
