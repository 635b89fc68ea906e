import { closeSync, openSync, writeSync } from 'node:fs';

/*
 * A file of every data frame that went out, whole and undamaged, so that what was stored can be held against it. Per
 * frame: float64 epoch milliseconds, uint32 connection, uint32 length, the frame; big-endian.
 */
export const SENT_HEAD_BYTES = 16;
/** Frames are written in portions of this size, or when this much time has passed. */
const PORTION_BYTES = 256 * 1024;
const WRITE_EVERY_MS = 200;

/** Keeps what was sent. It outlives whoever listened, and is complete once it is closed. */
export class SentLog {
  readonly #file: number;
  readonly #timer: NodeJS.Timeout;
  #waiting: Buffer[] = [];
  #bytes = 0;
  #closed = false;

  /** Overwrites `path`. */
  constructor(path: string) {
    this.#file = openSync(path, 'w', 0o600);
    this.#timer = setInterval(() => this.#write(), WRITE_EVERY_MS).unref();
  }

  /** Notes a frame that is handed to the socket now; its bytes are copied. @param at epoch milliseconds */
  add(at: number, connection: number, frame: Buffer): void {
    const record = Buffer.allocUnsafe(SENT_HEAD_BYTES + frame.length);
    record.writeDoubleBE(at, 0);
    record.writeUInt32BE(connection, 8);
    record.writeUInt32BE(frame.length, 12);
    frame.copy(record, SENT_HEAD_BYTES);
    this.#waiting.push(record);
    this.#bytes += record.length;
    if (this.#bytes >= PORTION_BYTES) this.#write();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#timer);
    this.#write();
    closeSync(this.#file);
  }

  #write(): void {
    if (this.#bytes === 0) return;
    const bytes = Buffer.concat(this.#waiting, this.#bytes);
    this.#waiting = [];
    this.#bytes = 0;
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#file, bytes, at);
  }
}
