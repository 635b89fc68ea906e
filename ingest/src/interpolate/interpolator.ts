import type { Logger } from 'pino';
import { type Queryable, SqlClock, timestamp } from '../candles/sql-clock.js';
import type { Clock } from '../clock.js';
import type { Database } from '../db/database.js';
import type { Metrics } from '../metrics.js';
import type { VixRegime } from '../vix/minute.js';
import { type InterpolatedRow, interpolate, LONGEST_MS, type TickHole } from './methods.js';
import { ADD_ROWS, AROUND, GAPS_TO_LOOK_AT, LOOKED_AT, PARTS, REGIME_AT } from './sql/holes.js';

const EVERY_MS = 15_000;
/** A hole's ticks are committed, and its other parts joined to it, so long after its end. */
const SETTLED_MS = 10_000;
/** What is older was there before this could be done, or its ticks are gone. */
const OLDEST_MS = 24 * 3_600_000;
/** Coverage counts in whole seconds: what it calls so long may have lasted LONGEST_MS. */
const LONGEST_COVERED_MS = LONGEST_MS + 5_000;

export interface InterpolatorParts {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Logger;
  readonly metrics: Pick<Metrics, 'interpolatedRows'>;
}

interface GapRow {
  readonly id: number;
  readonly feed: string;
  readonly from: Date;
  readonly to: Date;
}

interface PartRow {
  readonly from: Date;
  readonly to: Date;
  readonly endedAt: Date;
  readonly lengthMs: number;
}

interface AroundRow {
  readonly token: number;
  readonly tickSize: number;
  readonly toSessionEdgeMs: number;
  readonly beforeAt: number;
  readonly beforePrice: number;
  readonly beforeVolume: number | null;
  readonly afterAt: number;
  readonly afterPrice: number;
  readonly afterVolume: number | null;
  readonly vwap: number | null;
  readonly minuteVolume: number | null;
  readonly low: number;
  readonly high: number;
  /** By how much our clock, and the way, are ahead of the exchange's. */
  readonly skewMs: number | null;
}

/**
 * Puts guesses into the holes of connections that are too short for the broker's minutes to show: `interpolated_data`,
 * by `methods.ts`. How short a hole was is told by the receipt of what came before and after it on the connection, as
 * the exchange's times are whole seconds. Everything that it knows is in the database; a restart goes on.
 */
export class Interpolator {
  readonly #p: InterpolatorParts;
  readonly #sql: SqlClock;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<number> | undefined;

  constructor(parts: InterpolatorParts) {
    this.#p = parts;
    this.#sql = new SqlClock(parts.db, parts.clock);
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      this.look().catch((error: unknown) =>
        this.#p.log.warn({ reason: String(error) }, 'holes were not interpolated; it is tried again'),
      );
    }, EVERY_MS);
    this.#timer.unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#looking?.catch(() => undefined);
  }

  /** Looks at what has not been looked at. @returns how many rows were made. */
  look(): Promise<number> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<number> {
    const now = this.#p.clock.now();
    const { rows: gaps } = await this.#sql.read((db) =>
      db.query<GapRow & { lookedAtTo: Date | number }>(GAPS_TO_LOOK_AT, [
        timestamp(now - OLDEST_MS),
        timestamp(now - SETTLED_MS),
      ]),
    );
    let made = 0;
    for (const gap of gaps) {
      const lookedAtTo = typeof gap.lookedAtTo === 'number' ? gap.lookedAtTo : gap.lookedAtTo.getTime();
      made += await this.#sql.transaction((db) => this.#gap(db, gap, lookedAtTo));
    }
    return made;
  }

  async #gap(db: Queryable, gap: GapRow, lookedAtTo: number): Promise<number> {
    const { rows: parts } = await db.query<PartRow>(PARTS, [gap.feed, gap.from, gap.to]);
    let made = 0;
    for (const part of parts) {
      if (part.lengthMs > LONGEST_COVERED_MS || part.to.getTime() <= lookedAtTo) continue;
      made += await this.#part(db, gap, part);
    }
    await db.query(LOOKED_AT, [gap.id, gap.to]);
    return made;
  }

  async #part(db: Queryable, gap: GapRow, part: PartRow): Promise<number> {
    const { rows } = await db.query<AroundRow>(AROUND, [gap.feed, part.from, part.to, part.endedAt]);
    if (rows.length === 0) return 0;
    // When the connection was heard last and again, whichever instrument it was.
    const from = rows.reduce((latest, { beforeAt }) => Math.max(latest, beforeAt), 0);
    const to = rows.reduce((first, { afterAt }) => Math.min(first, afterAt), Number.POSITIVE_INFINITY);
    const skew = rows.reduce(
      (least, { skewMs }) => Math.min(least, skewMs ?? least),
      Number.POSITIVE_INFINITY,
    );
    const skewMs = Number.isFinite(skew) ? skew : 0;
    const regime = (await db.query<{ regime: VixRegime }>(REGIME_AT, [part.from])).rows[0]?.regime ?? null;
    const made = rows.flatMap((row) =>
      interpolate(holeOf(row, from, to), { regime, toSessionEdgeMs: row.toSessionEdgeMs }).map((guess) => ({
        ...guess,
        token: row.token,
        time: guess.time - skewMs,
      })),
    );
    if (made.length === 0) return 0;
    await db.query(ADD_ROWS, [gap.id, timestamp(from - skewMs), timestamp(to - skewMs), ...columns(made)]);
    for (const { method } of made) this.#p.metrics.interpolatedRows.inc({ method });
    return made.length;
  }
}

function holeOf(row: AroundRow, from: number, to: number): TickHole {
  return {
    from,
    to,
    before: { at: row.beforeAt, price: row.beforePrice, volume: row.beforeVolume },
    after: { at: row.afterAt, price: row.afterPrice, volume: row.afterVolume },
    minute: { vwap: row.vwap, volume: row.minuteVolume, low: row.low, high: row.high },
    tickSize: row.tickSize,
  };
}

function columns(rows: ReadonlyArray<InterpolatedRow & { token: number }>) {
  return [
    rows.map(({ token }) => token),
    rows.map(({ time }) => timestamp(time)),
    rows.map(({ price }) => price),
    rows.map(({ volume }) => volume),
    rows.map(({ method }) => method),
    rows.map(({ confidence }) => confidence),
  ];
}
