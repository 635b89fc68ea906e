import type { Reject } from './truth.js';

/** Rejected packets kept a second; all are counted. A feed gone mad must not fill the disk. */
const KEPT_A_SECOND = 20;
/** Enough for any packet of the protocol; more of an unknown one tells nothing. */
const KEPT_BYTES = 256;

/** Thins rejects out to what is worth keeping. */
export class RejectLog {
  #second = 0;
  #kept = 0;

  constructor(private readonly count: (reason: string) => void) {}

  /** Counts a rejected packet and returns what to store of it; undefined when this second has enough. */
  take(reason: string, bytes: Uint8Array, receivedAt: number): Reject | undefined {
    this.count(reason);
    const second = Math.floor(receivedAt / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#kept = 0;
    }
    if (this.#kept++ >= KEPT_A_SECOND) return undefined;
    return { receivedAt, reason, packet: Buffer.from(bytes.subarray(0, KEPT_BYTES)) };
  }
}
