import type { Hole, LedgerRow, Part } from './rows.js';

/** Holes of one kind and feed that are closer than this are one row: a minute that holds two is fetched once. */
export const NEAR_MS = 60_000;
/** A row that is longer takes no more: what flaps for hours is repaired meanwhile. */
export const LONGEST_OF_PARTS_MS = 15 * 60_000;

/** Instruments that answer so late after a reconnect belong to the connection's hole. */
export const STRAGGLING_MS = 30_000;
const NOT_STRAGGLING = new Set(['late', 'overload']);

/** What a look changes in the ledger. Rows may be both new and changed again; each is listed once. */
export interface Changes {
  readonly inserted: LedgerRow[];
  readonly updated: LedgerRow[];
  /** Lasting rows that turned out to be no hole: the connection's next packet carried its coverage on. */
  readonly removed: LedgerRow[];
  /** Instruments of rows that are not of a whole connection. */
  readonly members: Array<{ readonly row: LedgerRow; readonly parts: readonly Part[] }>;
}

/**
 * Brings holes and rows together. `rows` are those that last and those that can be near a hole; they are changed in
 * place. A hole that a row already tells of changes nothing, so that a look can be repeated.
 */
export function matchHoles(rows: readonly LedgerRow[], holes: readonly Hole[]): Changes {
  const known = [...rows];
  const inserted: LedgerRow[] = [];
  const updated = new Set<LedgerRow>();
  const members: Changes['members'] = [];
  const seen = new Set<LedgerRow>();

  for (const hole of [...holes].sort((a, b) => a.from - b.from)) {
    const reconnect = known.findLast((row) => isStraggling(row, hole));
    if (reconnect) {
      if (hole.to! > reconnect.to!) reconnect.to = reconnect.partsEnd = hole.to;
      // Told of once: an instrument that lacked nothing may lack something now.
      if (hole.fresh && reconnect.id !== null) updated.add(reconnect);
      continue;
    }
    const alike = known.filter(
      (row) =>
        row.kind === hole.kind &&
        row.feed === hole.feed &&
        (row.kind === 'connection' || row.cause === hole.cause),
    );
    const told = alike.find((row) => tellsOf(row, hole));
    if (told) {
      seen.add(told);
      continue;
    }
    const near = alike.findLast((row) => row.working && isNear(row, hole));
    const row = near ?? newRow(hole);
    if (near) {
      join(near, hole);
      if (near.id !== null) updated.add(near);
    } else {
      known.push(row);
      inserted.push(row);
    }
    seen.add(row);
    if (hole.parts) members.push({ row, parts: hole.parts });
  }

  const removed: LedgerRow[] = [];
  for (const row of rows) {
    if (row.to !== null || seen.has(row)) continue;
    updated.delete(row);
    if (row.partsEnd === null) removed.push(row);
    else {
      row.to = row.partsEnd;
      row.parts--;
      updated.add(row);
    }
  }
  return { inserted, updated: [...updated], removed, members };
}

/** Whether `hole` is how the connection's hole `row` ended for those that answered last. */
function isStraggling(row: LedgerRow, hole: Hole): boolean {
  return (
    row.kind === 'connection' &&
    hole.kind === 'exception' &&
    row.feed === hole.feed &&
    row.working &&
    row.to !== null &&
    hole.to !== null &&
    !NOT_STRAGGLING.has(hole.cause) &&
    hole.from >= row.from &&
    hole.from <= row.to &&
    hole.to <= row.to + STRAGGLING_MS
  );
}

/** Whether `row` needs nothing more to tell of `hole`. New parts may be of instruments that it does not know. */
function tellsOf(row: LedgerRow, hole: Hole): boolean {
  if (hole.parts && hole.fresh) return false;
  if (hole.kind === 'exception' && row.to === null) return false;
  return row.to !== null && hole.to !== null && row.from <= hole.from && row.to >= hole.to;
}

function isNear(row: LedgerRow, hole: Hole): boolean {
  const rowTo = row.to ?? Number.POSITIVE_INFINITY;
  const holeTo = hole.to ?? Number.POSITIVE_INFINITY;
  if (row.to !== null && hole.from - row.from > LONGEST_OF_PARTS_MS) return false;
  return hole.from <= rowTo + NEAR_MS && holeTo >= row.from - NEAR_MS;
}

function newRow(hole: Hole): LedgerRow {
  return {
    id: null,
    kind: hole.kind,
    feed: hole.feed,
    cause: hole.cause,
    working: true,
    beganAt: hole.beganAt,
    from: hole.from,
    to: hole.to,
    parts: 1,
    partsEnd: hole.to,
    unheardSeconds: secondsOf(hole),
    instruments: hole.instruments,
  };
}

function join(row: LedgerRow, hole: Hole): void {
  const lasted = row.to === null;
  // What lasts may begin later than it seemed: a connection's last row grows until it is closed.
  row.from = lasted && row.partsEnd === null ? hole.from : Math.min(row.from, hole.from);
  row.beganAt = Math.min(row.beganAt, hole.beganAt);
  row.cause = hole.cause;
  row.instruments = Math.max(row.instruments, hole.instruments);
  if (!lasted) row.parts++;
  if (hole.to === null) {
    row.to = null;
    return;
  }
  row.partsEnd = Math.max(row.partsEnd ?? hole.to, hole.to);
  row.to = row.partsEnd;
  row.unheardSeconds += secondsOf(hole);
}

const secondsOf = ({ from, to }: Hole) => (to === null ? 0 : (to - from) / 1000);
