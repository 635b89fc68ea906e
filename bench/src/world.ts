import type { BrokerInstrument } from '@tickscope/ingest/dist/src/broker/broker.js';
import type { Database } from '@tickscope/ingest/dist/src/db/database.js';
import { openSessionsStore, type SessionsStore } from '@tickscope/ingest/dist/src/db/sessions-store.js';
import { InstrumentRegistry } from '@tickscope/ingest/dist/src/instruments/registry.js';
import { syncInstruments } from '@tickscope/ingest/dist/src/instruments/store.js';
import type { Calendar } from '@tickscope/ingest/dist/src/sessions/calendar.js';
import { dayNumberToDate } from '@tickscope/ingest/dist/src/sessions/ist.js';
import type { SimulatedInstrument } from '@tickscope/ingest/dist/src/simulator/instrument.js';

export const BENCH_BROKER = 'kite';

export interface World {
  readonly registry: InstrumentRegistry;
  readonly sessions: SessionsStore;
}

/** Gives a database its instruments, as a broker's dump would, and the hours they keep. */
export async function settle(
  db: Database,
  listed: readonly SimulatedInstrument[],
  calendar: Calendar,
): Promise<World> {
  await syncInstruments(db, BENCH_BROKER, listed.map(dumpRow), Date.now());
  const sessions = await openSessionsStore(db, calendar, Date.now());
  return { registry: await InstrumentRegistry.load(db, BENCH_BROKER), sessions };
}

function dumpRow(instrument: SimulatedInstrument): BrokerInstrument {
  return {
    brokerToken: instrument.token,
    symbol: instrument.symbol,
    exchange: instrument.exchange,
    segment: instrument.segment,
    name: instrument.name,
    instrumentType: instrument.type,
    expiry: instrument.expiryDay === null ? null : dayNumberToDate(instrument.expiryDay),
    strike: instrument.strikePaise === 0 ? null : instrument.strikePaise / 100,
    lotSize: instrument.lotSize,
    tickSize: instrument.tickPaise / 100,
  };
}
