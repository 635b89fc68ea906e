import type { PoolClient } from 'pg';
import type { BrokerInstrument } from '../broker/broker.js';
import { type Database, inTransaction } from '../db/database.js';
import { type IstDate, istDate } from '../sessions/ist.js';
import * as sql from './store-sql.js';
import { EXCHANGES_WITH_HOURS, INDEX_OF_UNDERLYING } from './underlying.js';

/** What a sync did. */
export interface InstrumentSync {
  /** Rows of the dump. */
  readonly seen: number;
  readonly added: number;
  /** Expired, or no longer in the dump: kept, not active. */
  readonly deactivated: number;
  /** Broker tokens that now mean another contract, which got a new stable token. */
  readonly reused: number;
}

/** The dump is not one that may be believed. Nothing was changed. */
export class InstrumentDumpRefused extends Error {
  override name = 'InstrumentDumpRefused';
}

const SYNC_LOCK = 0x696e737472;

/**
 * Takes over a broker's instrument dump: new contracts are added, known ones updated, absent or expired ones made
 * inactive, none deleted. A broker token that now means another contract gets a new stable token; what it meant before
 * stays readable by `broker_tokens.valid`. Also keeps `instrument_groups` (which hours an instrument has, by day).
 * @param now epoch milliseconds @throws InstrumentDumpRefused when the dump is empty
 */
export async function syncInstruments(
  db: Database,
  broker: string,
  dump: readonly BrokerInstrument[],
  now: number,
): Promise<InstrumentSync> {
  if (dump.length === 0) {
    throw new InstrumentDumpRefused(
      `${broker} gave an empty instrument list; the instruments stay as they are.`,
    );
  }
  const at = new Date(now).toISOString();
  const today = istDate(now);
  return inTransaction(db.pool, async (client) => {
    await client.query('set local statement_timeout = 0');
    await client.query('select pg_advisory_xact_lock($1)', [SYNC_LOCK]);
    await fillDump(client, dump);
    await client.query(sql.MATCH_KNOWN, [broker, today]);
    await client.query(sql.MATCH_MOVED, [broker]);
    const reused = await client.query(sql.END_REUSED, [broker, at]);
    const added = await client.query(sql.ASSIGN_TOKENS);
    const before = await client.query(sql.DEACTIVATE, [broker, today]);
    await client.query(sql.UPSERT, [at, today]);
    await client.query(sql.ADD_BROKER_TOKENS, [broker, at]);
    await client.query('analyze instruments, broker_tokens'); // a first sync filled them: old statistics say "empty"
    await client.query(sql.RESOLVE_UNDERLYINGS, [
      Object.keys(INDEX_OF_UNDERLYING),
      Object.values(INDEX_OF_UNDERLYING),
    ]);
    await changeGroups(client, today);
    const deactivated = await client.query<{ n: number }>(sql.COUNT_DEACTIVATED);
    return {
      seen: dump.length,
      added: added.rowCount ?? 0,
      deactivated: before.rowCount ? deactivated.rows[0]!.n : 0,
      reused: reused.rowCount ?? 0,
    };
  });
}

async function changeGroups(client: PoolClient, today: IstDate): Promise<void> {
  await client.query('insert into exchanges_with_hours select unnest($1::text[])', [EXCHANGES_WITH_HOURS]);
  await client.query(sql.WANTED_GROUPS);
  await client.query('create index on wanted_groups (token); analyze wanted_groups');
  await client.query(sql.REMOVE_OTHER_GROUPS);
  await client.query(sql.ADD_CONTRACT_GROUPS);
  await client.query(sql.END_CASH_GROUPS, [today]);
  await client.query(sql.ADD_CASH_GROUPS, [today]);
}

async function fillDump(client: PoolClient, dump: readonly BrokerInstrument[]): Promise<void> {
  await client.query(sql.CREATE_DUMP);
  const column = <T>(of: (row: BrokerInstrument) => T) => dump.map(of);
  await client.query(sql.FILL_DUMP, [
    column((row) => row.brokerToken),
    column((row) => row.symbol),
    column((row) => row.exchange),
    column((row) => row.segment),
    column((row) => row.name),
    column((row) => row.instrumentType),
    column((row) => row.expiry),
    column((row) => row.strike),
    column((row) => row.lotSize),
    column((row) => row.tickSize),
  ]);
  await client.query('analyze dump');
}
