import type pg from 'pg';
import { type Clock, systemClock } from '../clock.js';
import { type Database, inTransaction } from '../db/database.js';

export type Queryable = Pick<pg.Pool | pg.PoolClient, 'query'>;

/** An instant as PostgreSQL reads it. */
export const timestamp = (ms: number): string => new Date(ms).toISOString();

/**
 * Lets SQL see the clock of the program. On the system clock the database's own `now()` serves; another clock
 * (a test's) is put into the setting that `tickscope_now()` reads, for one transaction.
 */
export class SqlClock {
  readonly #db: Database;
  readonly #clock: Clock;

  constructor(db: Database, clock: Clock) {
    this.#db = db;
    this.#clock = clock;
  }

  /** One statement, or a few that need not agree. */
  async read<T>(work: (db: Queryable) => Promise<T>): Promise<T> {
    return this.#clock === systemClock ? work(this.#db.pool) : this.transaction(work);
  }

  async transaction<T>(work: (db: Queryable) => Promise<T>): Promise<T> {
    return inTransaction(this.#db.pool, async (client) => {
      if (this.#clock !== systemClock) {
        await client.query("select set_config('tickscope.now', $1, true)", [timestamp(this.#clock.now())]);
      }
      return work(client);
    });
  }
}
