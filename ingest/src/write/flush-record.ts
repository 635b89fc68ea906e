import type { CoverageException, CoverageRow, Reject, TokenSpan } from '../batch/truth.js';
import { TruthChanges } from '../batch/truth.js';

/**
 * What one flush brings into the database, in a form that outlives the process: ticks and books as rows of PostgreSQL's
 * binary COPY format, and what their commit makes true. Flushes are committed in the order of their ids, each once.
 */
export interface Flush {
  readonly id: number;
  /** Epoch milliseconds by our clock. */
  readonly composedAt: number;
  readonly tickRows: number;
  readonly bookRows: number;
  readonly ticks: Buffer;
  readonly books: Buffer;
  readonly truth: TruthChanges;
  /** Minutes that an aggregate may have been computed from already when the flush was composed. */
  readonly stale: readonly TokenSpan[];
  /** Least and greatest `time` of the ticks; null without ticks. */
  readonly firstTime: number | null;
  readonly lastTime: number | null;
}

/*
 * uint32 length of the head, the head as JSON, uint32 length of the ticks, the ticks, the books. In JSON Infinity, the
 * end of what lasts, is null.
 */
interface Head {
  readonly id: number;
  readonly composedAt: number;
  readonly tickRows: number;
  readonly bookRows: number;
  readonly firstTime: number | null;
  readonly lastTime: number | null;
  readonly stale: readonly TokenSpan[];
  readonly coverage: readonly CoverageRow[];
  readonly exceptions: ReadonlyArray<Omit<CoverageException, 'to'> & { readonly to: number | null }>;
  readonly exceptionEnds: readonly TokenSpan[];
  readonly provenEmpty: readonly TokenSpan[];
  readonly assignments: TruthChanges['assignments'];
  readonly rejects: ReadonlyArray<Omit<Reject, 'packet'> & { readonly packet: string }>;
}

/** A flush as the spool keeps it. */
export function encodeFlush(flush: Flush): Buffer {
  const { truth } = flush;
  const head: Head = {
    id: flush.id,
    composedAt: flush.composedAt,
    tickRows: flush.tickRows,
    bookRows: flush.bookRows,
    firstTime: flush.firstTime,
    lastTime: flush.lastTime,
    stale: flush.stale,
    coverage: [...truth.coverage.values()],
    exceptions: truth.exceptions.map((exception) => ({ ...exception, to: finiteOrNull(exception.to) })),
    exceptionEnds: truth.exceptionEnds,
    provenEmpty: truth.provenEmpty,
    assignments: truth.assignments,
    rejects: truth.rejects.map((reject) => ({ ...reject, packet: reject.packet.toString('base64') })),
  };
  const json = Buffer.from(JSON.stringify(head));
  const lengths = Buffer.allocUnsafe(8);
  lengths.writeUInt32BE(json.length, 0);
  lengths.writeUInt32BE(flush.ticks.length, 4);
  return Buffer.concat([lengths, json, flush.ticks, flush.books]);
}

/** The flush that `encodeFlush` made these bytes of; its rows are views of them. */
export function decodeFlush(bytes: Buffer): Flush {
  const jsonBytes = bytes.readUInt32BE(0);
  const head = JSON.parse(bytes.toString('utf8', 8, 8 + jsonBytes)) as Head;
  const truth = new TruthChanges();
  for (const row of head.coverage) truth.row(row);
  for (const exception of head.exceptions) {
    truth.exceptions.push({ ...exception, to: exception.to ?? Number.POSITIVE_INFINITY });
  }
  truth.exceptionEnds.push(...head.exceptionEnds);
  truth.provenEmpty.push(...head.provenEmpty);
  truth.assignments.push(...head.assignments);
  for (const { packet, ...reject } of head.rejects) {
    truth.rejects.push({ ...reject, packet: Buffer.from(packet, 'base64') });
  }
  return {
    id: head.id,
    composedAt: head.composedAt,
    tickRows: head.tickRows,
    bookRows: head.bookRows,
    firstTime: head.firstTime,
    lastTime: head.lastTime,
    stale: head.stale,
    truth,
    ...rowsOf(bytes),
  };
}

/** The rows alone, as views of the bytes. */
export function rowsOf(bytes: Buffer): Pick<Flush, 'ticks' | 'books'> {
  const at = 8 + bytes.readUInt32BE(0);
  const end = at + bytes.readUInt32BE(4);
  return { ticks: bytes.subarray(at, end), books: bytes.subarray(end) };
}

function finiteOrNull(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
