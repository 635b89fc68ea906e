import type { SentPacket } from './sent.js';
import type { StoredTick } from './stored.js';

/*
 * Holds what was sent against what was stored, instrument by instrument. Rows come in the order of receipt, which on one
 * socket is the order of sending: the rows must be a subsequence of the packets. A packet that repeats the one before it
 * is stored once (rule 21), so a repeat that has no row is no loss.
 */

/** Clocks are one and the same; a frame is noted just before it is written to the socket. */
const RECEIPT_AFTER_MS = 5;
/** A service that was busy may read a packet this much later than it was sent. */
const RECEIPT_WITHIN_MS = 120_000;

/** Packets of one instrument without a row, and rows without a packet. */
export interface Differences {
  readonly stored: readonly SentPacket[];
  readonly repeats: readonly SentPacket[];
  readonly missing: readonly SentPacket[];
  /** Rows that no packet accounts for: stored twice, or never sent. */
  readonly surplus: readonly StoredTick[];
}

export function compare(sent: readonly SentPacket[], rows: readonly StoredTick[]): Differences {
  const stored: SentPacket[] = [];
  const repeats: SentPacket[] = [];
  const missing: SentPacket[] = [];
  const surplus: StoredTick[] = [];
  let next = 0;
  let last: string | undefined;
  let lastSeq = '';
  const skip = (to: number) => {
    for (; next < to; next++) {
      const packet = sent[next]!;
      if (packet.mark === last) repeats.push(packet);
      else missing.push(packet);
    }
  };
  for (const row of rows) {
    const at = row.seq === lastSeq ? -1 : find(sent, next, row);
    if (at < 0) {
      surplus.push(row);
      continue;
    }
    skip(at);
    stored.push(sent[at]!);
    last = row.mark;
    lastSeq = row.seq;
    next = at + 1;
  }
  skip(sent.length);
  return { stored, repeats, missing, surplus };
}

function find(sent: readonly SentPacket[], from: number, row: StoredTick): number {
  for (let i = from; i < sent.length; i++) {
    const { at, mark } = sent[i]!;
    if (at > row.receivedAt + RECEIPT_AFTER_MS) return -1;
    if (mark === row.mark && row.receivedAt - at < RECEIPT_WITHIN_MS) return i;
  }
  return -1;
}
