import type { Broker, BrokerQuote } from '../broker/broker.js';
import { type SqlClock, timestamp } from '../candles/sql-clock.js';
import type { Clock } from '../clock.js';
import type { DueRepair } from './due.js';
import { ADD_PROOFS, KNOWN_BEFORE } from './sql/proof.js';

/** What happened this shortly before an answer may not be in it. */
const LATENESS_MS = 2_000;

interface Known {
  readonly token: number;
  readonly volume: number;
  /** Epoch milliseconds; null: it never traded. */
  readonly lastTradeTime: number | null;
}

export interface QuoteProofParts {
  readonly sql: SqlClock;
  readonly broker: Pick<Broker, 'quotes'>;
  readonly clock: Clock;
  /** What the broker calls an instrument now; undefined: nothing. */
  readonly brokerToken: (token: number) => number | undefined;
}

/**
 * Rule 14 by REST: an instrument whose volume and last trade are the same after a hole as before it did not trade in
 * it. One request tells of up to 500 instruments, where history needs one each. Never of an index, which has no volume.
 * Only for those of which no packet came since: where one did, the feed itself has judged.
 * @returns the tokens that are proven.
 * @throws BrokerError
 */
export async function proveByQuotes(parts: QuoteProofParts, due: readonly DueRepair[]): Promise<number[]> {
  const { sql, broker, clock, brokerToken } = parts;
  const candidates = due.filter(
    ({ instrumentType, attempts }) => instrumentType !== 'INDEX' && attempts === 0,
  );
  if (candidates.length === 0) return [];
  const { rows } = await sql.read((db) =>
    db.query<Known>(KNOWN_BEFORE, [
      candidates.map(({ token }) => token),
      candidates.map(({ from }) => timestamp(from)),
    ]),
  );
  const known = new Map(rows.map((row) => [row.token, row]));
  const asked = candidates.filter(({ token }) => known.has(token));
  if (asked.length === 0) return [];
  const toldUntil = clock.now() - LATENESS_MS;
  const quotes = await broker.quotes(asked);
  const proven = asked.filter(({ token, to }) => {
    const called = brokerToken(token);
    const quote = called === undefined ? undefined : quotes.get(called);
    return to <= toldUntil && quote !== undefined && isUnmoved(known.get(token)!, quote);
  });
  if (proven.length > 0) {
    await sql.transaction((db) =>
      db.query(ADD_PROOFS, [
        proven.map(({ token }) => token),
        proven.map(({ from }) => timestamp(from)),
        proven.map(({ to }) => timestamp(to)),
      ]),
    );
  }
  return proven.map(({ token }) => token);
}

function isUnmoved(before: Known, { volume, lastTradeTime }: BrokerQuote): boolean {
  return volume === before.volume && lastTradeTime === before.lastTradeTime;
}
