import { type FileHandle, mkdir, open, readdir, rename, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import {
  decodeRecord,
  encodeRecord,
  RECORD_HEAD_BYTES,
  type RecordPlace,
  SEGMENT_HEAD_BYTES,
  scanSegment,
  segmentHead,
} from './segment.js';

/*
 * A write-ahead log of numbered records: appended before they go to the database, trimmed after it has them.
 *
 * The database alone knows what has been taken: it commits a record's id with the record's rows. So nothing here has to
 * be kept in step with it. A segment that is deleted late is skipped at the next start, one that is deleted before its
 * records' commit was seen by us cannot be: `trim` comes after the commit. There is no position file.
 *
 * An append that fails leaves nothing behind: the segment is cut where it was good, and the next append begins another.
 */

export const SEGMENT_BYTES = 16 * 1024 * 1024;
const SUFFIX = '.seg';

/** The spool may not grow further. */
export class SpoolFull extends Error {
  constructor(readonly maxBytes: number) {
    super(`The spool has reached SPOOL_MAX_BYTES (${maxBytes}).`);
    this.name = 'SpoolFull';
  }
}

export interface SpoolOptions {
  /** Made when it is not there; nobody else may use it. */
  readonly dir: string;
  readonly maxBytes: number;
  /** Longest time between two fsyncs while something is appended, in milliseconds: what a power cut may take. */
  readonly fsyncMs: number;
  readonly segmentBytes?: number;
  readonly log: Logger;
}

interface Segment {
  readonly path: string;
  readonly records: RecordPlace[];
  bytes: number;
}

export class Spool {
  readonly #o: SpoolOptions & { readonly segmentBytes: number };
  readonly #segments: Segment[];
  #file: FileHandle | undefined;
  #work: Promise<unknown> = Promise.resolve();
  #fsync: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(options: SpoolOptions, segments: Segment[]) {
    this.#o = { segmentBytes: SEGMENT_BYTES, ...options };
    this.#segments = segments;
  }

  /** Reads what is there. A torn end is cut off; a damaged segment and what follows it is set aside as `*.damaged`. */
  static async open(options: SpoolOptions): Promise<Spool> {
    await mkdir(options.dir, { recursive: true, mode: 0o700 });
    const names = (await readdir(options.dir)).filter((name) => name.endsWith(SUFFIX)).sort();
    const segments: Segment[] = [];
    for (const [i, name] of names.entries()) {
      const path = join(options.dir, name);
      const { records, goodBytes, fileBytes } = await scanSegment(path);
      if (goodBytes < fileBytes) {
        const left = fileBytes - goodBytes;
        if (i < names.length - 1) {
          options.log.error(
            { segment: path, bytes: left },
            'A segment of the spool is damaged: what follows is set aside',
          );
          await setAside(options.dir, names.slice(i + (records.length > 0 ? 1 : 0)));
        } else
          options.log.warn({ segment: path, bytes: left }, 'The last record of the spool was torn: cut off');
        if (records.length > 0) await truncate(path, goodBytes);
        else if (i === names.length - 1) await unlink(path);
        if (records.length > 0) segments.push({ path, records: [...records], bytes: goodBytes });
        break;
      }
      if (records.length === 0) await unlink(path);
      else segments.push({ path, records: [...records], bytes: goodBytes });
    }
    return new Spool(options, segments);
  }

  /** On disk. */
  get bytes(): number {
    return this.#segments.reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Of the records that are here, oldest first. */
  get ids(): readonly number[] {
    return this.#segments.flatMap(({ records }) => records.map(({ id }) => id));
  }

  /**
   * Appends a record; in the hands of the operating system when it resolves. Ids grow.
   * @throws SpoolFull; or what the file system says (`ENOSPC`, `EIO`, `EROFS`): then nothing of it was kept
   */
  append(id: number, payload: Buffer): Promise<void> {
    return this.#inTurn(async () => {
      const bytes = RECORD_HEAD_BYTES + payload.length;
      if (this.bytes + SEGMENT_HEAD_BYTES + bytes > this.#o.maxBytes) throw new SpoolFull(this.#o.maxBytes);
      const segment = await this.#segmentFor(id);
      try {
        await writeAll(this.#file!, encodeRecord(id, payload), segment.bytes);
      } catch (error) {
        await this.#giveUp(segment);
        throw error;
      }
      segment.records.push({ id, at: segment.bytes, bytes });
      segment.bytes += bytes;
      this.#fsync ??= setTimeout(() => this.#sync(), this.#o.fsyncMs);
    });
  }

  /** The payload of record `id`. @throws when it is not here or fails its check */
  async read(id: number): Promise<Buffer> {
    const segment = this.#segments.find(
      ({ records }) => records.length > 0 && records[0]!.id <= id && records.at(-1)!.id >= id,
    );
    const place = segment?.records[id - segment.records[0]!.id];
    if (!segment || !place) throw new Error(`The spool holds no record ${id}.`);
    const file = await open(segment.path, 'r');
    try {
      const record = Buffer.allocUnsafe(place.bytes);
      await file.read(record, 0, place.bytes, place.at);
      const payload = decodeRecord(record);
      if (!payload) throw new Error(`Record ${id} of the spool is damaged (${segment.path}).`);
      return payload;
    } finally {
      await file.close();
    }
  }

  /** The database has everything up to record `id`: segments that hold nothing later are deleted. */
  trim(id: number): Promise<void> {
    return this.#inTurn(async () => {
      while (this.#segments.length > 0 && this.#segments[0]!.records.at(-1)!.id <= id) {
        const active = this.#segments.length === 1 && this.#file !== undefined;
        if (active && this.#segments[0]!.bytes < this.#o.segmentBytes) return;
        if (active) await this.#leave();
        await unlink(this.#segments[0]!.path).catch(ignoreAbsent);
        this.#segments.shift();
      }
    });
  }

  /** Takes record `from` and all later ones out of the way, as `*.damaged`, and says why. */
  setAside(why: string): Promise<void> {
    return this.#inTurn(async () => {
      await this.#leave();
      this.#o.log.error({ dir: this.#o.dir, records: this.ids.length }, why);
      await setAside(
        this.#o.dir,
        this.#segments.map(({ path }) => path.slice(this.#o.dir.length + 1)),
      );
      this.#segments.length = 0;
    });
  }

  /** Everything appended is on the disk when it resolves. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#inTurn(() => this.#leave());
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#work.then(work);
    this.#work = turn.catch(() => undefined);
    return turn;
  }

  async #segmentFor(id: number): Promise<Segment> {
    const last = this.#segments.at(-1);
    if (last && this.#file && last.bytes < this.#o.segmentBytes && last.records.at(-1)!.id === id - 1)
      return last;
    await this.#leave();
    const path = join(this.#o.dir, `${String(id).padStart(16, '0')}${SUFFIX}`);
    const segment: Segment = { path, records: [], bytes: SEGMENT_HEAD_BYTES };
    this.#file = await open(path, 'w', 0o600);
    this.#segments.push(segment);
    try {
      await writeAll(this.#file, segmentHead(), 0);
      await syncFolder(this.#o.dir);
    } catch (error) {
      await this.#giveUp(segment);
      throw error;
    }
    return segment;
  }

  /** After an append that failed: what was good stays, the next append begins another segment. */
  async #giveUp(segment: Segment): Promise<void> {
    await this.#file?.close().catch(() => undefined);
    this.#file = undefined;
    if (segment.records.length > 0) {
      await truncate(segment.path, segment.bytes).catch((error: unknown) =>
        this.#o.log.error(
          { err: error, segment: segment.path },
          'A torn record of the spool stays until the next start',
        ),
      );
      return;
    }
    this.#segments.pop();
    await unlink(segment.path).catch(() => undefined);
  }

  async #leave(): Promise<void> {
    clearTimeout(this.#fsync);
    this.#fsync = undefined;
    const file = this.#file;
    this.#file = undefined;
    if (!file) return;
    await file
      .datasync()
      .catch((error: unknown) => this.#o.log.error({ err: error }, 'The spool could not be synced'));
    await file.close();
  }

  #sync(): void {
    this.#fsync = undefined;
    void this.#inTurn(async () => this.#file?.datasync()).catch((error: unknown) =>
      this.#o.log.error({ err: error }, 'The spool could not be synced'),
    );
  }
}

async function writeAll(file: FileHandle, bytes: Buffer, at: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, at + written);
    written += bytesWritten;
  }
}

async function setAside(dir: string, names: readonly string[]): Promise<void> {
  for (const name of names) await rename(join(dir, name), join(dir, `${name}.damaged`));
}

/** A file's name is kept by its folder: without this a power cut could lose a segment that was itself synced. */
async function syncFolder(dir: string): Promise<void> {
  const folder = await open(dir, 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function ignoreAbsent(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
