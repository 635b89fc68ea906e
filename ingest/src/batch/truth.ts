import type { FeedEnd, FeedName } from '../feed/feed.js';

/** Why a connection's row of `live_coverage` ended. */
export type CoverageEnd = FeedEnd | 'overload';

/** Why a span is subtracted from live coverage. */
export type ExceptionReason = CoverageEnd | 'not_subscribed' | 'untimed' | 'late';

/** A row of `live_coverage` as it is after the commit; rows are known by feed and `from`. Epoch milliseconds. */
export interface CoverageRow {
  readonly feed: FeedName;
  readonly from: number;
  readonly to: number;
  /** Our clock; null while it is open. */
  readonly endedAt: number | null;
  readonly cause: CoverageEnd | null;
  /** False when the database has it already. */
  readonly isNew: boolean;
}

/** `to` is Infinity while it lasts. */
export interface CoverageException {
  readonly feed: FeedName;
  /** Our token; null: whatever the feed carries. */
  readonly token: number | null;
  readonly from: number;
  readonly to: number;
  readonly reason: ExceptionReason;
}

export interface TokenSpan {
  readonly token: number;
  readonly from: number;
  readonly to: number;
}

/** An instrument begins (`released` false) or ceases to be carried by a feed. */
export interface AssignmentChange {
  readonly feed: FeedName;
  readonly token: number;
  readonly at: number;
  readonly released: boolean;
}

export interface Reject {
  readonly receivedAt: number;
  readonly reason: string;
  readonly packet: Buffer;
}

/**
 * What becomes true with the commit of a batch, beside its ticks: everything here rests on packets of this batch or of
 * earlier ones. Spans are `[from, to)` in exchange time.
 */
export class TruthChanges {
  /** By feed and `from`: what was said last holds. */
  readonly coverage = new Map<string, CoverageRow>();
  readonly exceptions: CoverageException[] = [];
  /** The lasting exception of an instrument that began at `from` ends at `to`. */
  readonly exceptionEnds: TokenSpan[] = [];
  readonly provenEmpty: TokenSpan[] = [];
  readonly assignments: AssignmentChange[] = [];
  readonly rejects: Reject[] = [];

  get isEmpty(): boolean {
    return (
      this.coverage.size === 0 &&
      this.exceptions.length === 0 &&
      this.exceptionEnds.length === 0 &&
      this.provenEmpty.length === 0 &&
      this.assignments.length === 0 &&
      this.rejects.length === 0
    );
  }

  row(row: CoverageRow): void {
    const key = `${row.feed} ${row.from}`;
    const isNew = row.isNew || (this.coverage.get(key)?.isNew ?? false);
    this.coverage.set(key, { ...row, isNew });
  }

  /** Adds what a later batch says. */
  append(later: TruthChanges): void {
    for (const row of later.coverage.values()) this.row(row);
    this.exceptions.push(...later.exceptions);
    this.exceptionEnds.push(...later.exceptionEnds);
    this.provenEmpty.push(...later.provenEmpty);
    this.assignments.push(...later.assignments);
    this.rejects.push(...later.rejects);
  }
}
