/** What a hole is of: a whole connection, some instruments of one, or instruments that were given back and taken again. */
export type GapKind = 'connection' | 'exception' | 'subscription';

export type GapStatus = 'PENDING' | 'IN_PROGRESS' | 'RECOVERED' | 'FAILED' | 'UNRECOVERABLE';

/** Who closed a hole; none when it was proven that nothing traded. */
export type GapSource = 'HISTORICAL_API' | 'BACKUP_SOURCE' | 'MANUAL';

/** An instrument's part of a hole. Epoch milliseconds; `to` is Infinity while it lasts. */
export interface Part {
  readonly token: number;
  readonly from: number;
  readonly to: number;
}

/** A hole as one look at coverage finds it, within one session. Epoch milliseconds. */
export interface Hole {
  readonly kind: GapKind;
  readonly feed: string;
  readonly cause: string;
  /** Before it was cut to the session. */
  readonly beganAt: number;
  readonly from: number;
  /** null while it lasts. */
  readonly to: number | null;
  readonly instruments: number;
  /** Not seen by an earlier look. */
  readonly fresh: boolean;
  /** Where it is not of all that the feed carries. */
  readonly parts: readonly Part[] | null;
}

/** A row of the ledger as far as finding holes goes. `id` null: not stored yet. */
export interface LedgerRow {
  id: number | null;
  readonly kind: GapKind;
  readonly feed: string;
  cause: string;
  /** PENDING or IN_PROGRESS: something may still join it. */
  readonly working: boolean;
  beganAt: number;
  from: number;
  to: number | null;
  /** How many holes it is of, the lasting one included. */
  parts: number;
  /** Where the last of them that is over ended; null without one. */
  partsEnd: number | null;
  unheardSeconds: number;
  instruments: number;
}
