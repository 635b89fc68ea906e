import { randomInt } from 'node:crypto';
import type { WebSocket } from 'ws';
import type { Faults } from '../faults.js';
import type { Mode } from '../packet.js';
import type { SentLog } from './sent-log.js';

const FRAME_BYTES = 128 * 1024;
const LENGTH_BYTES = 2;
const KEPT_BUFFERS = 16;
const MOST_PACKETS = 2000;
/** A client that reads so much too slowly is cut off, as the real exchange's feed does. */
const MOST_BUFFERED_BYTES = 64 * 1024 * 1024;
const HEARTBEAT = Buffer.from([0]);
const UNKNOWN_BODY = Buffer.alloc(20, 0x5a);

export const MOST_INSTRUMENTS_A_CONNECTION = 3000;

/** One client's socket: gathers packets into frames and sends them. */
export class Connection {
  readonly modes = new Map<number, Mode>();
  packets = 0;
  frames = 0;
  heartbeats = 0;
  bytes = 0;
  readonly #free: Buffer[] = [];
  #frame: Buffer;
  #count = 0;
  #at = LENGTH_BYTES;

  constructor(
    readonly id: number,
    readonly apiKey: string,
    readonly socket: WebSocket,
    readonly faults: Faults,
    readonly sentLog?: SentLog,
  ) {
    this.#frame = Buffer.allocUnsafe(FRAME_BYTES);
  }

  /** Adds the first `bytes` bytes of `body` as a packet of `token`. False when it goes nowhere. */
  append(token: number, body: Buffer, bytes: number): boolean {
    if (this.faults.any && this.#isSilent(token)) return false;
    if (this.#count >= MOST_PACKETS || this.#at + LENGTH_BYTES + bytes > FRAME_BYTES) this.flush();
    const frame = this.#frame;
    frame[this.#at] = bytes >> 8;
    frame[this.#at + 1] = bytes & 0xff;
    body.copy(frame, this.#at + LENGTH_BYTES, 0, bytes);
    this.#at += LENGTH_BYTES + bytes;
    this.#count++;
    return true;
  }

  /** Sends what was gathered as one frame. */
  flush(): void {
    if (this.#count === 0) return;
    const buffer = this.#frame;
    let count = this.#count;
    let length = this.#at;
    this.#count = 0;
    this.#at = LENGTH_BYTES;
    this.packets += count;
    buffer.writeUInt16BE(count, 0);
    if (this.socket.readyState === this.socket.OPEN)
      this.sentLog?.add(Date.now(), this.id, buffer.subarray(0, length));
    if (this.faults.any) {
      if (length + LENGTH_BYTES + UNKNOWN_BODY.length <= FRAME_BYTES && this.faults.strike('unknownPacket')) {
        buffer.writeUInt16BE(UNKNOWN_BODY.length, length);
        UNKNOWN_BODY.copy(buffer, length + LENGTH_BYTES);
        length += LENGTH_BYTES + UNKNOWN_BODY.length;
        count++;
      }
      buffer.writeUInt16BE(count, 0);
      if (this.faults.strike('corruptFrame')) corrupt(buffer, length);
      if (this.faults.strike('truncatedFrame')) length -= 5;
    }
    this.#frame = this.#free.pop() ?? Buffer.allocUnsafe(FRAME_BYTES);
    this.#send(buffer.subarray(0, length), () => {
      if (this.#free.length < KEPT_BUFFERS) this.#free.push(buffer);
    });
  }

  heartbeat(): void {
    if (this.faults.any && this.faults.on('stall')) return;
    this.heartbeats++;
    this.#send(HEARTBEAT);
  }

  /** A text frame, as Kite sends errors, messages and order updates. */
  text(type: 'error' | 'message' | 'order', data: unknown): void {
    if (this.socket.readyState === this.socket.OPEN) this.socket.send(JSON.stringify({ type, data }));
  }

  /** A recorded frame, as it is. */
  raw(frame: Buffer): void {
    this.#send(frame);
  }

  #isSilent(token: number): boolean {
    const { faults } = this;
    return [faults.on('stall'), faults.on('halt'), faults.on('heartbeatOnly', token)].some(Boolean);
  }

  #send(bytes: Buffer, done?: () => void): void {
    const { socket } = this;
    if (socket.readyState !== socket.OPEN) return;
    if (socket.bufferedAmount > MOST_BUFFERED_BYTES) {
      socket.terminate();
      return;
    }
    this.frames++;
    this.bytes += bytes.length;
    socket.send(bytes, { binary: true }, done ?? (() => {}));
  }
}

/** Overturns some bytes behind the count, lengths among them. */
function corrupt(buffer: Buffer, length: number): void {
  for (let i = 0; i < 12; i++) {
    const at = i < 2 ? LENGTH_BYTES + i : randomInt(LENGTH_BYTES, length);
    buffer[at] = buffer[at]! ^ 0xa5;
  }
}
