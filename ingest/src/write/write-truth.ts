import type pg from 'pg';
import type { AssignmentChange, CoverageRow, TokenSpan, TruthChanges } from '../batch/truth.js';
import { instant, instantOrNull } from './instants.js';
import {
  ADD_PROVEN_EMPTY,
  END_EXCEPTIONS,
  INSERT_ASSIGNMENTS,
  INSERT_COVERAGE,
  INSERT_EXCEPTIONS,
  INSERT_REJECTS,
  INSERT_STALE,
  RELEASE_ASSIGNMENTS,
  UPDATE_COVERAGE,
} from './statements.js';

/** Writes what a flush makes true, within its transaction. */
export async function writeTruth(
  client: pg.Client,
  truth: TruthChanges,
  stale: readonly TokenSpan[],
): Promise<void> {
  const rows = [...truth.coverage.values()];
  await writeCoverage(
    client,
    INSERT_COVERAGE,
    rows.filter((row) => row.isNew),
  );
  await writeCoverage(
    client,
    UPDATE_COVERAGE,
    rows.filter((row) => !row.isNew),
  );
  if (truth.exceptions.length > 0) {
    await client.query(INSERT_EXCEPTIONS, [
      truth.exceptions.map((e) => e.feed),
      truth.exceptions.map((e) => e.token),
      truth.exceptions.map((e) => instant(e.from)),
      truth.exceptions.map((e) => instant(e.to)),
      truth.exceptions.map((e) => e.reason),
    ]);
  }
  if (truth.exceptionEnds.length > 0) {
    await client.query(END_EXCEPTIONS, spans(truth.exceptionEnds));
  }
  const proofs = unite(truth.provenEmpty);
  if (proofs.length > 0) await client.query(ADD_PROVEN_EMPTY, spans(proofs));
  if (stale.length > 0) await client.query(INSERT_STALE, spans(stale));
  await writeAssignments(client, truth.assignments);
  if (truth.rejects.length > 0) {
    await client.query(INSERT_REJECTS, [
      truth.rejects.map((r) => instant(r.receivedAt)),
      truth.rejects.map((r) => r.reason),
      truth.rejects.map((r) => r.packet),
    ]);
  }
}

async function writeCoverage(
  client: pg.Client,
  statement: string,
  rows: readonly CoverageRow[],
): Promise<void> {
  if (rows.length === 0) return;
  await client.query(statement, [
    rows.map((row) => row.feed),
    rows.map((row) => instant(row.from)),
    rows.map((row) => instant(row.to)),
    rows.map((row) => instantOrNull(row.endedAt)),
    rows.map((row) => row.cause),
  ]);
}

/** An instrument may be taken, given back and taken again within one flush. */
async function writeAssignments(client: pg.Client, changes: readonly AssignmentChange[]): Promise<void> {
  if (changes.length === 0) return;
  const fresh = new Map<string, { feed: string; token: number; from: number; to: number }>();
  const done: Array<{ feed: string; token: number; from: number; to: number }> = [];
  const released: AssignmentChange[] = [];
  for (const change of changes) {
    const { feed, token, at } = change;
    const key = `${feed} ${token}`;
    if (!change.released) {
      fresh.set(key, { feed, token, from: at, to: Number.POSITIVE_INFINITY });
      continue;
    }
    const open = fresh.get(key);
    fresh.delete(key);
    if (open) done.push({ ...open, to: Math.max(open.from, at) });
    else released.push(change);
  }
  if (released.length > 0) {
    await client.query(RELEASE_ASSIGNMENTS, [
      released.map((r) => r.feed),
      released.map((r) => r.token),
      released.map((r) => instant(r.at)),
    ]);
  }
  const inserted = uniqueByStart([...done, ...fresh.values()]);
  if (inserted.length > 0) {
    await client.query(INSERT_ASSIGNMENTS, [
      inserted.map((a) => a.feed),
      inserted.map((a) => a.token),
      inserted.map((a) => instant(a.from)),
      inserted.map((a) => instant(a.to)),
    ]);
  }
}

/** Of assignments that begin at the same millisecond the last counts: one statement may touch a row once. */
function uniqueByStart<T extends { feed: string; token: number; from: number }>(rows: readonly T[]): T[] {
  return [...new Map(rows.map((row) => [`${row.feed} ${row.token} ${row.from}`, row])).values()];
}

function spans(rows: readonly TokenSpan[]): [number[], string[], string[]] {
  return [rows.map((r) => r.token), rows.map((r) => instant(r.from)), rows.map((r) => instant(r.to))];
}

/** Joins spans of one token that overlap or touch, so that each touches at most one row. */
export function unite(rows: readonly TokenSpan[]): TokenSpan[] {
  const sorted = rows.filter((row) => row.to > row.from).sort((a, b) => a.token - b.token || a.from - b.from);
  const united: TokenSpan[] = [];
  for (const row of sorted) {
    const last = united.at(-1);
    if (last && last.token === row.token && row.from <= last.to) {
      united[united.length - 1] = { ...last, to: Math.max(last.to, row.to) };
    } else united.push(row);
  }
  return united;
}
