import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FULL_PACKET_BYTES, TickColumns } from '../../src/decode/columns.js';
import { DecodeFaults } from '../../src/decode/faults.js';
import { decodeFrame, FRAME_DONE, FRAME_START } from '../../src/decode/frame.js';
import { expectSameTicks } from './compare.js';
import { arrayBufferOf, officialParser } from './official.js';

const parse = officialParser();
const LENGTHS = [8, 28, 32, 44, 184];

/** Offsets of 32-bit fields that are signed (prices); the others are counts and times. */
const signedOffsets = (length: number): Set<number> =>
  length === 28 || length === 32
    ? new Set([4, 8, 12, 16, 20, 24])
    : new Set([4, 12, 28, 32, 36, 40, ...Array.from({ length: 10 }, (_, i) => 64 + i * 12 + 4)]);

/** A packet body whose counts stay below 2^31, where the official parser turns negative. */
const packetArb = fc
  .record({
    length: fc.constantFrom(...LENGTHS),
    id: fc.integer({ min: 0, max: 0x7fffff }),
    segment: fc.integer({ min: 0, max: 9 }),
    words: fc.array(fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }), { minLength: 46, maxLength: 46 }),
  })
  .map(({ length, id, segment, words }) => {
    const signed = signedOffsets(length);
    const body = Buffer.alloc(length);
    body.writeInt32BE(id * 256 + segment, 0);
    for (let at = 4; at < length; at += 4) {
      const word = words[at / 4]!;
      // Orders are two bytes and two of padding: every bit pattern is theirs.
      const free = signed.has(at) || (length === 184 && at >= 64 && (at - 64) % 12 === 8);
      body.writeInt32BE(free ? word : word & 0x7fffffff, at);
    }
    return body;
  });

function frameOf(packets: readonly Buffer[], count = packets.length): Buffer {
  const parts: Buffer[] = [Buffer.alloc(2)];
  parts[0]!.writeUInt16BE(count);
  for (const packet of packets) {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(packet.length);
    parts.push(length, packet);
  }
  return Buffer.concat(parts);
}

/** `frame` at an odd place in a bigger buffer, as it comes out of a socket. */
function inSocket(frame: Buffer): Buffer {
  const pool = Buffer.alloc(frame.length + 7, 0xa5);
  frame.copy(pool, 3);
  return pool.subarray(3, 3 + frame.length);
}

function decodeAll(frame: Buffer, capacity = 4000) {
  const kept: string[] = [];
  const faults = new DecodeFaults((fault, bytes) => kept.push(`${fault}:${bytes.toString('hex')}`));
  const out = new TickColumns(capacity);
  expect(decodeFrame(inSocket(frame), 1_700_000_000_123.5, out, faults)).toBe(FRAME_DONE);
  return { out, faults, kept };
}

describe('decodeFrame', () => {
  it('agrees with the official parser field by field on frames of every packet length and segment', () => {
    let packets = 0;
    fc.assert(
      fc.property(fc.array(packetArb, { maxLength: 40, size: 'max' }), (bodies) => {
        const frame = frameOf(bodies);
        const { out, faults } = decodeAll(frame, 64);
        expectSameTicks(out, parse(arrayBufferOf(frame)));
        expect(faults.counts).toEqual({ unknown_length: 0, truncated: 0, trailing: 0 });
        packets += bodies.length;
      }),
      { numRuns: 400 },
    );
    expect(packets).toBeGreaterThan(3000);
  });

  it('agrees with the official parser on a frame of 3000 packets', () => {
    const bodies = fc.sample(packetArb, { numRuns: 3000, seed: 7 });
    const frame = frameOf(bodies);
    expectSameTicks(decodeAll(frame).out, parse(arrayBufferOf(frame)));
  });

  it('keeps each packet as received, in its own slot, with the time of receipt', () => {
    fc.assert(
      fc.property(fc.array(packetArb, { minLength: 1, maxLength: 30 }), (bodies) => {
        const { out } = decodeAll(frameOf(bodies), 30);
        for (const [row, body] of bodies.entries()) {
          const at = row * FULL_PACKET_BYTES;
          expect(out.packets.subarray(at, at + body.length).equals(body)).toBe(true);
          expect(out.receivedAt[row]).toBe(1_700_000_000_123.5);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('leaves nothing of an earlier, longer packet in the columns that a shorter one does not carry', () => {
    fc.assert(
      fc.property(packetArb, packetArb, (first, second) => {
        const reused = new TickColumns(1);
        const fresh = new TickColumns(1);
        const faults = new DecodeFaults();
        decodeFrame(frameOf([first]), 1, reused, faults);
        reused.length = 0;
        decodeFrame(frameOf([second]), 1, reused, faults);
        decodeFrame(frameOf([second]), 1, fresh, faults);
        const { packets: _a, ...reusedColumns } = reused;
        const { packets: _b, ...freshColumns } = fresh;
        expect(reusedColumns).toEqual(freshColumns);
      }),
      { numRuns: 200 },
    );
  });

  it('reads quantities as unsigned and prices as signed 32-bit numbers', () => {
    const body = Buffer.alloc(184, 0xff);
    const { out } = decodeAll(frameOf([body]));
    const unsigned = [
      out.token,
      out.lastQuantity,
      out.volume,
      out.totalBuyQuantity,
      out.totalSellQuantity,
      out.lastTradeTime,
      out.openInterest,
      out.openInterestDayHigh,
      out.openInterestDayLow,
      out.exchangeTime,
    ];
    for (const column of unsigned) expect(column[0]).toBe(4_294_967_295);
    const signed = [out.ltp, out.averagePrice, out.dayOpen, out.dayHigh, out.dayLow, out.previousClose];
    for (const column of signed) expect(column[0]).toBe(-1);
  });

  it('goes on where it stopped when the columns were full, losing and doubling nothing', () => {
    fc.assert(
      fc.property(
        fc.array(packetArb, { maxLength: 50 }),
        fc.integer({ min: 1, max: 17 }),
        fc.array(fc.nat(49), { maxLength: 3 }),
        (bodies, capacity, unknownAt) => {
          const mixed: Buffer[] = bodies.flatMap((b, i) =>
            unknownAt.includes(i) ? [Buffer.alloc(9), b] : [b],
          );
          const frame = frameOf(mixed);
          const faults = new DecodeFaults();
          const out = new TickColumns(capacity);
          const seen: string[] = [];
          const flush = () => {
            for (let row = 0; row < out.length; row++) {
              const at = row * FULL_PACKET_BYTES;
              seen.push(out.packets.toString('hex', at, at + out.packetLength[row]!));
            }
            out.length = 0;
          };
          let at = FRAME_START;
          for (;;) {
            at = decodeFrame(frame, 1, out, faults, at);
            if (at === FRAME_DONE) break;
            expect(out.length).toBe(capacity);
            flush();
          }
          flush();
          expect(seen).toEqual(bodies.map((body) => body.toString('hex')));
          expect(faults.counts.unknown_length).toBe(mixed.length - bodies.length);
          expect(faults.counts.truncated + faults.counts.trailing).toBe(0);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('appends to rows that are already there', () => {
    const out = new TickColumns(4);
    const faults = new DecodeFaults();
    const [a, b] = [Buffer.alloc(8, 1), Buffer.alloc(8, 2)];
    decodeFrame(frameOf([a]), 10, out, faults);
    decodeFrame(frameOf([b]), 20, out, faults);
    expect([...out.token.subarray(0, out.length)]).toEqual([0x01010101, 0x02020202]);
    expect([...out.receivedAt.subarray(0, out.length)]).toEqual([10, 20]);
  });

  it('skips a packet of unknown length, keeps its bytes and reads the rest', () => {
    const good = Buffer.alloc(8, 1);
    const { out, faults, kept } = decodeAll(
      frameOf([Buffer.from('abcdef', 'hex'), good, Buffer.alloc(0), good]),
    );
    expect(out.length).toBe(2);
    expect(faults.counts).toEqual({ unknown_length: 2, truncated: 0, trailing: 0 });
    expect(kept).toEqual(['unknown_length:abcdef', 'unknown_length:']);
  });

  it('counts trailing bytes and keeps them', () => {
    const { out, kept } = decodeAll(
      Buffer.concat([frameOf([Buffer.alloc(8, 1)]), Buffer.from('beef', 'hex')]),
    );
    expect(out.length).toBe(1);
    expect(kept).toEqual(['trailing:beef']);
  });

  it('counts a frame cut anywhere exactly once and keeps every whole packet before the cut', () => {
    fc.assert(
      fc.property(
        fc.array(packetArb, { minLength: 1, maxLength: 8 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (bodies, part) => {
          const whole = frameOf(bodies);
          const cut = whole.subarray(0, Math.floor(whole.length * part));
          const { out, faults } = decodeAll(cut, 8);
          expect(faults.counts).toEqual({ unknown_length: 0, truncated: 1, trailing: 0 });
          let end = 2;
          let complete = 0;
          for (const body of bodies) {
            end += 2 + body.length;
            if (end <= cut.length) complete++;
          }
          expect(out.length).toBe(complete);
        },
      ),
      { numRuns: 300 },
    );
  });

  it('never throws, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 600 }), (bytes) => {
        const out = new TickColumns(3);
        const faults = new DecodeFaults();
        let at = FRAME_START;
        for (let guard = 0; guard < 1000; guard++) {
          at = decodeFrame(Buffer.from(bytes), 1, out, faults, at);
          if (at === FRAME_DONE) return;
          out.length = 0;
        }
        throw new Error('decodeFrame does not come to an end');
      }),
      { numRuns: 500 },
    );
  });
});
