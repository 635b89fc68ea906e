/*
 * PostgreSQL's binary COPY format ("COPY", File Formats, Binary Format): a signature of 11 bytes, flags, the length of
 * a header extension; then a row: int16 number of fields, and for each its length as int32 (-1: null) and its bytes;
 * at the end int16 -1. Everything big-endian.
 */
const SIGNATURE = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const TRAILER = Buffer.from([0xff, 0xff]);
const TRAILER_BYTES = TRAILER.length;
const FIRST_BYTES = 64 * 1024;
const TWO_32 = 4_294_967_296;
/** PostgreSQL counts microseconds from 2000-01-01 UTC. */
const POSTGRES_EPOCH_MS = 946_684_800_000;

/** What to send for rows that were taken with `takeRows`, from one buffer or several. */
export function copyOf(rows: readonly Buffer[]): Buffer[] {
  return [SIGNATURE, ...rows, TRAILER];
}

/** Rows in binary COPY format in one buffer that is used again and again. */
export class CopyBuffer {
  rows = 0;
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  constructor() {
    this.reset();
  }

  reset(): void {
    this.rows = 0;
    this.#at = SIGNATURE.copy(this.#bytes);
  }

  /** What to send, complete with its end. Valid until the next `reset`. */
  finish(): Buffer {
    this.reserve(TRAILER_BYTES);
    this.#view.setInt16(this.#at, -1);
    return this.#bytes.subarray(0, this.#at + TRAILER_BYTES);
  }

  /** The rows alone, without head and end. Valid until the next `reset`. */
  get rowBytes(): Buffer {
    return this.#bytes.subarray(SIGNATURE.length, this.#at);
  }

  /** Begins a row that takes at most `bytes` bytes. */
  row(fields: number, bytes: number): void {
    this.reserve(bytes + TRAILER_BYTES);
    this.#view.setInt16(this.#at, fields);
    this.#at += 2;
    this.rows++;
  }

  null(): void {
    this.#view.setInt32(this.#at, -1);
    this.#at += 4;
  }

  /** An integer of up to 53 bits as int8; NaN is null. */
  int8(value: number): void {
    const view = this.#view;
    const at = this.#at;
    if (Number.isNaN(value)) {
      view.setInt32(at, -1);
      this.#at = at + 4;
      return;
    }
    const high = Math.floor(value / TWO_32);
    view.setInt32(at, 8);
    view.setInt32(at + 4, high);
    view.setUint32(at + 8, value - high * TWO_32);
    this.#at = at + 12;
  }

  float8(value: number): void {
    this.#view.setInt32(this.#at, 8);
    this.#view.setFloat64(this.#at + 4, value);
    this.#at += 12;
  }

  /** Epoch milliseconds, kept to the microsecond; NaN is null. */
  timestamp(ms: number): void {
    this.int8(Math.round((ms - POSTGRES_EPOCH_MS) * 1000));
  }

  /** Days since 1970-01-01. */
  date(day: number): void {
    this.#view.setInt32(this.#at, 4);
    this.#view.setInt32(this.#at + 4, day - POSTGRES_EPOCH_MS / 86_400_000);
    this.#at += 8;
  }

  boolean(value: boolean): void {
    this.byte(value ? 1 : 0);
  }

  /** One byte: a boolean or a `"char"`. */
  byte(value: number): void {
    this.#view.setInt32(this.#at, 1);
    this.#bytes[this.#at + 4] = value;
    this.#at += 5;
  }

  /** A short text. */
  text(source: Uint8Array): void {
    const { length } = source;
    this.#view.setInt32(this.#at, length);
    this.#at += 4;
    for (let i = 0; i < length; i++) this.#bytes[this.#at++] = source[i]!;
  }

  /**
   * A bytea of `length` bytes, a multiple of 4. Word by word: for so few bytes that beats `Buffer.copy`, and it makes no
   * view object.
   */
  bytes(source: DataView, from: number, length: number): void {
    const view = this.#view;
    view.setInt32(this.#at, length);
    this.#at += 4;
    for (let i = 0; i < length; i += 4) view.setInt32(this.#at + i, source.getInt32(from + i));
    this.#at += length;
  }

  private reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
    this.#view = new DataView(larger.buffer);
  }
}
