import { FULL_PACKET_BYTES } from './columns.js';
import { FRAME_START } from './frame.js';

const INDEX_FULL_BYTES = 32;

/**
 * The exchange time that a frame begins with, in epoch seconds: that of its first index, which ticks every second; without
 * one the newest of its packets, as others may carry a time of long ago. 0 when there is none.
 */
export function frameBeginsAt(frame: Buffer): number {
  let newest = 0;
  for (let at = FRAME_START; at + 2 <= frame.length; ) {
    const length = frame.readUInt16BE(at);
    const body = at + 2;
    at = body + length;
    if (at > frame.length) break;
    if (length === INDEX_FULL_BYTES) return frame.readUInt32BE(body + 28);
    if (length === FULL_PACKET_BYTES) newest = Math.max(newest, frame.readUInt32BE(body + 60));
  }
  return newest;
}
