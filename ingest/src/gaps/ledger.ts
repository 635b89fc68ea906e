import PQueue from 'p-queue';
import type { Logger } from 'pino';
import { type Queryable, SqlClock, timestamp } from '../candles/sql-clock.js';
import type { Clock } from '../clock.js';
import type { Database } from '../db/database.js';
import { DAY_MS } from '../sessions/ist.js';
import { matchHoles, NEAR_MS } from './match.js';
import type { GapSource, Hole, LedgerRow, Part } from './rows.js';
import { CURSOR, FIRST_CURSOR, MOVE_CURSOR, NEWEST } from './sql/cursor.js';
import {
  ADD_MEMBERS,
  COUNT_ROW,
  DELETE_ROWS,
  HOLES,
  INSERT_ROW,
  LACKS,
  NEXT_TO_RECHECK,
  RECHECK,
  ROW_COUNTS,
  ROWS_SINCE,
  SETTLE,
  TO_COUNT,
  UPDATE_ROW,
} from './sql/rows.js';

/** How long after its end a hole is counted: by then the packets that prove emptiness are committed. */
const COUNT_AFTER_MS = 5_000;
/** An open connection that is further behind than this has stalled. A canary is silent for 10 s at most. */
const QUIET = '20 seconds';
/** The first look ever goes back this far. */
const FIRST_LOOK_MS = 7 * DAY_MS;
/** Instruments that are taken again become known with the commit of their first packet, which may come late. */
const TAKEN_AGAIN_MS = 3_600_000;
/** Of what lacks something, so many are looked at again in a pass although nobody said that they changed. */
const SWEEP = 100;

export interface GapLedgerParts {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  /** How long after its end a candle of the broker is final. */
  readonly settleSeconds: number;
}

/** A row whose status changed in a pass. */
export interface SettledRow {
  readonly id: number;
  readonly status: string;
  readonly before: string;
  readonly left: number;
  readonly message: string | null;
}

interface Cursor {
  readonly coverage: number;
  readonly exception: number;
  readonly assignment: number;
}

interface HoleRow extends Omit<Hole, 'parts'> {
  readonly tokens: number[] | null;
  readonly froms: string[];
  readonly tos: string[];
}

/**
 * Keeps `data_gaps` in line with coverage.
 *
 * A pass, one transaction: holes behind the cursor and holes that last are brought together with the rows; rows that
 * are over are counted, which names the instruments that lack something (gap_spans is the judge); instruments that were
 * said to have changed, and a few more in turn, are looked at again; statuses follow. Everything that a pass knows is in
 * the database, so a restart goes on where the last process ended, however it ended.
 */
export class GapLedger {
  readonly #p: GapLedgerParts;
  readonly #sql: SqlClock;
  readonly #changed = new Map<number, GapSource>();
  /** Everything that writes to the ledger takes turns: two that lock the same rows would wait for each other. */
  readonly #turns = new PQueue({ concurrency: 1 });
  #swept: { gapId: number; token: number } = { gapId: 0, token: 0 };
  #passing: Promise<SettledRow[]> | undefined;

  constructor(parts: GapLedgerParts) {
    this.#p = parts;
    this.#sql = new SqlClock(parts.db, parts.clock);
  }

  /** The next pass looks again at what `token` lacks, of which `source` gave something. */
  changed(token: number, source: GapSource): void {
    this.#changed.set(token, source);
  }

  /**
   * One pass; calls meanwhile share it. @param waits what everything waits for, such as a login.
   * @returns the rows whose status changed.
   */
  pass(waits: string | null = null): Promise<SettledRow[]> {
    this.#passing ??= this.#pass(waits).finally(() => {
      this.#passing = undefined;
    });
    return this.#passing;
  }

  /** Looks at once at what `token` lacks in these rows. @returns whether that is nothing any more. */
  recheck(gaps: readonly number[], token: number, source: GapSource): Promise<boolean> {
    return this.write(async (db) => {
      await db.query(RECHECK, [gaps, [token], source]);
      const { rowCount } = await db.query(LACKS, [gaps, token]);
      return rowCount === 0;
    });
  }

  /** One transaction on the ledger, after those that were asked for before. */
  write<T>(work: (db: Queryable) => Promise<T>): Promise<T> {
    return this.#turns.add(() => this.#sql.transaction(work));
  }

  /** Rows and instruments that are not repaired, by status. */
  async open(): Promise<Array<{ status: string; rows: number; instruments: number }>> {
    return (await this.#p.db.pool.query<{ status: string; rows: number; instruments: number }>(ROW_COUNTS))
      .rows;
  }

  async #pass(waits: string | null): Promise<SettledRow[]> {
    const changed = [...this.#changed];
    this.#changed.clear();
    try {
      const settled = await this.write(async (db) => {
        await this.#find(db);
        await this.#count(db);
        await this.#recheck(db, changed);
        const now = timestamp(this.#p.clock.now());
        return (await db.query<SettledRow>(SETTLE, [now, waits])).rows;
      });
      for (const row of settled) if (row.status !== row.before) this.#tell(row);
      return settled;
    } catch (error) {
      for (const [token, source] of changed) if (!this.#changed.has(token)) this.#changed.set(token, source);
      throw error;
    }
  }

  async #find(db: Queryable): Promise<void> {
    const now = this.#p.clock.now();
    // Read before the holes: what is committed between the two is found again, and changes nothing then.
    const newest = (await db.query<Cursor>(NEWEST, [QUIET])).rows[0]!;
    const stored = (await db.query<Cursor>(CURSOR)).rows[0];
    const notBefore = stored ? Number.NEGATIVE_INFINITY : now - FIRST_LOOK_MS;
    const cursor = stored ?? (await db.query<Cursor>(FIRST_CURSOR, [timestamp(notBefore)])).rows[0]!;
    const { rows: found } = await db.query<HoleRow>(HOLES, [
      cursor.coverage,
      cursor.exception,
      cursor.assignment,
      QUIET,
      timestamp(now - TAKEN_AGAIN_MS),
    ]);
    const holes = found.map(toHole).filter(({ to }) => to === null || to > notBefore);
    const since = holes.reduce((least, { from }) => Math.min(least, from), now) - NEAR_MS;
    const { rows } = await db.query<LedgerRow>(ROWS_SINCE, [timestamp(since)]);
    const { inserted, updated, removed, members } = matchHoles(rows, holes);
    for (const row of inserted) row.id = await insert(db, row);
    for (const row of updated) await update(db, row);
    if (removed.length > 0) await db.query(DELETE_ROWS, [removed.map(({ id }) => id)]);
    for (const { row, parts } of members) await addMembers(db, row, parts);
    if (
      !stored ||
      newest.coverage > cursor.coverage ||
      newest.exception > cursor.exception ||
      newest.assignment > cursor.assignment
    ) {
      await db.query(MOVE_CURSOR, [newest.coverage, newest.exception, newest.assignment]);
    }
    for (const { cause, feed, from, instruments } of inserted) {
      const begun = new Date(from).toISOString();
      this.#p.log.info({ cause, feed, from: begun, instruments }, 'a hole in coverage was found');
    }
  }

  async #count(db: Queryable): Promise<void> {
    const overSince = timestamp(this.#p.clock.now() - COUNT_AFTER_MS);
    const { rows } = await db.query<{ id: number }>(TO_COUNT, [overSince]);
    for (const { id } of rows) await db.query(COUNT_ROW, [id, `${this.#p.settleSeconds + 1} seconds`]);
  }

  async #recheck(db: Queryable, changed: ReadonlyArray<readonly [number, GapSource]>): Promise<void> {
    for (const source of new Set(changed.map(([, by]) => by))) {
      const tokens = changed.filter(([, by]) => by === source).map(([token]) => token);
      await db.query(RECHECK, [null, tokens, source]);
    }
    const { gapId, token } = this.#swept;
    const { rows } = await db.query<{ gapId: number; token: number }>(NEXT_TO_RECHECK, [gapId, token, SWEEP]);
    const last = rows.at(-1);
    this.#swept = last && rows.length === SWEEP ? last : { gapId: 0, token: 0 };
    const byGap = new Map<number, number[]>();
    for (const next of rows) {
      const tokens = byGap.get(next.gapId);
      if (tokens) tokens.push(next.token);
      else byGap.set(next.gapId, [next.token]);
    }
    for (const [id, tokens] of byGap) await db.query(RECHECK, [[id], tokens, 'HISTORICAL_API']);
  }

  #tell(row: SettledRow): void {
    const { log } = this.#p;
    if (row.status === 'RECOVERED') log.info(row, 'a hole is repaired');
    else if (row.status === 'FAILED') log.error(row, 'a hole could not be repaired and was given up');
    else if (row.status === 'UNRECOVERABLE') log.warn(row, 'a hole can never be repaired');
  }
}

function toHole({ tokens, froms, tos, ...hole }: HoleRow): Hole {
  const parts = tokens?.map((token, i) => ({ token, from: instantMs(froms[i]!), to: instantMs(tos[i]!) }));
  return { ...hole, cause: causeOf(hole), parts: parts ?? null };
}

/** Of a single instrument that its connection did not hear, the subscription is to blame. */
const causeOf = ({ kind, cause }: Pick<Hole, 'kind' | 'cause'>) =>
  kind === 'exception' && cause === 'not_subscribed' ? 'subscription' : cause;

/** PostgreSQL's text of an instant in UTC. */
const instantMs = (text: string): number =>
  text === 'infinity' ? Number.POSITIVE_INFINITY : Date.parse(text.replace(' ', 'T').replace(/\+00$/, 'Z'));

const orNull = (ms: number | null) => (ms === null ? null : timestamp(ms));
const orInfinity = (ms: number) => (ms === Number.POSITIVE_INFINITY ? 'infinity' : timestamp(ms));

async function insert(db: Queryable, row: LedgerRow): Promise<number> {
  const { rows } = await db.query<{ id: number }>(INSERT_ROW, [
    row.kind,
    row.feed,
    row.cause,
    timestamp(row.beganAt),
    timestamp(row.from),
    orNull(row.to),
    row.parts,
    orNull(row.partsEnd),
    row.unheardSeconds,
    row.instruments,
  ]);
  return rows[0]!.id;
}

async function update(db: Queryable, row: LedgerRow): Promise<void> {
  await db.query(UPDATE_ROW, [
    row.id,
    row.cause,
    timestamp(row.beganAt),
    timestamp(row.from),
    orNull(row.to),
    row.parts,
    orNull(row.partsEnd),
    row.unheardSeconds,
    row.instruments,
  ]);
}

async function addMembers(db: Queryable, row: LedgerRow, parts: readonly Part[]): Promise<void> {
  await db.query(ADD_MEMBERS, [
    row.id,
    parts.map(({ token }) => token),
    parts.map(({ from }) => timestamp(from)),
    parts.map(({ to }) => orInfinity(to)),
  ]);
}
