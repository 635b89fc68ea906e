import { createReadStream } from 'node:fs';
import type { SimulatedInstrument } from '@tickscope/ingest/dist/src/simulator/instrument.js';
import { SENT_HEAD_BYTES } from '@tickscope/ingest/dist/src/simulator/stream/sent-log.js';

/** A packet as the exchange sent it. */
export interface SentPacket {
  /** Epoch milliseconds by the one clock of this machine. */
  readonly at: number;
  readonly connection: number;
  /** What tick_data keeps of it, to recognise it by. */
  readonly mark: string;
  /** The instant in exchange time that it tells of (rule 3), epoch milliseconds; NaN in a mode without times. */
  readonly time: number;
}

/** Packets by token, each in the order of sending. A packet without a price is none: nothing can be stored of it. */
export async function readSent(
  path: string,
  instrumentOf: (token: number) => SimulatedInstrument,
): Promise<Map<number, SentPacket[]>> {
  const sent = new Map<number, SentPacket[]>();
  const volumes = new Map<number, number>();
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of createReadStream(path, { highWaterMark: 4 * 1024 * 1024 })) {
    rest = rest.length > 0 ? Buffer.concat([rest, chunk as Buffer]) : (chunk as Buffer);
    let at = 0;
    while (at + SENT_HEAD_BYTES <= rest.length) {
      const end = at + SENT_HEAD_BYTES + rest.readUInt32BE(at + 12);
      if (end > rest.length) break;
      takeFrame(rest.readDoubleBE(at), rest.readUInt32BE(at + 8), rest.subarray(at + SENT_HEAD_BYTES, end));
      at = end;
    }
    rest = rest.subarray(at);
  }
  if (rest.length > 0)
    throw new Error(`The log of what was sent ends within a frame (${rest.length} bytes).`);
  return sent;

  function takeFrame(at: number, connection: number, frame: Buffer): void {
    let offset = 2;
    for (let left = frame.readUInt16BE(0); left > 0; left--) {
      const length = frame.readUInt16BE(offset);
      const body = frame.subarray(offset + 2, offset + 2 + length);
      offset += 2 + length;
      if (body.readInt32BE(4) <= 0) continue;
      const token = body.readUInt32BE(0);
      const { type } = instrumentOf(token);
      const packet = { at, connection, mark: markOf(body, type), time: timeOf(token, body) };
      const packets = sent.get(token);
      if (packets) packets.push(packet);
      else sent.set(token, [packet]);
    }
  }

  function timeOf(token: number, body: Buffer): number {
    if (body.length === 32) return body.readUInt32BE(28) * 1000;
    if (body.length !== 184) return Number.NaN;
    const volume = body.readUInt32BE(16);
    const traded = volume !== volumes.get(token);
    volumes.set(token, volume);
    return body.readUInt32BE(traded ? 44 : 60) * 1000;
  }
}

function markOf(body: Buffer, type: string): string {
  const int = (offset: number) => body.readInt32BE(offset);
  const uint = (offset: number) => body.readUInt32BE(offset);
  if (type === 'INDEX') {
    // price, day's open, high, low, previous close, time
    return `${int(4)} ${int(16)} ${int(8)} ${int(12)} ${int(20)} ${body.length === 32 ? uint(28) : 0}`;
  }
  const quote = [4, 8, 12, 16, 20, 24, 28, 32, 36, 40].map(int).join(' ');
  if (body.length !== 184) return quote;
  const bids = uint(64);
  const asks = uint(124);
  const oi = type === 'EQ' ? '' : uint(48);
  return `${quote} ${uint(44)} ${uint(60)} ${bids} ${bids > 0 ? int(68) : 0} ${asks} ${asks > 0 ? int(128) : 0} ${oi}`;
}
