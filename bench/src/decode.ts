import { TickColumns } from '@tickscope/ingest/dist/src/decode/columns.js';
import { DecodeFaults } from '@tickscope/ingest/dist/src/decode/faults.js';
import { decodeFrame } from '@tickscope/ingest/dist/src/decode/frame.js';
import { KiteTicker } from 'kiteconnect';
import type { BenchResult } from './result.js';

/** Full packets in the frame: what a busy second of a 3000-instrument connection carries. */
const PACKETS = 1000;
const FULL_PACKET_BYTES = 184;
const WARM_UP_MS = 200;
const MEASURE_MS = 1000;

/** Full packets a second, ours against the official `parseBinary`, on the same frame in the same process. */
export async function decodeBench(): Promise<BenchResult[]> {
  const frame = fullFrame(PACKETS);
  const bytes = new Uint8Array(frame).buffer;
  const out = new TickColumns(PACKETS);
  const faults = new DecodeFaults();
  const official = new KiteTicker({ api_key: 'bench', access_token: 'bench' }) as unknown as {
    parseBinary(bytes: ArrayBuffer): unknown[];
  };

  const peer = packetsPerSecond(() => official.parseBinary(bytes).length);
  const cpuBefore = process.cpuUsage();
  const ours = packetsPerSecond(() => {
    out.length = 0;
    decodeFrame(frame, 0, out, faults);
    return out.length;
  });
  const cpu = process.cpuUsage(cpuBefore);
  if (faults.counts.truncated + faults.counts.unknown_length > 0)
    throw new Error('The bench frame is not valid.');

  return [
    {
      bench: 'decode',
      value: Math.round(ours),
      unit: 'full packets/s',
      peer: 'official KiteTicker.parseBinary',
      peerValue: Math.round(peer),
      ratio: Math.round((ours / peer) * 10) / 10,
      expect: '>= 100',
      packetsInFrame: PACKETS,
      cpuSeconds: { bench: (cpu.user + cpu.system) / 1e6 },
    },
  ];
}

/** Runs `decode` (which answers how many packets it read) for a while after a warm-up. */
function packetsPerSecond(decode: () => number): number {
  const run = (forMs: number): number => {
    const start = performance.now();
    let packets = 0;
    while (performance.now() - start < forMs) packets += decode();
    return (packets * 1000) / (performance.now() - start);
  };
  run(WARM_UP_MS);
  return run(MEASURE_MS);
}

/** A frame of `count` full NSE packets with every field and depth level filled. */
function fullFrame(count: number): Buffer {
  const frame = Buffer.alloc(2 + count * (2 + FULL_PACKET_BYTES));
  frame.writeUInt16BE(count, 0);
  for (let i = 0, at = 2; i < count; i++, at += 2 + FULL_PACKET_BYTES) {
    frame.writeUInt16BE(FULL_PACKET_BYTES, at);
    for (let word = 0; word < FULL_PACKET_BYTES; word += 4) {
      frame.writeInt32BE(100_000 + ((i * 7919 + word * 104_729) % 5_000_000), at + 2 + word);
    }
    frame.writeUInt32BE((i + 1) * 256 + 1, at + 2);
  }
  return frame;
}
