import { WebSocket } from 'ws';

/** A packet as it came. */
export interface WirePacket {
  readonly token: number;
  readonly body: Buffer;
  readonly receivedAt: number;
}

/** A bare client: collects frames, packets, heartbeats and texts. */
export class WireClient {
  readonly packets: WirePacket[] = [];
  readonly frames: Buffer[] = [];
  readonly texts: unknown[] = [];
  heartbeats = 0;
  closed = false;

  private constructor(readonly socket: WebSocket) {
    socket.on('message', (data: Buffer, binary) => {
      if (!binary) this.texts.push(JSON.parse(String(data)));
      else if (data.length === 1) this.heartbeats++;
      else this.#frame(data);
    });
    socket.on('close', () => {
      this.closed = true;
    });
  }

  /** Rejects with the upgrade's status when the door stays closed. */
  static connect(url: string): Promise<WireClient> {
    const socket = new WebSocket(url);
    const client = new WireClient(socket);
    return new Promise((resolve, reject) => {
      socket.on('open', () => resolve(client));
      socket.on('unexpected-response', (_request, response) => {
        reject(new Error(String(response.statusCode)));
        socket.terminate();
      });
      socket.on('error', reject);
    });
  }

  full(tokens: readonly number[]): void {
    this.socket.send(JSON.stringify({ a: 'subscribe', v: tokens }));
    this.socket.send(JSON.stringify({ a: 'mode', v: ['full', tokens] }));
  }

  of(token: number): Buffer[] {
    return this.packets.filter((p) => p.token === token).map((p) => p.body);
  }

  close(): void {
    this.socket.terminate();
  }

  #frame(data: Buffer): void {
    this.frames.push(data);
    let at = 2;
    for (let left = data.readUInt16BE(0); left > 0 && at + 2 <= data.length; left--) {
      const length = data.readUInt16BE(at);
      const body = data.subarray(at + 2, at + 2 + length);
      if (body.length >= 4) this.packets.push({ token: body.readUInt32BE(0), body, receivedAt: Date.now() });
      at += 2 + length;
    }
  }
}

export const volumeOf = (body: Buffer) => body.readUInt32BE(16);
export const ltpOf = (body: Buffer) => body.readInt32BE(4);
export const tradeTimeOf = (body: Buffer) => body.readUInt32BE(44);

export const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Waits until `condition` holds; rejects after `ms`. */
export async function until(condition: () => boolean, ms = 30_000): Promise<void> {
  const end = performance.now() + ms;
  while (!condition()) {
    if (performance.now() > end) throw new Error(`still not so after ${ms} ms: ${condition}`);
    await wait(20);
  }
}
