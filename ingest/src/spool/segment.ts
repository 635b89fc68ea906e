import { readFile } from 'node:fs/promises';
import { crc32 } from 'node:zlib';

/*
 * A segment is a file of records, appended and never changed:
 *
 *     8 bytes   "TICKSPL1"
 *     record    uint32 length of the payload, uint32 CRC-32 of id and payload, float64 id, payload; big-endian
 *     record    ...
 *
 * Ids grow by one within a segment. A process that died while appending leaves a torn last record, a machine that lost
 * its power possibly zeros: both fail the check, and the file is good up to there.
 */
const MAGIC = Buffer.from('TICKSPL1', 'latin1');
export const SEGMENT_HEAD_BYTES = MAGIC.length;
/** What a record takes beyond its payload. */
export const RECORD_HEAD_BYTES = 16;
/** No record is as long as this: a length beyond is not one. */
export const MAX_PAYLOAD_BYTES = 256 * 1024 * 1024;

/** Where a record lies in its segment; `at` and `bytes` are of the whole record. */
export interface RecordPlace {
  readonly id: number;
  readonly at: number;
  readonly bytes: number;
}

export interface SegmentScan {
  readonly records: readonly RecordPlace[];
  /** The file is good up to here. */
  readonly goodBytes: number;
  readonly fileBytes: number;
}

export function segmentHead(): Buffer {
  return MAGIC;
}

/** A record as it is written. */
export function encodeRecord(id: number, payload: Buffer): Buffer {
  const record = Buffer.allocUnsafe(RECORD_HEAD_BYTES + payload.length);
  record.writeUInt32BE(payload.length, 0);
  record.writeDoubleBE(id, 8);
  payload.copy(record, RECORD_HEAD_BYTES);
  record.writeUInt32BE(crc32(record.subarray(8)), 4);
  return record;
}

/** The payload of a whole record; undefined when it fails its check. */
export function decodeRecord(record: Buffer): Buffer | undefined {
  if (record.length < RECORD_HEAD_BYTES) return undefined;
  const bytes = RECORD_HEAD_BYTES + record.readUInt32BE(0);
  if (record.length !== bytes || crc32(record.subarray(8)) !== record.readUInt32BE(4)) return undefined;
  return record.subarray(RECORD_HEAD_BYTES);
}

/** Finds the records of a segment, up to the first that is torn or damaged. */
export async function scanSegment(path: string): Promise<SegmentScan> {
  const file = await readFile(path);
  const records: RecordPlace[] = [];
  let at = SEGMENT_HEAD_BYTES;
  if (!file.subarray(0, at).equals(MAGIC)) return { records, goodBytes: 0, fileBytes: file.length };
  while (at + RECORD_HEAD_BYTES <= file.length) {
    const payload = file.readUInt32BE(at);
    const end = at + RECORD_HEAD_BYTES + payload;
    if (payload === 0 || payload > MAX_PAYLOAD_BYTES || end > file.length) break;
    const id = file.readDoubleBE(at + 8);
    const before = records.at(-1);
    if (crc32(file.subarray(at + 8, end)) !== file.readUInt32BE(at + 4)) break;
    if (!Number.isSafeInteger(id) || (before && id !== before.id + 1)) break;
    records.push({ id, at, bytes: end - at });
    at = end;
  }
  return { records, goodBytes: at, fileBytes: file.length };
}
